"""Windows of tags to samples of their device's indicators, by the estimators that the catalogue names: all but g².

The same estimators serve ``photonwatch estimate``; background is told apart here by the pulses, there by the user.
"""

from collections.abc import Iterator, Mapping

from schemas.ids import SubjectId
from schemas.measurements import DetectorCounts, MeasurementError
from schemas.records import IndicatorSample, Parameter
from schemas.topics import TIMETAGS
from slo.catalogue import Catalogue, Indicator
from slo.evaluation import system_by_prefix
from streams import window_data
from streams.calibrations import Calibrations
from streams.errors import AnalysisError
from streams.estimators.estimator import Estimator
from streams.estimators.outcome import Outcome
from streams.processors import arrivals
from streams.processors.g2_samples import TagWindow
from streams.sampling import estimated
from streams.tag_stream import Inputs
from streams.thresholds import Thresholds
from streams.window_data import Arrivals, Data, TagCounts

_OF_BACKGROUND = frozenset({"dark-rate"})
_PER_TRIGGER = frozenset({"brightness", "emission-probability"})
_ARRIVALS = "arrivals"
"""Histograms of these come as measurements, and of tags that know their pulses."""


class TagSampler:
    """Asked with every closed window; ``without`` are indicators that somebody else samples."""

    def __init__(
        self,
        catalogue: Catalogue,
        estimators: Mapping[str, Estimator],
        calibrations: Calibrations,
        without: frozenset[str],
        thresholds: Thresholds | None = None,
    ) -> None:
        self._calibrations = calibrations
        self._thresholds = thresholds or Thresholds()
        self._rows: dict[str, list[tuple[Indicator, Estimator]]] = {}
        for row in catalogue.values():
            usable = [estimators[name] for name in row.estimators if set(estimators[name].takes) & set(window_data.KINDS)]
            if usable and row.id not in without and (row.topic == TIMETAGS.name or usable[0].reading.get("of") == _ARRIVALS):
                for system in row.systems:
                    self._rows.setdefault(system, []).append((row, usable[0]))

    def __call__(self, window: TagWindow, inputs: Inputs) -> tuple[IndicatorSample, ...]:
        device = window.key.device
        counts = _counts(window, inputs)
        system, known = system_by_prefix(device), self._calibrations.at(device, window.end_unix_s)
        return tuple(
            IndicatorSample(
                subject=SubjectId(device),
                indicator=row.id,
                device=device,
                run=window.key.run,
                end_unix_s=window.end_unix_s,
                integration_s=window.integration_s,
                estimate=outcome.estimate,
                firmware=window.firmware,
                lacks=self._thresholds.shortfalls(row.id, system, outcome),
            )
            for row, outcome in self._outcomes(system, counts, known)
        )

    def _outcomes(self, system: str, counts: TagCounts, known: Mapping[str, Parameter]) -> Iterator[tuple[Indicator, Outcome]]:
        taken: dict[tuple[type, str], Data | None] = {}
        for row, estimator in self._rows.get(system, ()):
            kind = next(kind for kind in estimator.takes if kind in window_data.KINDS)
            asked = kind, estimator.reading.get("of", "coincidences")
            if asked not in taken:
                taken[asked] = _data_of(counts, *asked)
            data = taken[asked]
            if data is not None and _speaks(estimator, data, known):
                given = {"interval": self._thresholds.interval(row.id, system), **known}
                yield row, estimated(row, estimator, (data,), given)


def _data_of(counts: TagCounts, kind: type, of: str) -> Data | None:
    """None where this device's tags do not speak of it: no herald, no period, no live time."""
    try:
        return window_data.data_of(counts, kind, of)
    except (AnalysisError, MeasurementError):
        return None


def _speaks(estimator: Estimator, data: Data, known: Mapping[str, Parameter]) -> bool:
    """Whether clicks say it: background needs counts of its own, photons per trigger a known efficiency."""
    if not isinstance(data, DetectorCounts):
        return True
    if estimator.name in _OF_BACKGROUND:
        return data.dark_s is not None
    if estimator.name in _PER_TRIGGER:
        return data.triggers is not None and "efficiency" in known
    return True


def _counts(window: TagWindow, inputs: Inputs) -> TagCounts:
    detectors = tuple(channel.number for channel in inputs.channels if channel.role == "detector")
    herald = next((channel.number for channel in inputs.channels if channel.label == window_data.HERALD), None)
    folded = None
    if window.arrivals is not None and inputs.arrivals is not None:
        folded = Arrivals(inputs.arrivals.bin_width_ps, arrivals.read(window.arrivals, inputs.arrivals))
    return TagCounts(window.total, detectors, inputs.period_ps, folded, herald)
