"""Latencies in little memory, for streams: a DDSketch (Masson et al. 2019) that merges exactly, in any order.

Merged sketches are the sketch of all latencies together, so that streams that are cut anywhere give one answer.
"""

from collections.abc import Iterable

from ddsketch import DDSketch

ACCURACY = 0.005
"""Relative error of every latency that the sketch gives back."""


class LatencySketch:
    """How many latencies there were, and any order statistic of them, to within ``ACCURACY``."""

    def __init__(self) -> None:
        self._sketch = DDSketch(ACCURACY)

    def add(self, latencies_ns: Iterable[int]) -> None:
        for latency_ns in latencies_ns:
            self._sketch.add(latency_ns)

    def merge(self, other: "LatencySketch") -> None:
        """Take in what ``other`` holds; it stays as it is."""
        self._sketch.merge(other._sketch)  # noqa: SLF001 - another of the same class

    @property
    def count(self) -> int:
        return int(self._sketch.count)

    def ordered(self, rank: int) -> float:
        """The latency in ns that ``rank`` others are not above; ranks count from 0.

        Raises:
            IndexError: no such rank.
        """
        if not 0 <= rank < self.count:
            raise IndexError(f"rank {rank} of {self.count} latencies")
        found = self._sketch.get_quantile_value(rank / (self.count - 1) if self.count > 1 else 0.0)
        return float(found or 0.0)
