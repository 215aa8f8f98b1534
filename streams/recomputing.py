"""Samples of the past under other constants: what the store kept of the data, through the estimators that the stream uses.

Each stored sample is estimated anew from what it rests on: clicks stand in the sample itself; events, readings and measurements
are read from the store. What rests on single tags' times, of which the store keeps no sums that would do, is said to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from schemas.events import Event, Heartbeat
from schemas.ids import DeviceId, IndicatorId, SubjectId
from schemas.measurements import DetectorCounts, Measurement, MeasurementError
from schemas.records import Estimate, IndicatorSample
from schemas.telemetry import Telemetry
from schemas.topics import EVENTS, MEASUREMENTS, TELEMETRY, TIMETAGS
from slo.catalogue import Catalogue, Indicator
from slo.evaluation import system_by_prefix
from streams.calibrations import Calibrations
from streams.estimators.estimator import Estimator
from streams.processors.windows import Window
from streams.sampling import Sampler, estimated
from streams.thresholds import Thresholds

STEP_S = 3_600
"""Data are read from the store in stretches of this length."""
R = TypeVar("R")
_MOST = 1 << 22
_NS = 1_000_000_000
_FROM_TAGS = (
    "rests on the times of single tags, which are not kept as sums; estimate it from a file of the tags (photonwatch estimate)"
)
_NOT_KEPT = "the data that it rests on are no longer stored"
_OF_SILENCE = "rests on heartbeats and on their absence, in which no constant has a part"
_NO_COUNTS = "was refused when it was made, and kept no counts; estimate it from a file of the tags (photonwatch estimate)"


class PastData(Protocol):
    """What the store answers (``storage.reader``). Times are UTC seconds, stretches half-open. Everything raises StoreError."""

    def samples(
        self, subject: SubjectId, indicator: IndicatorId, since: int, limit: int, until: int
    ) -> list[IndicatorSample]: ...
    def events(self, subject: SubjectId, since: int, kind: str, limit: int, until: int) -> list[Event]: ...
    def telemetry(self, device: DeviceId, since: int, metric: str, limit: int, until: int) -> list[Telemetry]: ...
    def measurements(self, subject: SubjectId, since: int, kind: str, limit: int, until: int) -> list[Measurement]: ...


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A stored sample, and what it would be; None where that cannot be told, and ``why``."""

    old: IndicatorSample
    new: IndicatorSample | None
    why: str = ""


class Recomputing:
    """Under ``calibrations``, for the thresholds of the definitions in force."""

    def __init__(
        self,
        past: PastData,
        catalogue: Catalogue,
        estimators: Mapping[str, Estimator],
        calibrations: Calibrations,
        thresholds: Thresholds | None = None,
    ) -> None:
        self._past = past
        self._rows, self._estimators = catalogue, estimators
        self._calibrations = calibrations
        self._thresholds = thresholds or Thresholds()
        self._sampler = Sampler(catalogue, estimators, calibrations, self._thresholds)

    def samples(self, subject: SubjectId, indicator: IndicatorId, since: int, until: int) -> Iterator[Recomputed]:
        """The samples that ended in [since, until), the earliest first."""
        row = self._rows[indicator]
        for start in range(since, until, STEP_S):
            end = min(start + STEP_S, until)
            stored = self._past.samples(subject, indicator, start, _MOST, end)
            if stored:
                yield from self._anew(row, stored)

    def _anew(self, row: Indicator, stored: Sequence[IndicatorSample]) -> Iterator[Recomputed]:
        told = [one for one in stored if "detected" in one.estimate.counts or row.topic == TIMETAGS.name]
        if told:
            for one in stored:
                yield self._from_clicks(row, one)
            return
        first_s = min(one.end_unix_s - one.integration_s for one in stored)
        last_s, subject = stored[-1].end_unix_s + 1, stored[0].subject
        if row.topic == MEASUREMENTS.name:
            yield from self._from_measurements(row, stored, self._past.measurements(subject, first_s, "", _MOST, last_s))
        elif row.topic == EVENTS.name and any(Heartbeat in self._estimators[name].of_events for name in row.estimators):
            yield from (Recomputed(one, None, _OF_SILENCE) for one in stored)
        elif row.topic == EVENTS.name:
            yield from self._from_events(row, stored, self._past.events(subject, first_s - STEP_S, "", _MOST, last_s))
        elif row.topic == TELEMETRY.name:
            device = DeviceId(subject)
            yield from self._from_readings(row, stored, self._past.telemetry(device, first_s, "", _MOST, last_s))
        else:
            yield from (Recomputed(one, None, "follows from budgets and alerts; see photonwatch slo backtest") for one in stored)

    def _from_clicks(self, row: Indicator, old: IndicatorSample) -> Recomputed:
        estimator = next((self._estimators[name] for name in row.estimators if _takes_clicks(self._estimators[name])), None)
        if estimator is None:
            return Recomputed(old, None, _FROM_TAGS)
        try:
            data = clicks_of(old.estimate)
        except MeasurementError:
            return Recomputed(old, None, _NO_COUNTS)
        kind = self._thresholds.interval(row.id, system_by_prefix(old.device))
        given = {"interval": kind, **self._calibrations.at(old.device, old.end_unix_s)}
        outcome = estimated(row, estimator, (data,), given)
        return Recomputed(
            old,
            IndicatorSample(
                subject=old.subject,
                indicator=old.indicator,
                device=old.device,
                run=old.run,
                end_unix_s=old.end_unix_s,
                integration_s=old.integration_s,
                estimate=outcome.estimate,
                firmware=old.firmware,
                lacks=self._thresholds.shortfalls(row.id, system_by_prefix(old.device), outcome),
            ),
        )

    def _from_measurements(
        self, row: Indicator, stored: Sequence[IndicatorSample], measured: Sequence[Measurement]
    ) -> Iterator[Recomputed]:
        """A sample of one measurement ends with it; of a series, with the window that holds it."""
        for old in stored:
            inside = [one for one in measured if one.run == old.run and _within(one.end_unix_ns, old)]
            series = self._sampler.measurements(_window(old, inside))
            single = [new for one in inside for new in self._sampler.measurement(one)]
            found = _matched(row, old, (*series, *single))
            yield found if found.new or not self._may_be_of_tags(row) else Recomputed(old, None, _FROM_TAGS)

    def _may_be_of_tags(self, row: Indicator) -> bool:
        """Whether streams of tags that know their pulses are sampled for it, too."""
        return any(self._estimators[name].reading.get("of") == "arrivals" for name in row.estimators)

    def _from_events(self, row: Indicator, stored: Sequence[IndicatorSample], events: Sequence[Event]) -> Iterator[Recomputed]:
        for old in stored:
            inside = [one for one in events if one.run == old.run and _within(one.end_unix_ns, old)]
            yield _matched(row, old, self._sampler.events(_window(old, inside)))

    def _from_readings(
        self, row: Indicator, stored: Sequence[IndicatorSample], readings: Sequence[Telemetry]
    ) -> Iterator[Recomputed]:
        for old in stored:
            inside = [one for one in readings if one.run == old.run and _within(one.unix_ns, old)]
            yield _matched(row, old, self._sampler.telemetry(_window(old, inside)))


def clicks_of(estimate: Estimate) -> DetectorCounts:
    """The counts that an estimate of clicks was made of: it keeps all of them.

    Raises:
        MeasurementError: it does not.
    """
    told, counts = estimate.parameters, estimate.counts
    dark_s, triggers, integration_s = told.get("dark_s"), told.get("triggers"), told.get("integration_s")
    if "detected" not in counts or not isinstance(integration_s, int | float):
        raise MeasurementError(f"an estimate by “{estimate.method}” keeps no clicks")
    return DetectorCounts(
        detected=counts["detected"],
        integration_s=float(integration_s),
        triggers=triggers if isinstance(triggers, int) else None,
        dark=counts.get("dark", 0) if dark_s is not None else 0,
        dark_s=float(dark_s) if isinstance(dark_s, int | float) else None,
    )


def _takes_clicks(estimator: Estimator) -> bool:
    return DetectorCounts in estimator.takes


def _within(end_unix_ns: int, sample: IndicatorSample) -> bool:
    end_ns = sample.end_unix_s * _NS
    return end_ns - sample.integration_s * _NS < end_unix_ns <= end_ns


def _window(sample: IndicatorSample, records: Sequence[R]) -> Window[R]:
    return Window(
        sample.subject,
        sample.run,
        sample.end_unix_s,
        sample.integration_s,
        tuple(records),
        live=False,
        beats_since_ns=0,
        device=sample.device,
        firmware=sample.firmware,
    )


def _matched(row: Indicator, old: IndicatorSample, made: Sequence[IndicatorSample]) -> Recomputed:
    """The one of the same indicator, end and length."""
    same = [
        one for one in made if (one.indicator, one.end_unix_s, one.integration_s) == (row.id, old.end_unix_s, old.integration_s)
    ]
    return Recomputed(old, same[0]) if same else Recomputed(old, None, _NOT_KEPT)
