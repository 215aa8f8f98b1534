"""Evidence of the store: what it holds of devices in some time."""

from collections.abc import Sequence

from console.evidence import Evidence
from schemas.ids import DeviceId
from slo.diagnosis import FailureMode
from slo.evaluation import system_by_prefix
from storage.reader import Reader
from storage.reader.question import END_OF_TIME


def stored_evidence(
    reader: Reader,
    modes: Sequence[FailureMode],
    devices: Sequence[DeviceId],
    since_unix_s: int,
    until_unix_s: int = END_OF_TIME,
) -> Evidence:
    """Samples and telemetry of these devices in [since, until), and of the links that they speak for, as far as ``modes`` ask.

    Raises:
        StoreError: the store is away, or refuses.
    """
    evidence = Evidence(modes)
    for device in devices:
        signs = {name for mode in modes if system_by_prefix(device) in mode.systems for name in mode.signs}
        if not signs:
            continue
        for report in reader.reports(device, signs, since_unix_s, until_unix_s):
            evidence.reported(device, report.source, report.unix_s, zip(report.metrics, report.values, strict=True))
        for one in reader.values_of(device, signs, since_unix_s, until_unix_s):
            evidence.found(device, one.subject, one.indicator, one.end_unix_s, one.value)
            evidence.ran(device, one.firmware, one.end_unix_s)
    return evidence
