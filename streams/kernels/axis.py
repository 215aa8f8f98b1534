"""Axes of delays: which tau falls into which bin. All bins are half-open, all edges whole picoseconds."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import gcd
from operator import itemgetter
from typing import Self

import numpy as np

from schemas.block import Times

_WIDEST_PS = 1 << 61  # sums with times stay inside int64
_NARROW_PS = 1 << 30  # beyond it the multiplication that replaces the division by the bin width is no longer exact


Constants = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class TauAxis:
    """Equal bins of tau = t_stop - t_start: bin i holds [first_edge_ps + i*bin_width_ps, first_edge_ps + (i+1)*bin_width_ps).

    Raises:
        ValueError: a bin width or number of bins below one, tau = 0 outside, or a span above 2**61 ps (26 days).
    """

    first_edge_ps: int
    bin_width_ps: int
    bins: int
    constants: Constants = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.bin_width_ps < 1 or self.bins < 1:
            raise ValueError(f"{self.bins} bins of {self.bin_width_ps} ps: both must be at least 1")
        if not self.first_edge_ps <= 0 < self.end_ps:
            raise ValueError(f"the delays [{self.first_edge_ps}, {self.end_ps}) ps must hold 0")
        if self.span_ps > _WIDEST_PS:
            raise ValueError(f"delays over {self.span_ps} ps: at most {_WIDEST_PS} ps; narrow the range")
        object.__setattr__(self, "constants", self._constants())

    @classmethod
    def symmetric(cls, half_range_ps: int, bin_width_ps: int) -> Self:
        """[-half_range_ps, half_range_ps), a whole number of bins."""
        return cls(-half_range_ps, bin_width_ps, 2 * half_range_ps // bin_width_ps)

    @classmethod
    def window(cls, width_ps: int) -> Self:
        """One bin, a coincidence window of full width: -width <= 2 tau < width."""
        return cls(-(width_ps // 2), width_ps, 1)

    @property
    def span_ps(self) -> int:
        return self.bins * self.bin_width_ps

    @property
    def end_ps(self) -> int:
        return self.first_edge_ps + self.span_ps

    @property
    def reach_ps(self) -> int:
        """A tag may pair with tags up to this much older than itself."""
        return self.constants[2]

    @property
    def narrow(self) -> bool:
        """Whether ``constants`` divide by multiplying."""
        return self.span_ps <= _NARROW_PS

    def edges_ps(self) -> Times:
        """Edges of all bins, one more than there are bins."""
        return self.first_edge_ps + self.bin_width_ps * np.arange(self.bins + 1, dtype=np.int64)

    def _constants(self) -> Constants:
        """For kernels: -first edge, span, reach, multiplier, shift, bins, with offset // bin width == offset*multiplier >> shift.

        Exact for every offset below the span (Granlund and Montgomery 1994, theorem 4.2): with 2**shift >= span * bin width the
        multiplier's excess of less than one bin width cannot carry an offset into the next bin. Where that would need more than
        64 bits the multiplier is the bin width itself and the shift 0: kernels for wide axes divide.
        """
        reach_ps = max(-self.first_edge_ps, self.end_ps - 1)
        if not self.narrow:
            return -self.first_edge_ps, self.span_ps, reach_ps, self.bin_width_ps, 0, self.bins
        shift = (self.span_ps * self.bin_width_ps - 1).bit_length()
        multiplier = -(-(1 << shift) // self.bin_width_ps)
        return -self.first_edge_ps, self.span_ps, reach_ps, multiplier, shift, self.bins


@dataclass(frozen=True, slots=True)
class EdgeAxis:
    """Bins of any widths: bin i holds [edges[i], edges[i+1]). ``constants`` are those of a ``TauAxis`` as far as there are any.

    Raises:
        ValueError: fewer than two edges, edges that do not ascend, tau = 0 outside, or a delay above 2**60 ps.
    """

    edges: tuple[int, ...]
    constants: Constants = field(init=False, repr=False, compare=False)
    _evens: tuple[tuple[int, int, int, int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.edges) < 2 or any(left >= right for left, right in pairwise(self.edges)):
            raise ValueError(f"{len(self.edges)} edges: at least two are needed, each above the one before it")
        if not self.edges[0] <= 0 < self.edges[-1]:
            raise ValueError(f"the delays [{self.edges[0]}, {self.edges[-1]}) ps must hold 0")
        reach_ps = max(-self.edges[0], self.edges[-1] - 1)
        if reach_ps > _WIDEST_PS // 2:
            raise ValueError(f"delays up to {reach_ps} ps: at most {_WIDEST_PS // 2} ps; narrow the range")
        object.__setattr__(self, "constants", (-self.edges[0], self.edges[-1] - self.edges[0], reach_ps, 0, 0, self.bins))
        object.__setattr__(self, "_evens", tuple(self._each_even()))

    @classmethod
    def doubling(cls, half_range_ps: int, bin_width_ps: int, bins_a_doubling: int = 8) -> Self:
        """[-half_range_ps, half_range_ps) as multiple-tau correlators have it: narrow bins around 0, ever wider ones outwards.

        On either side of 0 the first 2·``bins_a_doubling`` bins are ``bin_width_ps`` wide, the next ``bins_a_doubling`` twice as
        wide, and so on; the outermost ends at the range. (K. Schätzel, Inst. Phys. Conf. Ser. 77, 175, 1985.)

        Raises:
            ValueError: a width below one, or a range below it.
        """
        if bin_width_ps < 1 or half_range_ps < bin_width_ps:
            raise ValueError(f"a bin of {bin_width_ps} ps in delays up to {half_range_ps} ps: it must be at least 1 ps and fit")
        edge, width, outwards = 0, bin_width_ps, []
        while edge < half_range_ps:
            outwards.append(edge := min(edge + width, half_range_ps))
            if len(outwards) >= 2 * bins_a_doubling and len(outwards) % bins_a_doubling == 0:
                width *= 2
        return cls((*(-edge for edge in reversed(outwards)), 0, *outwards))

    def even(self, reach_ps: int, most: int) -> tuple[TauAxis, slice] | None:
        """Equal bins around 0 into which the edges of as many of these bins fit, and which these are.

        None where 0 is no edge, or where not even the next edges fit: they reach beyond ``reach_ps``, or make more than ``most``.
        """
        number = min(bisect_right(self._evens, reach_ps, key=itemgetter(0)), bisect_right(self._evens, most, key=itemgetter(1)))
        if not number:
            return None
        _, fine, width, first = self._evens[number - 1]
        return TauAxis(self.edges[first], width, fine), slice(first, first + 2 * number)

    @property
    def bins(self) -> int:
        return len(self.edges) - 1

    @property
    def first_edge_ps(self) -> int:
        return self.edges[0]

    @property
    def end_ps(self) -> int:
        return self.edges[-1]

    @property
    def reach_ps(self) -> int:
        """A tag may pair with tags up to this much older than itself."""
        return self.constants[2]

    def edges_ps(self) -> Times:
        """The edges as an array."""
        return np.array(self.edges, np.int64)

    def _each_even(self) -> Iterator[tuple[int, int, int, int]]:
        """For one edge on either side of 0, two, and so on: reach, number and width of equal bins, and the first edge's place."""
        if 0 not in self.edges:
            return
        zero, width = self.edges.index(0), 0
        for first, last in zip(range(zero - 1, -1, -1), range(zero + 1, len(self.edges)), strict=False):
            low, high = self.edges[first], self.edges[last]
            width = gcd(width, low, high)
            yield max(-low, high), (high - low) // width, width, first


Axis = TauAxis | EdgeAxis
