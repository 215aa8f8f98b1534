"""The answer of ``photonwatch correlate``: the counts of one pair of channels over all files, for scripts and for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from console.curves import Curve
from console.quantities import picoseconds_text
from schemas.panes import Counts
from streams.kernels.axis import Axis, TauAxis
from streams.processors.correlation import Correlation

if TYPE_CHECKING:
    from producers.recording import Recording

_MANY_FILES = 3


@dataclass(frozen=True)
class CorrelationAnswer:
    """tau = t_B - t_A of ``channels`` (A, B), delays applied.

    ``expected`` are the counts of each bin if the two channels knew nothing of each other; ``tags`` holds the tags read of every
    channel, by number.
    """

    files: tuple[str, ...]
    channels: tuple[int, int]
    channels_chosen: str
    axis: Axis
    delays_ps: Mapping[int, int]
    counts: Counts
    expected: npt.NDArray[np.float64]
    tags: Mapping[int, int]
    duration_ps: int
    reordered: int
    overflows: int
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        counted: Sequence[tuple["Recording", Correlation]],
        channels: tuple[int, int],
        chosen: str,
        delays_ps: Mapping[int, int],
    ) -> Self:
        """The sum over files, each with what was counted in it."""
        axis = counted[0][1].parameters.axis
        tags = sum((each.tags for _, each in counted), np.zeros(256, np.uint64))
        return cls(
            files=tuple(str(recording.path) for recording, _ in counted),
            channels=channels,
            channels_chosen=chosen,
            axis=axis,
            delays_ps=dict(sorted(delays_ps.items())),
            counts=sum((each.counts[0] for _, each in counted), np.zeros(axis.bins, np.uint64)),
            expected=sum(
                (_expected(each.tags, recording.duration_ps, channels, axis) for recording, each in counted), np.zeros(axis.bins)
            ),
            tags={int(channel): int(tags[channel]) for channel in np.flatnonzero(tags)},
            duration_ps=sum(recording.duration_ps for recording, _ in counted),
            reordered=sum(recording.reordered for recording, _ in counted),
            overflows=sum(recording.overflows for recording, _ in counted),
            warnings=tuple(dict.fromkeys(note for recording, _ in counted for note in recording.notes)),
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

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        edges_ps = self.axis.edges_ps()
        return {
            "files": self.files,
            "channels": self.channels,
            "channels_chosen": self.channels_chosen,
            "bins": "equal" if isinstance(self.axis, TauAxis) else "doubling",
            "bin_width_ps": int((edges_ps[1:] - edges_ps[:-1]).min()),
            "window_ps": self.axis.end_ps,
            "delays_ps": {str(channel): delay_ps for channel, delay_ps in self.delays_ps.items()},
            "pairs": self.pairs,
            "tags": sum(self.tags.values()),
            "singles": {str(channel): tags for channel, tags in self.tags.items()},
            "duration_s": self.duration_ps / 1e12,
            "reordered": self.reordered,
            "overflows": self.overflows,
            "warnings": self.warnings,
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
            "singles_channel": np.array(list(self.tags)),
            "singles": np.array(list(self.tags.values()), np.uint64),
            "duration_s": np.array(self.duration_ps / 1e12),
        }

    def heading(self) -> str:
        start, stop = self.channels
        what = f"channel {start} with itself" if start == stop else f"channels {start} → {stop}"
        names = [file.rsplit("/", 1)[-1] for file in self.files]
        return f"{', '.join(names) if len(names) <= _MANY_FILES else f'{len(names)} files'}: {what}"

    def curve(self) -> Curve:
        """Equal bins are shown as counts, unequal ones normalised: their counts say little."""
        equal = isinstance(self.axis, TauAxis)
        width = picoseconds_text(int(np.diff(self.axis.edges_ps()).min()))
        parts = [f"{self.pairs:,} pairs", f"{sum(self.tags.values()):,} tags", f"{self.duration_ps / 1e12:.6g} s"]
        parts += [f"bin {width}" if equal else f"bins from {width}, doubling"]
        parts += [f"channel {channel} delayed by {delay_ps:+} ps" for channel, delay_ps in self.delays_ps.items()]
        return Curve(
            heading=self.heading(),
            edges_ps=self.axis.edges_ps(),
            heights=self.counts.astype(np.float64) if equal else np.nan_to_num(self.g2),
            unit=f"pairs per {width}" if equal else "g²",
            caption=" · ".join(parts),
            logarithmic=not equal,
        )


def _expected(tags: Counts, duration_ps: int, channels: tuple[int, int], axis: Axis) -> npt.NDArray[np.float64]:
    """n_A n_B / T² times the integral of (T - absolute tau) over each bin; of a channel with itself only where tau > 0."""
    edges = np.clip(axis.edges_ps().astype(np.float64), -duration_ps, duration_ps)
    if channels[0] == channels[1]:
        edges = np.maximum(edges, 0)
    integral = np.diff(duration_ps * edges - np.sign(edges) * edges**2 / 2)
    return float(tags[channels[0]]) * float(tags[channels[1]]) / float(duration_ps) ** 2 * integral
