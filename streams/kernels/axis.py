"""The axis of delays: which tau falls into which bin."""

from dataclasses import dataclass, field
from typing import Self

_WIDEST_PS = 1 << 30  # beyond it the multiplication that replaces the division by the bin width is no longer exact


@dataclass(frozen=True, slots=True)
class TauAxis:
    """Half-open bins of tau = t_stop - t_start: bin i holds [first_edge_ps + i*bin_width_ps, first_edge_ps + (i+1)*bin_width_ps).

    Raises:
        ValueError: a bin width or number of bins below one, tau = 0 outside, or a span above 2**30 ps (1.07 ms).
    """

    first_edge_ps: int
    bin_width_ps: int
    bins: int
    constants: tuple[int, int, int, int, int, int] = field(init=False, repr=False, compare=False)

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
        return max(-self.first_edge_ps, self.end_ps - 1)

    def _constants(self) -> tuple[int, int, int, int, int, int]:
        """For kernels: -first edge, span, reach, multiplier, shift, bins, with offset // bin width == offset*multiplier >> shift.

        Exact for every offset below the span (Granlund and Montgomery 1994, theorem 4.2): with 2**shift >= span * bin width the
        multiplier's excess of less than one bin width cannot carry an offset into the next bin.
        """
        shift = (self.span_ps * self.bin_width_ps - 1).bit_length()
        multiplier = -(-(1 << shift) // self.bin_width_ps)
        return -self.first_edge_ps, self.span_ps, self.reach_ps, multiplier, shift, self.bins
