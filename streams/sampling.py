"""The sampler: from records of any topic to samples of their subject's indicators, by the estimators that the catalogue names.

The same estimators, with the same parameters, serve ``photonwatch estimate``.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import msgspec

from schemas.events import Event, State
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import STATE, Measurement
from schemas.records import Estimate, IndicatorSample, Parameter
from schemas.telemetry import Telemetry
from schemas.topics import EVENTS, MEASUREMENTS, TELEMETRY, TIMETAGS, Topic
from slo.catalogue import Catalogue, Indicator
from slo.evaluation import system_by_prefix
from streams.calibrations import Calibrations
from streams.estimators.estimator import Estimator, EstimatorError
from streams.estimators.outcome import Outcome
from streams.processors.silence import with_silence
from streams.processors.windows import Window
from streams.thresholds import Thresholds

_NS = 1_000_000_000
ONE_LOOK = "fixed"
"""The kind of interval of an estimator that knows no other: windows are closed once, and looked at once."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Whose data these are, and the event time (end - integration, end] that they speak for."""

    subject: SubjectId
    device: DeviceId
    run: RunId
    end_unix_s: int
    integration_s: int
    firmware: str


class Sampler:
    """Which indicators a subject has says the prefix of its name, or of its device's: that of its system."""

    def __init__(
        self,
        catalogue: Catalogue,
        estimators: Mapping[str, Estimator],
        calibrations: Calibrations | None = None,
        thresholds: Thresholds | None = None,
    ) -> None:
        """``thresholds``: what samples that leave them undecided say their shortfall of."""
        self._calibrations = calibrations or Calibrations()
        self._thresholds = thresholds or Thresholds()
        self._systems = {system for row in catalogue.values() for system in row.systems}
        self._rows: dict[tuple[str, str], list[tuple[Indicator, tuple[Estimator, ...]]]] = defaultdict(list)
        for row in catalogue.values():
            known = tuple(estimators[name] for name in row.estimators)
            for system in row.systems:
                self._rows[row.topic, system].append((row, known))
                if row.topic == TIMETAGS.name:  # detectors may count by themselves, and tell what they counted
                    self._rows[MEASUREMENTS.name, system].append((row, known))

    def measurement(self, measurement: Measurement) -> tuple[IndicatorSample, ...]:
        """What a measurement by itself says of its subject."""
        end_s = -(-measurement.end_unix_ns // _NS)
        span = _Span(
            measurement.subject,
            measurement.device,
            measurement.run,
            end_s,
            max(1, end_s - measurement.start_unix_ns // _NS),
            measurement.firmware,
        )
        return self._samples(MEASUREMENTS, span, (measurement.data,), series=False, conditions=measurement.conditions)

    def measurements(self, window: Window[Measurement]) -> tuple[IndicatorSample, ...]:
        """What the measurements of a window say together, kind by kind, with their times.

        Those of an operational device since its latest calibration: what it did before and meanwhile is no series with what it
        does now.
        """
        by_kind: dict[type, list[Measurement]] = defaultdict(list)
        for one in window.records:
            if one.conditions.get(STATE, State.OPERATIONAL.value) == State.OPERATIONAL.value:
                by_kind[type(one.data)].append(one)
        if not by_kind:
            return ()
        latest = window.records[-1]
        span = _span_of(window, latest.device, latest.firmware)
        series = ([one for one in alike if one.calibration == alike[-1].calibration] for alike in by_kind.values())
        return tuple(sample for alike in series for sample in self._samples(MEASUREMENTS, span, alike, series=True))

    def events(self, window: Window[Event]) -> tuple[IndicatorSample, ...]:
        """What a window of events says of its subject; where nothing happened, nothing but that it was silent."""
        events = with_silence(window)
        if not events:
            return ()
        return self._samples(EVENTS, _span_of(window, events[0].device, events[-1].firmware), events)

    def telemetry(self, window: Window[Telemetry]) -> tuple[IndicatorSample, ...]:
        """What a window of readings says of its device."""
        if not window.records:
            return ()
        latest = window.records[-1]
        return self._samples(TELEMETRY, _span_of(window, latest.device, latest.firmware), window.records)

    def _samples(
        self,
        topic: Topic,
        span: _Span,
        data: Sequence[object],
        *,
        series: bool | None = None,
        conditions: Mapping[str, Parameter] = MappingProxyType({}),
    ) -> tuple[IndicatorSample, ...]:
        return tuple(
            IndicatorSample(
                subject=span.subject,
                indicator=row.id,
                device=span.device,
                run=span.run,
                end_unix_s=span.end_unix_s,
                integration_s=span.integration_s,
                estimate=outcome.estimate,
                firmware=span.firmware,
                lacks=self._thresholds.shortfalls(row.id, system_by_prefix(span.device), outcome),
            )
            for row, outcome in self._outcomes(topic, span, data, series, conditions)
        )

    def _system_of(self, span: _Span) -> str:
        """That of the subject's own name, and of a link or hop, whose name may be any, that of the device that speaks for it."""
        own = system_by_prefix(DeviceId(span.subject))
        return own if own in self._systems else system_by_prefix(span.device)

    def _outcomes(
        self, topic: Topic, span: _Span, data: Sequence[object], series: bool | None, conditions: Mapping[str, Parameter]
    ) -> Iterator[tuple[Indicator, Outcome]]:
        for row, known in self._rows.get((topic.name, self._system_of(span)), ()):
            able = [(each, each.usable(data)) for each in known if each.serves(conditions) and series in {None, each.series}]
            taking = [(estimator, usable) for estimator, usable in able if usable]
            if taking:
                given = {
                    "interval": self._thresholds.interval(row.id, system_by_prefix(span.device)),
                    **self._calibrations.at(span.device, span.end_unix_s),
                }
                suiting = (one for one in taking if one[0].suits(one[1], given))
                estimator, usable = next(suiting, taking[0])
                yield row, estimated(row, estimator, usable, given)


def estimated(row: Indicator, estimator: Estimator, data: Sequence[object], given: Mapping[str, Parameter]) -> Outcome:
    """An indicator's outcome of data, under the catalogue's parameters and what is ``given``: by calibration, and the interval's
    kind.

    Data that an estimator refuses are an estimate without a value that says why: they must not pass for silence.
    """
    names = estimator.parameter_names
    parameters = {name: value for name, value in {**row.parameters, **given}.items() if name in names}
    try:
        outcome = estimator(data, parameters)
    except (EstimatorError, ArithmeticError, ValueError) as error:
        # Numbers that nobody thought of end an estimate, never a worker: it would read them again and end again.
        why = str(error) if isinstance(error, EstimatorError) else f"{estimator.name} failed on these data: {error}; report them"
        return Outcome(
            Estimate(
                value=None,
                lower=None,
                upper=None,
                confidence=estimator.parameters_of({}).confidence,
                counts={},
                unit=row.unit,
                method=estimator.name,
                parameters=parameters,
                warnings=(why,),
            )
        )
    known = outcome.estimate
    if outcome.refused:
        known = msgspec.structs.replace(known, value=None, lower=None, upper=None, warnings=(*known.warnings, outcome.refused))
    told = {"interval": ONE_LOOK, **known.parameters}
    return replace(outcome, estimate=msgspec.structs.replace(known, parameters=told))


def _span_of(window: Window[Any], device: DeviceId, firmware: str) -> _Span:
    return _Span(window.subject, device, window.run, window.end_unix_s, window.length_s, firmware)
