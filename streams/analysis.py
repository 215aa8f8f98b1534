"""The answer to "what is the g² of this?": one object, the same for a file offline and for the panes that a stream stored."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from schemas.panes import PaneParameters
from schemas.records import Estimate, Verdict
from streams.channel_pair import choose_pair
from streams.estimators.g2 import G2Parameters, estimate_g2
from streams.pane_sum import PaneSum
from streams.processors import panes
from streams.segment import Segment


class G2Result(msgspec.Struct, frozen=True, kw_only=True):
    """g² at zero delay in one normalisation. None: not found, or not supported by the counts.

    ``central_counts`` stand against ``side_counts`` in ``side_peaks`` peaks; ``expected_counts`` is what one peak (for continuous
    light: one window) would hold without correlations, under this normalisation.
    """

    period_ps: float | None
    zero_delay_ps: float | None
    value: float | None
    lower: float | None
    upper: float | None
    confidence: float
    central_counts: int
    side_peaks: int
    side_counts: int
    expected_counts: float | None
    normalisation: str | None
    method: str
    warnings: tuple[str, ...]


class G2Report(msgspec.Struct, frozen=True, kw_only=True):
    """What ``photonwatch analyse`` and ``photonwatch report`` print as JSON."""

    file: str | None
    format: str | None
    tags: dict[int, int]
    duration_s: float
    reordered: int
    overflows: int
    g2: G2Result
    g2_far: G2Result
    verdict: Verdict | None
    channels: tuple[int, int]
    channels_chosen: str
    lost_s: float
    bin_width_ps: int
    half_range_ps: int
    coincidences: int
    coincidence_window_ps: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the tags' source says of itself. ``duration_s`` None: the time that the panes cover. ``detectors`` None: not known."""

    file: str | None = None
    format: str | None = None
    duration_s: float | None = None
    reordered: int = 0
    overflows: int = 0
    detectors: tuple[int, ...] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """A report, and what it rests on."""

    report: G2Report
    estimate: Estimate
    """The one that was judged."""


def offline(segments: Iterable[Segment], parameters: PaneParameters) -> PaneSum:
    """All panes of a stream of segments: what a worker would have counted, without a broker."""
    total = PaneSum(parameters)
    state = panes.initial(parameters)
    for segment in segments:
        state, results = panes.step(state, segment, parameters)
        total.add(results)
    total.add(panes.close(state, parameters))
    return total


def g2_report(
    total: PaneSum,
    provenance: Provenance,
    parameters: G2Parameters,
    *,
    channels: tuple[int, int] | None = None,
    judge: Callable[[Estimate], Verdict] | None = None,
) -> Analysis:
    """g² of a sum of panes, with its verdict where someone judges.

    Raises:
        AnalysisError: the channels hold no tags, or fewer than two detectors do.
    """
    detectors = provenance.detectors
    if detectors is None:  # the store does not know roles, but only detectors make pairs
        detectors = tuple({channel for pair in total.pairs for channel in pair})
    pair = choose_pair(detectors, total.tags, channels)
    estimates = estimate_g2(total.histogram(pair.channels), total.accidentals_per_ps(pair.channels), parameters)
    report = G2Report(
        file=provenance.file,
        format=provenance.format,
        tags=total.tags,
        duration_s=total.live_ps / 1e12 if provenance.duration_s is None else provenance.duration_s,
        reordered=provenance.reordered,
        overflows=provenance.overflows,
        g2=_result(estimates.near),
        g2_far=_result(estimates.far),
        verdict=None if judge is None else judge(estimates.near),
        channels=pair.channels,
        channels_chosen=pair.chosen,
        lost_s=total.lost_ps / 1e12,
        bin_width_ps=total.parameters.bin_width_ps,
        half_range_ps=total.parameters.half_range_ps,
        coincidences=total.coincidences(pair.channels),
        coincidence_window_ps=total.parameters.coincidence_window_ps,
        warnings=provenance.warnings + _warnings(estimates.near, estimates.far),
    )
    return Analysis(report, estimates.near)


_BLINKING = 1.2  # near level over far level from which the difference between the normalisations is worth a word


def _result(estimate: Estimate) -> G2Result:
    described = {
        name: estimate.parameters.get(name) for name in ("period_ps", "zero_delay_ps", "expected_counts", "normalisation")
    }
    return msgspec.convert(
        {
            **described,
            "value": estimate.value,
            "lower": estimate.lower,
            "upper": estimate.upper,
            "confidence": estimate.confidence,
            "central_counts": estimate.counts.get("central_counts", 0),
            "side_peaks": estimate.parameters.get("side_peaks", 0),
            "side_counts": estimate.counts.get("side_counts", 0),
            "method": estimate.method,
            "warnings": estimate.warnings,
        },
        G2Result,
    )


def _warnings(near: Estimate, far: Estimate) -> tuple[str, ...]:
    found = list(dict.fromkeys((*near.warnings, *far.warnings)))
    near_level, far_level = near.parameters.get("expected_counts"), far.parameters.get("expected_counts")
    if isinstance(near_level, float) and isinstance(far_level, float) and near_level > _BLINKING * far_level > 0:
        found.append(
            f"side peaks near zero delay hold {near_level / far_level:.2f} times what the singles rates predict (blinking, or "
            "rates that change): name the normalisation with the value"
        )
    return tuple(found)
