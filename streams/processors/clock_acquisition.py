"""The search for an unknown offset, tick by tick: coarse counts, their correlation in parts, a close look at what stands out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from schemas.block import Times
from streams.clock_parameters import ClockParameters
from streams.estimators.coarse_offset import CoarseOffset, PartCorrelation, candidates, correlate_part
from streams.estimators.line_search import FoundLine, Surroundings, find_line
from streams.kernels.clock_line import ClockLine
from streams.kernels.coarse_counts import Coarse, count_coarse

_CANDIDATES = 3
_WORTH_A_LOOK = 1e-2  # probability that chance brings such a candidate

Between = Callable[[int, int], Times]
"""Times of a node's held tags within [begin, end) of its clock."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """An attempt that began at ``since_ps`` of our clock, a tick's edge; counts of every tick since, as far as they are needed.

    ``done`` counts all ticks taken; ``ours`` and ``other`` hold the latest of them, ``parts`` the correlations made; ``tags`` are
    those of either node in the newest part.
    """

    since_ps: int
    done: int = 0
    ours: tuple[Coarse, ...] = ()
    other: tuple[Coarse, ...] = ()
    parts: tuple[PartCorrelation, ...] = ()
    tags: tuple[int, int] = (0, 0)

    def fed(self, ours_ps: Times, other_ps: Times, parameters: ClockParameters) -> "Acquisition":
        """With one more tick of both clocks, at the same readings."""
        start_ps = self.since_ps + self.done * parameters.tick_ps
        bins, width = parameters.tick_bins, parameters.coarse_bin_ps
        ours = (*self.ours, count_coarse(ours_ps, start_ps, width, bins))
        other = (*self.other, count_coarse(other_ps, start_ps, width, bins))
        now = replace(self, done=self.done + 1, ours=ours, other=other)
        return _correlated(now, parameters) if now.part_ended(parameters) else now

    def part_ended(self, parameters: ClockParameters) -> bool:
        """Whether the tick taken last made a part complete."""
        ended = self.done - parameters.reach_ticks
        return ended > 0 and ended % parameters.part_ticks == 0

    def exhausted(self, parameters: ClockParameters) -> bool:
        """Whether the attempt has all its parts; the next one starts anew."""
        return len(self.parts) == parameters.parts

    def found(self, ours: Between, other: Between, parameters: ClockParameters) -> FoundLine | None:
        """The offset's line, once a part has ended, from what is held of both nodes; None if no candidate stands a close look."""
        for candidate in candidates(self.parts, parameters.slope_bins, _CANDIDATES):
            if candidate.false_alarm < _WORTH_A_LOOK and (line := self._look(candidate, ours, other, parameters)) is not None:
                return line
        return None

    def _look(self, candidate: CoarseOffset, ours: Between, other: Between, parameters: ClockParameters) -> FoundLine | None:
        now_ps = self.since_ps + self.done * parameters.tick_ps
        middle_ps = now_ps - parameters.reach_ps - parameters.part_ps // 2
        offset_ps = candidate.delay_bins * parameters.coarse_bin_ps - parameters.reach_ps
        slope = candidate.slope_bins * parameters.coarse_bin_ps / parameters.part_ps
        end_ps = now_ps - max(0, round(offset_ps) + parameters.blur_ps)
        close_ps, bin_ps = parameters.close_look(*self.tags, parameters.part_ps)
        begin_ps = end_ps - close_ps
        guess = ClockLine.between(begin_ps, end_ps, offset_ps + slope * ((begin_ps + end_ps) / 2 - middle_ps), 0.0)
        margin_ps = 2 * parameters.blur_ps
        return find_line(
            ours(begin_ps, end_ps),
            other(guess.other_start_ps - margin_ps, guess.other_end_ps + margin_ps),
            Surroundings(guess, parameters.blur_ps, parameters.most_frequency, bin_ps),
            parameters.false_alarm,
        )


def _correlated(attempt: Acquisition, parameters: ClockParameters) -> Acquisition:
    reach, part = parameters.reach_ticks, parameters.part_ticks
    silence = np.zeros(max(0, 2 * reach + part - len(attempt.other)) * parameters.tick_bins, np.uint8)
    other = np.concatenate((silence, *attempt.other[-(2 * reach + part) :]))
    ours = np.concatenate(attempt.ours[-(reach + part) : len(attempt.ours) - reach])
    return replace(
        attempt,
        ours=attempt.ours[-reach:],
        other=attempt.other[-2 * reach :],
        parts=(*attempt.parts, correlate_part(ours, other)),
        tags=(int(ours.sum(dtype=np.int64)), int(other.sum(dtype=np.int64) * ours.size // other.size)),
    )
