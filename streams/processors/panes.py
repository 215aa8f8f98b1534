"""Singles, correlations and coincidences in panes of one second of UTC.

A pure seam: whoever drives it (a worker, an offline run over a file, another engine) holds the state and hands it back. The panes
depend on the tags alone, never on how the stream was cut into segments.

- A tag belongs to the pane that holds its time, a pair or coincidence to the pane of its last tag.
- A two-fold coincidence is a pair of tags of two detectors with -window <= 2 tau < window: the histogram's own convention, so
  that it equals the sum of the bins that it covers.
- Every pane that the stream covers yields a singles row for each detector, silent ones too, and for other channels that spoke.
  Correlations and coincidences come only where something was counted: beside the singles rows, their absence means zero.
- ``live_ps`` is the covered time outside declared losses, ``lost_ps`` the time inside them, covered or not. What a segment says
  of losses before the time that its predecessor reached comes too late and has no effect.
- Only live time counts, whichever source lost it: tags inside a declared loss are in no pair, and are told apart as ``left_out``.
  A rate is ``tags`` over ``live_ps`` (docs/decisions/0016).
"""

import dataclasses
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from schemas.block import Channels, Times
from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import PANE_PS, CoincidencePane, CorrelationPane, Counts, PaneKey, PaneParameters, PaneResults, SinglesPane
from streams.errors import DensityError, SegmentError
from streams.kernels.axis import TauAxis
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import empty_histogram, rows_of
from streams.kernels.shares import share_out
from streams.processors.intervals import Interval, merged, overlap_ps
from streams.processors.partners import Partners
from streams.segment import Segment

MOST_PANES = 100_000
"""Panes that one segment may touch; a silence or loss longer than 27 hours must be cut."""
MOST_CARRIED = 1 << 22
"""Tags that may wait for partners at once."""
MOST_BINS = 1 << 24
"""Bins that the histograms of all pairs may have: 128 MiB."""
_PS_PER_NS = 1_000
_NOTHING = PaneResults()
_NO_TAGS: Counts = np.zeros(256, np.uint64)
_NO_TAGS.flags.writeable = False
_Axes = tuple[TauAxis, ...]


class _Stream(msgspec.Struct, frozen=True):
    """Whose tags these are, on which time axis."""

    domain: DomainId
    device: DeviceId
    run: RunId
    origin_unix_ns: int

    def pane_of(self, time_ps: int) -> int:
        """Start of the pane that holds a time, in seconds of UTC."""
        return (self.origin_unix_ns * _PS_PER_NS + time_ps) // PANE_PS

    def start_ps(self, pane: int) -> int:
        return pane * PANE_PS - self.origin_unix_ns * _PS_PER_NS

    def bounds(self, pane: int) -> Interval:
        start_ps = self.start_ps(pane)
        return start_ps, start_ps + PANE_PS


class _Pane(msgspec.Struct, frozen=True):
    """What one pane holds so far. ``detectors`` are those declared in it; there are no histograms until a tag could pair."""

    start_unix_s: int
    tags: Counts
    left_out: Counts
    detectors: frozenset[int] = frozenset()
    histograms: tuple[Counts, ...] = ()
    live_ps: int = 0
    lost_ps: int = 0


class PaneState(msgspec.Struct, frozen=True):
    """Everything that the next segment needs: the open pane, and the tail (detectors' tags that may still find partners).

    ``axes`` are those of the correlation and, unless it covers whole bins of that one, of the coincidence window: what each pane
    has histograms of; a tag may wait for its partner for ``reach_ps``. ``stream`` and ``reached_ps`` are None before the first
    segment; the histograms hold the pairs of ``layout``.
    """

    axes: _Axes
    reach_ps: int
    stream: _Stream | None
    layout: PairLayout
    first_ps: int
    reached_ps: int | None
    tail_ps: Times
    tail_channel: Channels
    pane: _Pane | None


def initial(parameters: PaneParameters) -> PaneState:
    """The state before anything was seen."""
    axes: _Axes = (TauAxis.symmetric(parameters.half_range_ps, parameters.bin_width_ps),)
    if _window_bins(parameters) is None:
        axes = (*axes, TauAxis.window(parameters.coincidence_window_ps))
    reach_ps = max(axis.reach_ps for axis in axes)
    return PaneState(axes, reach_ps, None, PairLayout.of(()), 0, None, np.empty(0, np.int64), np.empty(0, np.uint8), None)


def _window_bins(parameters: PaneParameters) -> slice | None:
    """The bins of the correlation that the coincidence window covers; None where it cuts bins, or reaches beyond them."""
    window, width_ps = TauAxis.window(parameters.coincidence_window_ps), parameters.bin_width_ps
    begin_ps, end_ps = window.first_edge_ps + parameters.half_range_ps, window.end_ps + parameters.half_range_ps
    if begin_ps < 0 or end_ps > 2 * parameters.half_range_ps or begin_ps % width_ps or end_ps % width_ps:
        return None
    return slice(begin_ps // width_ps, end_ps // width_ps)


def step(state: PaneState, segment: Segment, parameters: PaneParameters) -> tuple[PaneState, PaneResults]:
    """Count a segment; yield the panes that it closed: all that end at or before the time it reached.

    ``state`` stays usable as it was. A segment of another stream (domain, device, run or origin) closes what the former left.

    Raises:
        SegmentError: the segment reaches back before its predecessor's end, or touches more than ``MOST_PANES`` panes.
        DensityError: more tags within the window than can be paired in bounded work and memory.
    """
    stream = _Stream(segment.domain, segment.device, segment.run, segment.origin_unix_ns)
    if state.stream is not None and state.stream != stream:
        former = close(state, parameters)
        state, results = step(initial(parameters), segment, parameters)
        return state, _chained((former, results))
    if state.reached_ps is not None and segment.start_ps < state.reached_ps:
        raise SegmentError(
            f"segment [{segment.start_ps}, {segment.reached_ps}) ps of {segment.domain} (run {segment.run}) begins before "
            f"{state.reached_ps} ps, which was counted already; drop or merge late tags first"
        )
    lost: tuple[Interval, ...] = ()
    blind: Segment | None = None
    if segment.losses:
        lost = merged(((loss.start_ps, loss.end_ps) for loss in segment.losses), state.reached_ps, segment.reached_ps)
        segment, blind = _parted(segment, lost)
    state = _laid_out(state, segment.detectors, parameters)
    partners = Partners.of(segment, segment.detectors, state.layout, (state.tail_ps, state.tail_channel))
    closed = []
    pane = state.pane
    touched = _touched(stream, state.pane, segment, lost)
    for start_unix_s, share in zip(touched, _shares(state, segment, blind, list(map(stream.bounds, touched))), strict=True):
        if pane is None or pane.start_unix_s != start_unix_s:
            pane = _Pane(start_unix_s, _NO_TAGS, _NO_TAGS)
        pane = _counted(pane, partners, lost, state.axes, share)
        if share.bounds[1] <= segment.reached_ps:
            closed.append(_results(stream, pane, state, parameters))
            pane = None
    tail_ps, tail_channel = partners.tail_from(segment.reached_ps - state.reach_ps)
    if tail_ps.size > MOST_CARRIED:
        raise DensityError(
            f"{segment.domain} (run {segment.run}): {tail_ps.size} tags in the {state.reach_ps} ps before {segment.reached_ps} "
            f"ps, at most {MOST_CARRIED} can wait for partners; narrow the window"
        )
    state = replace(
        state,
        stream=stream,
        first_ps=segment.start_ps if state.reached_ps is None else state.first_ps,
        reached_ps=segment.reached_ps,
        tail_ps=tail_ps,
        tail_channel=tail_channel,
        pane=pane,
    )
    return state, _chained(closed) if closed else _NOTHING


def close(state: PaneState, parameters: PaneParameters) -> PaneResults:
    """The pane that is still open, as it stands: the stream ended or fell silent. The state is spent."""
    if state.stream is None or state.pane is None:
        return PaneResults()
    return _results(state.stream, state.pane, state, parameters)


def needed_from_ps(state: PaneState) -> int | None:
    """Earliest event time that the open pane or the tail still needs; None where nothing is open.

    A fresh state that takes the stream from any segment that begins at or before this time yields the same later panes; of the
    panes before the open one it yields some again, or parts of them: drop those.
    """
    if state.stream is None or state.reached_ps is None or (state.pane is None and not state.tail_ps.size):
        return None
    open_ps = state.reached_ps if state.pane is None else state.stream.start_ps(state.pane.start_unix_s)
    return max(state.first_ps, open_ps - state.reach_ps)


def _laid_out(state: PaneState, detectors: tuple[int, ...], parameters: PaneParameters) -> PaneState:
    """The state with histograms that have rows for all pairs of ``detectors`` too.

    Raises:
        SegmentError: more than ``MOST_BINS`` bins.
    """
    if detectors == state.layout.detectors or set(detectors) <= set(state.layout.detectors):
        return state
    layout = PairLayout.of(tuple(sorted({*state.layout.detectors, *detectors})))
    if len(layout.pairs) * parameters.bins > MOST_BINS:
        raise SegmentError(
            f"{len(layout.detectors)} detectors make {len(layout.pairs)} pairs of {parameters.bins} bins, above {MOST_BINS} in "
            "all; widen the bins, narrow the range, or give channels that need no correlation another role than detector"
        )
    pane = state.pane
    if pane is not None and pane.histograms:
        former = [layout.pairs.index(pair) for pair in state.layout.pairs]
        wider = []
        for counts, axis in zip(pane.histograms, state.axes, strict=True):
            wide = empty_histogram(layout, axis)
            rows_of(wide, axis)[former] = rows_of(counts, axis)
            wider.append(wide)
        pane = replace(pane, histograms=tuple(wider))
    return replace(state, layout=layout, pane=pane)


def _touched(stream: _Stream, pane: _Pane | None, segment: Segment, lost: tuple[Interval, ...]) -> Sequence[int]:
    """Panes that this segment covers, speaks of or closes, ascending.

    Raises:
        SegmentError: more than ``MOST_PANES``.
    """
    first, last = stream.pane_of(segment.start_ps), stream.pane_of(segment.reached_ps - 1)
    if first == last and segment.start_ps < segment.reached_ps and not lost and (pane is None or pane.start_unix_s == first):
        return (first,)
    spans = [
        range(stream.pane_of(start), stream.pane_of(end - 1) + 1)
        for start, end in ((segment.start_ps, segment.reached_ps), *lost)
        if start < end
    ]
    if sum(map(len, spans)) > MOST_PANES:
        raise SegmentError(
            f"segment [{segment.start_ps}, {segment.reached_ps}) ps of {segment.domain} (run {segment.run}), with its losses, "
            f"touches more than {MOST_PANES} panes of 1 s; cut it"
        )
    if len(spans) == 1 and (pane is None or pane.start_unix_s in spans[0]):
        return spans[0]
    return sorted({*chain.from_iterable(spans), *(() if pane is None else (pane.start_unix_s,))})


def _parted(segment: Segment, lost: tuple[Interval, ...]) -> tuple[Segment, Segment | None]:
    """The segment with the tags outside lost time, and with those inside, if there are any."""
    inside = np.zeros(segment.time_ps.size, np.bool_)
    for begin, end in segment.time_ps.searchsorted(np.array(lost, np.int64).reshape(-1, 2)).tolist():
        inside[begin:end] = True
    if not inside.any():
        return segment, None
    live, blind = (
        dataclasses.replace(segment, time_ps=segment.time_ps[taken], channel=segment.channel[taken])
        for taken in (~inside, inside)
    )
    return live, blind


class _Share(NamedTuple):
    """A pane's time, and a segment's tags in it: [begin, end), their number by channel, and whether any may pair.

    ``left_out``: the number of those in lost time.
    """

    bounds: Interval
    begin: int
    end: int
    tags: Counts
    close: bool
    left_out: Counts


def _shares(state: PaneState, segment: Segment, blind: Segment | None, panes: list[Interval]) -> list[_Share]:
    """What each of the panes has of the segment; of a single one, as fast light has them, it is not looked who may pair."""
    if len(panes) == 1:
        left_out = _NO_TAGS if blind is None else blind.tags
        return [_Share(panes[0], 0, segment.time_ps.size, segment.tags, close=True, left_out=left_out)]
    before_ps = state.tail_ps.item(-1) if state.tail_ps.size else None
    starts_ps = [start_ps for start_ps, _ in panes[1:]]
    shares = share_out(segment.time_ps, segment.channel, starts_ps, before_ps, state.reach_ps)
    lefts: Iterable[Counts] = repeat(_NO_TAGS)
    if blind is not None:
        lefts = share_out(blind.time_ps, blind.channel, starts_ps, None, state.reach_ps).tags
    return list(map(_Share, panes, shares.begins, shares.begins[1:], shares.tags, shares.close, lefts))


def _counted(pane: _Pane, partners: Partners, lost: tuple[Interval, ...], axes: _Axes, share: _Share) -> _Pane:
    """The pane with what the segment says of its share."""
    segment, bounds = partners.segment, share.bounds
    covered = max(bounds[0], segment.start_ps), min(bounds[1], segment.reached_ps)
    covered_ps, lost_ps = max(0, covered[1] - covered[0]), overlap_ps(lost, bounds) if lost else 0
    if not covered_ps and not lost_ps and share.begin == share.end:
        return pane
    histograms = pane.histograms
    if share.close:
        part = (share.begin, share.end) if partners.time_ps is segment.time_ps else _between(partners.time_ps, bounds)
        histograms = _pairs_counted(histograms, partners, part, axes)
    return _Pane(
        pane.start_unix_s,
        share.tags if pane.tags is _NO_TAGS else pane.tags + share.tags,
        pane.left_out if share.left_out is _NO_TAGS else pane.left_out + share.left_out,
        pane.detectors if pane.detectors.issuperset(segment.detectors) else pane.detectors | frozenset(segment.detectors),
        histograms,
        pane.live_ps + covered_ps - (overlap_ps(lost, covered) if lost else 0),
        pane.lost_ps + lost_ps,
    )


def _pairs_counted(histograms: tuple[Counts, ...], partners: Partners, part: Interval, axes: _Axes) -> tuple[Counts, ...]:
    if part[0] == part[1] or not partners.layout.pairs:
        return histograms
    counted = []
    for number, axis in enumerate(axes):
        histogram = histograms[number].copy() if histograms else empty_histogram(partners.layout, axis)
        partners.count(part, axis, histogram)
        counted.append(histogram)
    return tuple(counted)


def _between(time_ps: Times, bounds: Interval) -> Interval:
    """Indices [begin, end) of the tags inside ``bounds``."""
    if not time_ps.size or (bounds[0] <= time_ps[0] and time_ps[-1] < bounds[1]):
        return 0, time_ps.size
    begin, end = np.searchsorted(time_ps, np.array([max(bounds[0], int(time_ps[0])), min(bounds[1], int(time_ps[-1]) + 1)]))
    return int(begin), max(int(begin), int(end))


def _results(stream: _Stream, pane: _Pane, state: PaneState, parameters: PaneParameters) -> PaneResults:
    key = PaneKey(stream.domain, stream.device, stream.run, pane.start_unix_s)
    spoke, tags = pane.detectors.union(pane.tags.nonzero()[0].tolist()), pane.tags.item
    if pane.lost_ps:
        spoke, left_out = spoke.union(pane.left_out.nonzero()[0].tolist()), pane.left_out.item
        singles = tuple(SinglesPane(key, c, tags(c), pane.live_ps, pane.lost_ps, left_out(c)) for c in sorted(spoke))
    else:
        singles = tuple(SinglesPane(key, channel, tags(channel), pane.live_ps, 0) for channel in sorted(spoke))
    if not pane.histograms:
        return PaneResults(singles)
    correlation, bins = state.axes[0], _window_bins(parameters)
    rows = rows_of(pane.histograms[0], correlation)
    coincidences = rows_of(pane.histograms[1], state.axes[1])[:, 0] if bins is None else rows[:, bins].sum(axis=1)
    return PaneResults(
        singles,
        tuple(
            CorrelationPane(key, start, stop, correlation.first_edge_ps, correlation.bin_width_ps, counts.copy())
            for (start, stop), counts in zip(state.layout.pairs, rows, strict=True)
            if counts.any()
        ),
        tuple(
            CoincidencePane(key, pair, parameters.coincidence_window_ps, count)
            for pair, count in zip(state.layout.pairs, coincidences.tolist(), strict=True)
            if count
        ),
    )


def _chained(parts: Iterable[PaneResults]) -> PaneResults:
    parts = tuple(parts)
    return PaneResults(
        tuple(chain.from_iterable(part.singles for part in parts)),
        tuple(chain.from_iterable(part.correlations for part in parts)),
        tuple(chain.from_iterable(part.coincidences for part in parts)),
    )
