"""What a window of a stream's tags counted, as the data that estimators take. Of files of tags: streams.tag_data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schemas.measurements import DelayHistogram, DetectorCounts, PairCounts
from schemas.panes import Counts
from streams.channel_pair import choose_pair
from streams.errors import AnalysisError
from streams.pane_sum import PaneSum


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Histogram of each detector after the excitation's pulses, from time 0 on in bins of ``bin_width_ps``."""

    bin_width_ps: int
    counts: Mapping[int, Counts]


@dataclass(frozen=True, slots=True)
class TagCounts:
    """Panes added up, and what their source says of the channels. ``herald``: the detector whose click announces a photon."""

    total: PaneSum
    detectors: tuple[int, ...]
    period_ps: float | None = None
    arrivals: Arrivals | None = None
    herald: int | None = None

    @property
    def signals(self) -> tuple[int, ...]:
        return tuple(detector for detector in self.detectors if detector != self.herald)


Data = DelayHistogram | DetectorCounts | PairCounts
KINDS: tuple[type, ...] = (DelayHistogram, DetectorCounts, PairCounts)
"""What tags can be turned into."""
HERALD = "herald"
"""The label of the channel whose clicks announce a photon."""
DARK_GATE = 0.1
"""The part of a period before the pulse's peak in which there is no light of the source: what clicks there is background."""
_FEWEST_GATE_BINS = 5


def data_of(counts: TagCounts, kind: type, of: str = "coincidences") -> Data:
    """The counts as an estimator takes them; ``of``: which histogram, of coincidences or of arrivals.

    Raises:
        AnalysisError: a kind that tags do not give, or channels without tags.
    """
    if kind is DelayHistogram:
        return _arrivals(counts) if of == "arrivals" else _coincidences(counts)
    if kind is DetectorCounts:
        return _clicks(counts)
    if kind is PairCounts:
        return _pairs(counts)
    raise AnalysisError(f"tags give no {kind.__name__}; give a file of such measurements")


def _coincidences(counts: TagCounts) -> DelayHistogram:
    total = counts.total
    pair = choose_pair(counts.detectors, total.tags).channels
    histogram = total.histogram(pair)
    return DelayHistogram(
        of="coincidences",
        start_ps=histogram.first_edge_ps,
        bin_width_ps=histogram.bin_width_ps,
        counts=tuple(histogram.counts.tolist()),
        integration_s=total.live_ps / 1e12,
        period_ps=counts.period_ps,
        accidentals_per_ps=total.accidentals_per_ps(pair),
    )


def _arrivals(counts: TagCounts) -> DelayHistogram:
    """Of the brightest detector: others come by other cables, and would blur it. Begins opposite the peak: that stays whole."""
    arrivals, period_ps = counts.arrivals, counts.period_ps
    if arrivals is None or period_ps is None:
        raise AnalysisError(
            "the excitation's period is not known, so there is nothing to arrive after; say it, or record a trigger"
        )
    brightest = max(counts.signals, key=lambda detector: int(arrivals.counts[detector].sum()))
    whole = arrivals.counts[brightest][: int(period_ps // arrivals.bin_width_ps)]
    turn = (int(whole.argmax()) + whole.size // 2) % whole.size
    return DelayHistogram(
        of="arrivals",
        start_ps=float((turn - whole.size) * arrivals.bin_width_ps),
        bin_width_ps=float(arrivals.bin_width_ps),
        counts=tuple(np.roll(whole, -turn).tolist()),
        integration_s=counts.total.live_ps / 1e12,
        period_ps=period_ps,
    )


def _clicks(counts: TagCounts) -> DetectorCounts:
    """All detectors of the light as one; background is what clicks just before the pulses."""
    live_s = counts.total.live_ps / 1e12
    tags = counts.total.tags
    detected = sum(tags.get(detector, 0) for detector in counts.signals)
    if counts.period_ps is None:
        return DetectorCounts(detected=detected, integration_s=live_s)
    dark, dark_s = _background(counts, live_s)
    triggers = round(live_s * 1e12 / counts.period_ps)
    return DetectorCounts(detected=detected, integration_s=live_s, triggers=triggers, dark=dark, dark_s=dark_s)


def _background(counts: TagCounts, live_s: float) -> tuple[int, float | None]:
    arrivals, period_ps = counts.arrivals, counts.period_ps
    if arrivals is None or period_ps is None:
        return 0, None
    bins = int(period_ps // arrivals.bin_width_ps)
    gate = round(bins * DARK_GATE)
    if gate < _FEWEST_GATE_BINS:
        return 0, None
    dark = 0
    for detector in counts.signals:
        whole = arrivals.counts[detector][:bins]
        # A gate's width lies between gate and peak: jitter reaches before the peak, too.
        dark += int(np.roll(whole, 2 * gate - int(whole.argmax()))[:gate].sum())
    return dark, live_s * gate * arrivals.bin_width_ps / period_ps


def _pairs(counts: TagCounts) -> PairCounts:
    herald, total = counts.herald, counts.total
    if herald is None or not counts.signals:
        raise AnalysisError("no channel is labelled herald; label the input whose clicks announce a photon")
    signal = max(counts.signals, key=lambda detector: total.tags.get(detector, 0))
    pair = (min(herald, signal), max(herald, signal))
    return PairCounts(
        heralds=total.tags.get(herald, 0),
        signals=total.tags.get(signal, 0),
        coincidences=total.coincidences(pair),
        window_ps=float(total.parameters.coincidence_window_ps),
        integration_s=total.live_ps / 1e12,
    )
