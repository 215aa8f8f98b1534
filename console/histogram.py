"""A g² histogram as people look at it: counts against delay, the value they give, and the windows that it was counted in."""

from collections.abc import Sequence
from math import ceil, floor

import msgspec

from schemas.records import Estimate


class Windows(msgspec.Struct, frozen=True):
    """Zero delay and period in ns; ``sides``: the peaks that the central one is compared with, as multiples of the period."""

    zero: float
    period: float
    sides: tuple[int, ...]


class Peak(msgspec.Struct, frozen=True):
    """Peak number (0: the central one), its middle in ns, and the coincidences within one whole period."""

    number: int
    delay_ns: float
    counts: int


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """``counts[i]`` holds tau in [first_edge_ps + i·bin_width_ps, first_edge_ps + (i+1)·bin_width_ps)."""

    start_channel: int
    stop_channel: int
    first_edge_ps: int
    bin_width_ps: int
    from_unix_s: int
    to_unix_s: int
    counts: Sequence[int]
    estimate: Estimate | None
    """g²(0) of exactly these counts; its parameters hold period_ps and zero_delay_ps where they were found."""

    def windows(self) -> Windows | None:
        """None where no period was found."""
        if self.estimate is None:
            return None
        period_ps, zero_ps = self.estimate.parameters.get("period_ps"), self.estimate.parameters.get("zero_delay_ps")
        if not isinstance(period_ps, int | float) or not isinstance(zero_ps, int | float) or period_ps <= 0:
            return None
        whole = [k for k in self._whole_peaks(period_ps, zero_ps) if k]
        compared = self.estimate.parameters.get("side_peaks")
        reach = max(map(abs, whole), default=0)
        if isinstance(compared, int) and compared > 0:
            reach = next((each for each in range(1, reach) if sum(abs(k) <= each for k in whole) >= compared), reach)
        return Windows(zero_ps / 1000, period_ps / 1000, tuple(k for k in whole if abs(k) <= reach))

    def peaks(self) -> tuple[Peak, ...]:
        """Every peak that the histogram holds whole; a bin belongs to the peak that holds its middle."""
        windows = self.windows()
        if windows is None:
            return ()
        sums: dict[int, int] = {}
        for i, count in enumerate(self.counts):
            middle_ns = (self.first_edge_ps + (i + 0.5) * self.bin_width_ps) / 1000
            number = floor((middle_ns - windows.zero) / windows.period + 0.5)
            sums[number] = sums.get(number, 0) + count
        whole = self._whole_peaks(windows.period * 1000, windows.zero * 1000)
        return tuple(Peak(k, windows.zero + k * windows.period, sums[k]) for k in whole if k in sums)

    def stretches(self, number: int) -> tuple[tuple[float, float, int], ...]:
        """About ``number`` equal stretches of delay: from and to in ns, and the coincidences between."""
        step = max(1, -(-len(self.counts) // number))
        edges = range(0, len(self.counts), step)
        return tuple(
            (self._edge_ns(i), self._edge_ns(min(i + step, len(self.counts))), sum(self.counts[i : i + step])) for i in edges
        )

    def _edge_ns(self, index: int) -> float:
        return (self.first_edge_ps + index * self.bin_width_ps) / 1000

    def _whole_peaks(self, period_ps: float, zero_ps: float) -> range:
        """Numbers of the peaks that the histogram holds whole."""
        end_ps = self.first_edge_ps + len(self.counts) * self.bin_width_ps
        first = ceil((self.first_edge_ps - zero_ps) / period_ps + 0.5)
        return range(first, floor((end_ps - zero_ps) / period_ps - 0.5) + 1)
