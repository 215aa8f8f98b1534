"""How one clock's times follow another's over a while: a straight line between whole picoseconds."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numba import njit

from schemas.block import Times
from streams.kernels.readonly import readonly

GRAIN = 10
"""Times are interpolated in steps of 2**GRAIN ps, within which no clock goes a picosecond astray: products stay inside int64."""
_PRODUCT_BITS = 60
_STEEPEST = 1e-4
_LONGEST_PS = 1 << 43


@dataclass(frozen=True, slots=True)
class ClockLine:
    """At ``start_ps`` of ours the other clock reads ``offset_ps`` more; over ``span_ps`` of ours that grows by ``rise_ps``.

    Between the ends the offset is interpolated in integers, to a picosecond or so, so that the same tags give the same times on
    every machine.

    Raises:
        ValueError: a span below 1 µs or beyond 8.8 s, or a slope beyond 1e-4.
    """

    start_ps: int
    span_ps: int
    offset_ps: int
    rise_ps: int

    def __post_init__(self) -> None:
        if not 10**6 <= self.span_ps <= _LONGEST_PS or abs(self.rise_ps) > _STEEPEST * self.span_ps:
            raise ValueError(f"a clock cannot go {self.rise_ps} ps astray within {self.span_ps} ps")

    @classmethod
    def between(cls, start_ps: int, end_ps: int, offset_ps: float, slope: float) -> Self:
        """The line through ``offset_ps`` at the start with ``slope`` (ps per ps), both ends rounded."""
        first = round(offset_ps)
        return cls(start_ps, end_ps - start_ps, first, round(offset_ps + slope * (end_ps - start_ps)) - first)

    @property
    def end_ps(self) -> int:
        return self.start_ps + self.span_ps

    @property
    def end_offset_ps(self) -> int:
        return self.offset_ps + self.rise_ps

    @property
    def other_start_ps(self) -> int:
        return self.start_ps + self.offset_ps

    @property
    def other_end_ps(self) -> int:
        return self.end_ps + self.end_offset_ps

    def constants(self, span_ps: int) -> tuple[int, int, int, int]:
        """For kernels: our start, the offset there, multiplier, shift.

        The rise after t of a clock by which the line takes ``span_ps`` is (t >> GRAIN) * multiplier >> shift, rounded.
        """
        shift = _PRODUCT_BITS - abs(self.rise_ps).bit_length()
        grains = span_ps >> GRAIN
        return self.start_ps, self.offset_ps, ((self.rise_ps << shift) + grains // 2) // grains, shift

    def at(self, time_ps: float) -> float:
        """The offset at a time of ours, not rounded; beyond the ends the line goes on."""
        return self.offset_ps + self.rise_ps * ((time_ps - self.start_ps) / self.span_ps)

    def to_ours(self, other_ps: Times) -> Times:
        """Times (sorted, int64) of the other clock on ours: never turned round; [other_start, other_end) fills [start, end)."""
        ours = np.empty(other_ps.size, np.int64)
        constants = self.constants(self.other_end_ps - self.other_start_ps)
        _to_ours(readonly(other_ps, np.int64), constants, self.end_ps - 1, ours)
        return ours


@njit(nogil=True, cache=True)
def _to_ours(other_ps: Times, constants: tuple[int, int, int, int], last: int, ours: Times) -> None:
    start, offset, multiplier, shift = constants
    begin = start + offset
    half = np.int64(1) << (shift - 1)
    for i in range(other_ps.size):
        since = other_ps[i] - begin
        ours[i] = min(start + since - (((since >> GRAIN) * multiplier + half) >> shift), last)
