"""Indicators of each integration window of tags, from closed panes: tumbling windows aligned to UTC.

g² has one estimate each; what else a window says is told by whoever is asked with the whole window.

A pure seam like that of the panes. A sample depends on its window's panes alone, so a restart repeats it if it is given the panes
of the whole window (``needed_from_unix_s``). A run that begins or ends inside a window yields a sample of what there is; its live
time is among the parameters. Silence yields samples too: without counts, and so without a verdict.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

import msgspec

from schemas.ids import IndicatorId, SubjectId
from schemas.panes import CoincidencePane, CorrelationPane, PaneKey, PaneParameters, PaneResults, SinglesPane
from schemas.records import Estimate, IndicatorSample, Shortfall
from streams.channel_pair import choose_pair
from streams.errors import AnalysisError
from streams.estimators.g2 import G2Parameters, estimate_g2
from streams.estimators.g2_areas import area_outcome
from streams.estimators.outcome import Outcome
from streams.pane_sum import PaneSum
from streams.processors.tally import Tally

Row = TypeVar("Row", SinglesPane, CorrelationPane, CoincidencePane)


@dataclass(frozen=True, slots=True)
class G2Sampling:
    """Which indicator g² is (None: of this device it is none), over how long samples are taken, and how they are computed.

    ``others``: further samples of a window. ``lacking``: what an undecided g² lacks.
    """

    indicator: IndicatorId | None
    integration_s: int
    panes: PaneParameters
    g2: G2Parameters = field(default_factory=G2Parameters)
    firmware: str = ""
    others: "Others | None" = None
    lacking: "Lacking | None" = None


@dataclass(frozen=True, slots=True)
class TagWindow:
    """A whole window of one run: its panes added up, and its arrivals where they were counted."""

    key: PaneKey
    end_unix_s: int
    integration_s: int
    total: PaneSum
    arrivals: Tally | None
    firmware: str


Others = Callable[[TagWindow], tuple[IndicatorSample, ...]]
Lacking = Callable[[Outcome], tuple[Shortfall, ...]]


@dataclass(frozen=True, slots=True)
class SamplerState:
    """The panes of the open window, in the order in which they closed, and their arrivals."""

    panes: tuple[PaneResults, ...] = ()
    arrivals: Tally | None = None

    @property
    def first(self) -> PaneKey | None:
        return self.panes[0].singles[0].key if self.panes else None


def initial() -> SamplerState:
    return SamplerState()


def step(
    state: SamplerState, results: PaneResults, sampling: G2Sampling, arrivals: Iterable[Tally] = ()
) -> tuple[SamplerState, tuple[IndicatorSample, ...]]:
    """Take closed panes, ascending, and the arrivals of the same panes; yield the samples of the windows that are complete.

    A window is complete with its last second, or when a pane of a later window or of another run comes.
    """
    samples: list[IndicatorSample] = []
    counted: dict[PaneKey, Tally] = {}
    for tally in arrivals:
        counted[tally.key] = counted[tally.key] + tally if tally.key in counted else tally
    for key, pane in _by_pane(results):
        first = state.first
        end_unix_s = _window_end(key, sampling)
        if first is not None and (
            first.run != key.run or first.device != key.device or _window_end(first, sampling) != end_unix_s
        ):
            samples += close(state, sampling)
            state = SamplerState()
        state = SamplerState((*state.panes, pane), _summed(state.arrivals, counted.pop(key, None)))
        if key.start_unix_s + 1 == end_unix_s:
            samples += close(state, sampling)
            state = SamplerState()
    return state, tuple(samples)


def close(state: SamplerState, sampling: G2Sampling) -> tuple[IndicatorSample, ...]:
    """The sample of the window that is still open, as it stands. The state is spent."""
    first = state.first
    if first is None:
        return ()
    total = PaneSum(sampling.panes)
    for pane in state.panes:
        total.add(pane)
    window = TagWindow(first, _window_end(first, sampling), sampling.integration_s, total, state.arrivals, sampling.firmware)
    return (*_g2(window, sampling), *(sampling.others(window) if sampling.others is not None else ()))


def _summed(before: Tally | None, now: Tally | None) -> Tally | None:
    if before is None or now is None:
        return now if before is None else before
    return before + now if before.totals.shape == now.totals.shape else now


def _g2(window: TagWindow, sampling: G2Sampling) -> tuple[IndicatorSample, ...]:
    first, total = window.key, window.total
    if sampling.indicator is None:
        return ()
    estimate = _estimate(total, sampling.g2)
    g2 = sampling.g2
    outcome = area_outcome(estimate, total.live_ps / 1e12, background_per_peak=g2.background_per_peak, kind=g2.interval)
    return (
        IndicatorSample(
            subject=SubjectId(first.device),
            indicator=sampling.indicator,
            device=first.device,
            run=first.run,
            end_unix_s=window.end_unix_s,
            integration_s=sampling.integration_s,
            estimate=estimate,
            firmware=sampling.firmware,
            lacks=() if sampling.lacking is None else sampling.lacking(outcome),
        ),
    )


def needed_from_unix_s(state: SamplerState, sampling: G2Sampling) -> int | None:
    """Start of the open window, whose panes a restart needs again; None where no window is open."""
    return None if state.first is None else _window_end(state.first, sampling) - sampling.integration_s


def _window_end(key: PaneKey, sampling: G2Sampling) -> int:
    return (key.start_unix_s // sampling.integration_s + 1) * sampling.integration_s


def _by_pane(results: PaneResults) -> Iterator[tuple[PaneKey, PaneResults]]:
    """Panes one by one; each has a singles row at least."""
    correlations, coincidences = _grouped(results.correlations), _grouped(results.coincidences)
    for key, singles in _grouped(results.singles).items():
        yield key, PaneResults(tuple(singles), tuple(correlations.get(key, ())), tuple(coincidences.get(key, ())))


def _grouped(rows: Iterable[Row]) -> dict[PaneKey, list[Row]]:
    groups: dict[PaneKey, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    return groups


def _estimate(total: PaneSum, parameters: G2Parameters) -> Estimate:
    live_s = total.live_ps / 1e12
    try:
        pair = choose_pair(chain.from_iterable(total.pairs), total.tags)
    except AnalysisError as error:
        return Estimate(
            value=None,
            lower=None,
            upper=None,
            confidence=parameters.confidence,
            counts={"central_counts": 0, "side_counts": 0},
            unit="1",
            method="g2, not estimated, v1",
            parameters={"live_s": live_s},
            warnings=(str(error),),
        )
    near = estimate_g2(total.histogram(pair.channels), total.accidentals_per_ps(pair.channels), parameters).near
    start, stop = pair.channels
    return msgspec.structs.replace(
        near, parameters=near.parameters | {"start_channel": start, "stop_channel": stop, "live_s": live_s}
    )
