"""The answer of ``photonwatch correlate`` for a pair of channels: the counts over all files, for scripts and for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from console.curves import Curve
from console.files_read import FilesRead
from console.quantities import picoseconds_text
from schemas.panes import Counts
from streams.kernels.axis import Axis, TauAxis
from streams.processors.correlation import Correlation


@dataclass(frozen=True)
class CorrelationAnswer:
    """tau = t_B - t_A of ``channels`` (A, B), ``delays_ps`` applied.

    ``expected`` are the counts of each bin if the two channels knew nothing of each other.
    """

    read: FilesRead
    channels: tuple[int, int]
    channels_chosen: str
    axis: Axis
    delays_ps: dict[int, int]
    counts: Counts
    expected: npt.NDArray[np.float64]
    live_ps: int

    @classmethod
    def of(
        cls,
        read: FilesRead,
        counted: Sequence[Correlation],
        channels_chosen: str,
        delays_ps: dict[int, int],
    ) -> Self:
        """The sum over files."""
        parameters = counted[0].parameters
        axis, channels = parameters.axis, parameters.pairs[0]
        nothing = np.zeros(axis.bins)
        return cls(
            read=read,
            channels=channels,
            channels_chosen=channels_chosen,
            axis=axis,
            delays_ps=delays_ps,
            counts=sum((each.counts[0] for each in counted), np.zeros(axis.bins, np.uint64)),
            expected=sum((_expected(each.tags, each.state.live_ps, channels, axis) for each in counted), nothing),
            live_ps=sum(each.state.live_ps for each in counted),
        )

    @property
    def pairs(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def g2(self) -> npt.NDArray[np.float64]:
        """Counts over expected ones; NaN where none can be expected."""
        g2 = np.full(self.counts.size, np.nan)
        np.divide(self.counts, self.expected, out=g2, where=self.expected > 0)
        return g2

    @property
    def equal(self) -> bool:
        """Whether all bins are equally wide."""
        return isinstance(self.axis, TauAxis)

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        edges_ps = self.axis.edges_ps()
        return {
            **self.read.document(),
            "channels": self.channels,
            "channels_chosen": self.channels_chosen,
            "bins": "equal" if self.equal else "doubling",
            "bin_width_ps": int(np.diff(edges_ps).min()),
            "window_ps": self.axis.end_ps,
            "delays_ps": {str(channel): delay_ps for channel, delay_ps in self.delays_ps.items()},
            "live_s": self.live_ps / 1e12,
            "pairs": self.pairs,
            "tau_ps": edges_ps[:-1].tolist(),
            "counts": self.counts.tolist(),
            "g2": [None if np.isnan(value) else value for value in self.g2.tolist()],
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What a file of arrays holds; the edges are one more than the bins."""
        edges_ps = self.axis.edges_ps()
        return {
            "tau_ps": edges_ps[:-1],
            "edges_ps": edges_ps,
            "counts": self.counts,
            "g2": self.g2,
            "channels": np.array(self.channels),
            "singles_channel": np.array(list(self.read.tags)),
            "singles": np.array(list(self.read.tags.values()), np.uint64),
            "duration_s": np.array(self.read.duration_ps / 1e12),
            "live_s": np.array(self.live_ps / 1e12),
        }

    def lines(self) -> list[str]:
        """For people, above the picture."""
        return [f"  {self.pairs:,} pairs ({self.channels_chosen}); {' · '.join(self._caption())}"]

    def heading(self) -> str:
        start, stop = self.channels
        return f"{self.read.name}: {f'channel {start} with itself' if start == stop else f'channels {start} → {stop}'}"

    def curves(self) -> list[Curve]:
        """Equal bins are shown as counts, unequal ones normalised: their counts say little."""
        width = picoseconds_text(int(np.diff(self.axis.edges_ps()).min()))
        curve = Curve(
            heading=self.heading(),
            edges_ps=self.axis.edges_ps(),
            heights=self.counts.astype(np.float64) if self.equal else np.nan_to_num(self.g2),
            unit=f"pairs per {width}" if self.equal else "g²",
            caption=" · ".join([f"{self.pairs:,} pairs", f"{self.read.duration_ps / 1e12:.6g} s", *self._caption()]),
            logarithmic=not self.equal,
        )
        return [curve]

    def _caption(self) -> list[str]:
        width = picoseconds_text(int(np.diff(self.axis.edges_ps()).min()))
        parts = [f"bin {width}" if self.equal else f"bins from {width}, doubling"]
        return parts + [f"channel {channel} delayed by {delay_ps:+} ps" for channel, delay_ps in self.delays_ps.items()]


def _expected(tags: Counts, live_ps: int, channels: tuple[int, int], axis: Axis) -> npt.NDArray[np.float64]:
    """n_A n_B / T² times the integral of (T - absolute tau) over each bin, T being live; of a channel with itself where tau > 0.

    Exact without losses; with them right for tau well below the length of the live stretches.
    """
    if not live_ps:
        return np.zeros(axis.bins)
    edges = np.clip(axis.edges_ps().astype(np.float64), -live_ps, live_ps)
    if channels[0] == channels[1]:
        edges = np.maximum(edges, 0)
    integral = np.diff(live_ps * edges - np.sign(edges) * edges**2 / 2)
    return float(tags[channels[0]]) * float(tags[channels[1]]) / float(live_ps) ** 2 * integral
