"""An offset that is known, followed tick by tick: predict, look at the few nanoseconds around the prediction, correct."""

from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Self

import numpy as np
from scipy import special

from schemas.block import Times
from streams.clock_parameters import ClockParameters
from streams.estimators.clock_filter import ClockFilter, Standing
from streams.estimators.line_search import FoundLine
from streams.estimators.peak_fit import Peak, fit_peak
from streams.kernels.axis import TauAxis
from streams.kernels.clock_line import ClockLine
from streams.kernels.residuals import ROUNDING_PS, ResidualCounts, count_residuals

_SIGMAS = 6.0  # of the prediction that a look reaches to either side, and beyond which a shift is a step
_WIDTHS = 10.0  # of the peak, further
_BINS_A_WIDTH = 6
_MOST_BINS = 1_024
_CORE = 2.5  # widths of the peak that are held against the background
_TAIL = 4.0  # widths beyond which there is only background
_FALSE_ALARM = 1e-6  # probability to see a peak in a look without one
_RATE_MEMORY = 0.8
MISSED = -1
_WIDTH_CHANGE = 2.0  # most that one look may change the width by


@dataclass(frozen=True, slots=True)
class Look:
    """Residuals from the prediction since ``start_ps``: ``counts`` (1, bins) around 0, and how many shared tags were due."""

    start_ps: int
    bin_ps: int
    counts: ResidualCounts
    ticks: int = 0
    expected: float = 0.0

    @property
    def axis(self) -> TauAxis:
        return TauAxis.symmetric(self.counts.size // 2 * self.bin_ps, self.bin_ps)


@dataclass(frozen=True, slots=True)
class Track:
    """What is known at ``next_ps``, a tick's edge of our clock, where the offset was told as ``offset_ps``.

    ``shared`` and ``tags`` (of either node) are usual counts of a tick; ``unseen`` are the shared tags that should have come
    since ``found_ps``, where the peak was seen last. ``streak`` counts the looks that found it in a row, or is ``MISSED``.
    """

    next_ps: int
    offset_ps: int
    filter: ClockFilter
    width_ps: float
    shared: float
    tags: tuple[float, float]
    found_ps: int
    unseen: float = 0.0
    streak: int = 0
    look: Look | None = None

    @classmethod
    def starting(cls, found: FoundLine, next_ps: int, parameters: ClockParameters) -> Self:
        """From a close look's line, going on at a tick's edge."""
        line, peak = found.line, found.peak
        middle_ps = line.start_ps + line.span_ps // 2
        standing = Standing(line.at(middle_ps), peak.position_error_ps, line.rise_ps / line.span_ps, found.slope_error)
        followed = ClockFilter.starting(middle_ps, standing)
        shared = peak.counts * parameters.tick_ps / line.span_ps
        return cls(next_ps, round(followed.standing(next_ps).offset_ps), followed, peak.width_ps, shared, (0.0, 0.0), middle_ps)

    @property
    def reach_ps(self) -> int:
        """How far around the prediction the next tick looks."""
        if self.look is not None:
            return self.look.axis.reach_ps + 1
        return ceil(_SIGMAS * self.filter.standing(self.next_ps).offset_error_ps + _WIDTHS * self.width_ps) + 1

    def other_from_ps(self, parameters: ClockParameters) -> int:
        """The other clock's reading from which on its tags may be needed: a tick more, for wherever the looks reach."""
        return self.next_ps + self.offset_ps - parameters.tick_ps

    def predicted(self, parameters: ClockParameters) -> ClockLine:
        """The next tick's line, as long as nothing new is seen."""
        end_ps = self.next_ps + parameters.tick_ps
        offset_ps = round(self.filter.standing(end_ps).offset_ps)
        return ClockLine(self.next_ps, parameters.tick_ps, self.offset_ps, offset_ps - self.offset_ps)


@dataclass(frozen=True, slots=True)
class Tracked:
    """A tick: its line, how the clock stands at its end, whether the peak was seen in it, and by how much the clock stepped."""

    track: Track
    line: ClockLine
    standing: Standing
    seen: bool = False
    step_ps: float | None = None


def follow(track: Track, ours_ps: Times, other_ps: Times, parameters: ClockParameters) -> Tracked:
    """Take the next tick's tags (sorted, int64), those of the other clock with ``reach_ps`` more on either side."""
    line = track.predicted(parameters)
    tags = ours_ps.size, int(np.subtract(*np.searchsorted(other_ps, (line.other_end_ps, line.other_start_ps))))
    expected = track.shared * min(1.0, *(now / usual if usual else 1.0 for now, usual in zip(tags, track.tags, strict=True)))
    usual = tags if not any(track.tags) else tuple(_blend(old, new) for old, new in zip(track.tags, tags, strict=True))
    look = track.look or _opened(track)
    counts = count_residuals(ours_ps, other_ps, line, look.axis)
    if counts is None:  # a burst: it says nothing, and nothing is held against the clock
        counts, expected = np.zeros_like(look.counts), 0.0
    look = replace(look, counts=look.counts + counts, ticks=look.ticks + 1, expected=look.expected + expected)
    now = replace(
        track,
        next_ps=line.end_ps,
        offset_ps=line.end_offset_ps,
        look=look,
        unseen=track.unseen + expected,
        tags=(usual[0], usual[1]) if expected >= track.shared / 2 else track.tags,
    )
    if look.expected < parameters.look_counts and look.ticks < parameters.longest_look_ticks:
        return Tracked(now, line, now.filter.standing(line.end_ps))
    peak = _peak(look, track.width_ps)
    if peak is None:
        missed = look.expected >= parameters.look_counts / 2
        now = replace(now, look=None, streak=MISSED if missed else now.streak)
        return Tracked(now, line, now.filter.standing(line.end_ps))
    return _corrected(now, line, look, peak)


def _corrected(track: Track, line: ClockLine, look: Look, peak: Peak) -> Tracked:
    middle_ps = (look.start_ps + line.end_ps) // 2
    thought = track.filter.standing(middle_ps)
    offset_ps = thought.offset_ps + peak.position_ps
    stepped = abs(peak.position_ps) > _SIGMAS * sqrt(thought.offset_error_ps**2 + peak.position_error_ps**2)
    if stepped:
        followed = track.filter.stepped(middle_ps, offset_ps, peak.position_error_ps)
    else:
        followed = track.filter.seen(look.start_ps, line.end_ps, offset_ps, peak.position_error_ps)
    standing = followed.standing(line.end_ps)
    line = ClockLine(line.start_ps, line.span_ps, line.offset_ps, round(standing.offset_ps) - line.offset_ps)
    width_ps = min(max(peak.width_ps, track.width_ps / _WIDTH_CHANGE), track.width_ps * _WIDTH_CHANGE)
    now = replace(
        track,
        offset_ps=line.end_offset_ps,
        filter=followed,
        width_ps=_blend(track.width_ps, width_ps),
        shared=_blend(track.shared, peak.counts / look.ticks),
        found_ps=line.end_ps,
        unseen=0.0,
        streak=max(track.streak, 0) + 1,
        look=None,
    )
    return Tracked(now, line, standing, seen=True, step_ps=peak.position_ps if stepped else None)


def _blend(old: float, new: float) -> float:
    return _RATE_MEMORY * old + (1 - _RATE_MEMORY) * new


def _opened(track: Track) -> Look:
    half_ps = track.reach_ps
    bin_ps = max(1, round(track.width_ps / _BINS_A_WIDTH), ceil(2 * half_ps / _MOST_BINS))
    return Look(track.next_ps, bin_ps, np.zeros((1, 2 * ceil(half_ps / bin_ps)), np.uint32))


def _peak(look: Look, width_ps: float) -> Peak | None:
    """The peak in a look, if it is above chance."""
    counts, axis = look.counts[0].astype(np.int64), look.axis
    core = min(axis.bins, max(1, round(_CORE * width_ps / axis.bin_width_ps)))
    sums = np.convolve(counts, np.ones(core, np.int64), mode="valid")
    place = int(np.argmax(sums))
    middle = place + core / 2
    far = np.abs(np.arange(axis.bins) + 0.5 - middle) > _TAIL * width_ps / axis.bin_width_ps
    below = float(counts[far].mean()) if far.any() else 0.0
    inside = int(sums[place])
    if not inside or special.pdtrc(inside - 1, max(below * core, 1e-9)) * (axis.bins / core) > _FALSE_ALARM:
        return None
    first_edge_ps = axis.first_edge_ps - ROUNDING_PS
    start = Peak(first_edge_ps + middle * axis.bin_width_ps, 0.0, width_ps, max(inside - below * core, 1.0), below)
    return fit_peak(counts, first_edge_ps, axis.bin_width_ps, start)
