"""Heralds' gates of ``photonwatch correlate``, over all files: which channels click in them, and heralded g²."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from console.curves import Curve
from console.files_read import FilesRead
from console.quantities import picoseconds_text
from schemas.measurements import HeraldedCounts
from schemas.records import Estimate
from streams.estimators.heralding import PairParameters, g2_heralded
from streams.estimators.intervals import clopper_pearson
from streams.processors.gates import GateParameters, Gates

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class GateAnswer:
    """Gates that were live from end to end."""

    read: FilesRead
    parameters: GateParameters
    seen: Gates

    def document(self) -> dict[str, Any]:
        """The JSON object. ``clicked`` counts gates in which a channel clicked, whatever else did, ``patterns`` just those."""
        return {
            **self.read.document(),
            "herald": self.parameters.herald,
            "channels": self.parameters.channels,
            "window_ps": self.parameters.end_ps - self.parameters.begin_ps,
            "delays_ps": {str(channel): delay for channel, delay in sorted(self.parameters.delays.delay_ps.items())},
            "live_s": self.seen.live_ps / 1e12,
            "heralds": self.seen.heralds,
            "clicked": [self._clicked(channel) for channel in self.parameters.channels],
            "patterns": [{"channels": sorted(one), "gates": gates} for one, gates in sorted(self._patterns(), key=_by_channels)],
            "g2": [
                {"channels": pair, **msgspec.to_builtins(self._g2(*pair))} for pair in combinations(self.parameters.channels, 2)
            ],
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Rows of ``patterns`` say of each channel whether it clicked, in ``pattern_gates`` gates."""
        channels, patterns = self.parameters.channels, sorted(self._patterns(), key=_by_channels)
        return {
            "herald": np.array(self.parameters.herald),
            "channels": np.array(channels),
            "heralds": np.array(self.seen.heralds, np.uint64),
            "clicked": np.array([self.seen.clicked(channel) for channel in channels], np.uint64),
            "tags_in_gates": np.array([self.seen.tags[channel] for channel in channels], np.uint64),
            "patterns": np.array([[channel in one for channel in channels] for one, _ in patterns], np.bool_),
            "pattern_gates": np.array([gates for _, gates in patterns], np.uint64),
            "live_s": np.array(self.seen.live_ps / 1e12),
        }

    def lines(self) -> list[str]:
        """For people."""
        lines = []
        for channel in self.parameters.channels:
            row = self._clicked(channel)
            share = "–" if row["probability"] is None else f"{row['probability']:.3%} [{row['lower']:.3%}, {row['upper']:.3%}]"
            lines.append(f"  channel {channel:<3} {row['gates']:>13,} gates  {share}")
        for pair in combinations(self.parameters.channels, 2):
            known, both = self._g2(*pair), self.seen.clicked(*pair)
            value = known.warnings[0] if known.value is None else f"{known.value:.4g} [{known.lower:.4g}, {known.upper:.4g}]"
            lines.append(f"  channels {pair[0]}, {pair[1]:<7} {both:>8,} gates  heralded g² {value}")
        return lines

    def heading(self) -> str:
        width = picoseconds_text(self.parameters.end_ps - self.parameters.begin_ps)
        return f"{self.read.name}: {self.seen.heralds:,} gates of {width} about the tags of channel {self.parameters.herald}"

    def curves(self) -> list[Curve]:
        """Numbers have no picture."""
        return []

    def _clicked(self, channel: int) -> dict[str, Any]:
        gates, heralds = self.seen.clicked(channel), self.seen.heralds
        lower, upper = clopper_pearson(gates, heralds, _CONFIDENCE)
        return {
            "channel": channel,
            "gates": gates,
            "tags": self.seen.tags[channel],
            "probability": gates / heralds if heralds else None,
            "lower": lower,
            "upper": upper,
        }

    def _patterns(self) -> list[tuple[frozenset[int], int]]:
        return list(self.seen.patterns.items())

    def _g2(self, first: int, second: int) -> Estimate:
        counts = HeraldedCounts(
            heralds=self.seen.heralds,
            first=self.seen.clicked(first),
            second=self.seen.clicked(second),
            both=self.seen.clicked(first, second),
        )
        return g2_heralded([counts], PairParameters(confidence=_CONFIDENCE)).estimate


def _by_channels(pattern: tuple[frozenset[int], int]) -> tuple[int, list[int]]:
    return len(pattern[0]), sorted(pattern[0])
