"""What the platform's own records said lately of devices and their links, and which failure modes that looks like."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from schemas.ids import DeviceId, SubjectId
from schemas.records import AlertState, IndicatorSample
from schemas.telemetry import Telemetry
from slo.diagnosis import FailureMode, Hint, hints
from slo.evaluation import system_by_prefix
from slo.symptoms import Symptoms

TELEMETRY = "telemetry"
"""The series of telemetry as such: it falls silent when nobody reports any more."""
DEPLOYS = "deploys"
"""The series that counts changes of firmware."""


class Evidence:
    """Fed with samples and telemetry in the order in which they come; asked when something is wrong.

    ``modes`` are all failure modes that are known.
    """

    def __init__(self, modes: Sequence[FailureMode]) -> None:
        self._modes = modes
        self._symptoms = Symptoms()
        self._subjects: dict[DeviceId, set[SubjectId]] = defaultdict(set)
        self._firmware: dict[DeviceId, tuple[str, int]] = {}

    def sample(self, sample: IndicatorSample) -> None:
        """What an indicator was found to be; estimates without a value say nothing."""
        self.found(sample.device, sample.subject, sample.indicator, sample.end_unix_s, sample.estimate.value)
        self.ran(sample.device, sample.firmware, sample.end_unix_s)

    def found(self, device: DeviceId, subject: SubjectId, indicator: str, end_unix_s: int, value: float | None) -> None:
        """The same of a value alone."""
        self._subjects[device].add(subject)
        if value is not None:
            self._symptoms.add(subject, indicator, end_unix_s, value)

    def telemetry(self, record: Telemetry) -> None:
        """What sensors read. Those of one source are read together: a device and each of its links have sensors of their own."""
        values = ((reading.metric, reading.value) for reading in record.readings if reading.value is not None)
        self.reported(record.device, record.source, record.unix_ns / 1e9, values)

    def reported(self, device: DeviceId, source: str, unix_s: float, values: Iterable[tuple[str, float]]) -> None:
        """The same of values by metric."""
        sensors = SubjectId(f"{device}|{source}")
        self._subjects[device].add(sensors)
        self._symptoms.add(sensors, TELEMETRY, unix_s, 1.0)
        for metric, value in values:
            self._symptoms.add(sensors, metric, unix_s, value)

    def hints(self, device: DeviceId, at_unix_s: float, alarming: str = "") -> tuple[Hint, ...]:
        """What may be wrong with a device, by what was known of it and all of its links at that time; the likeliest first.

        ``alarming``: the indicator that raised an alert; its last value is believed alone.
        """
        subjects = {SubjectId(device), *self._subjects.get(device, ())}
        system = system_by_prefix(device)
        return hints(
            self._symptoms.moved(sorted(subjects), at_unix_s, alarming), [one for one in self._modes if system in one.systems]
        )

    def hints_of(self, alert: AlertState, at_unix_s: float) -> tuple[Hint, ...]:
        """What may be the cause of an alert."""
        return self.hints(DeviceId(alert.device or alert.subject), at_unix_s, alert.indicator)

    def ran(self, device: DeviceId, firmware: str, unix_s: float) -> None:
        """Which firmware a device ran."""
        known, number = self._firmware.get(device, (firmware, 0))
        if firmware != known:
            number += 1
        self._firmware[device] = firmware, number
        self._symptoms.add(SubjectId(device), DEPLOYS, unix_s, float(number))
