"""What every source of tags is to those who run it."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from producers.detection import Detection, Detectors, Photons
from producers.variates import chance
from schemas.block import Channels, Times

_SLICE_TAGS = 1 << 15
"""Tags that are drawn at one go: their arrays stay in the processor's cache."""


class Source(Protocol):
    """Anything that makes tags for consecutive stretches of event time."""

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        """Tags of the next ``duration_ps``: sorted int64 ps since the source's start, and uint8 detectors.

        Stretches touch, and every tag lies in the stretch that is handed out. The tags depend on the parameters, the seed, and
        where the stretches were cut.
        """
        ...

    def set_back(self) -> None:
        """Count times from here on, as if the source had just begun: 2^63 ps are only 106 days."""
        ...


class Stretches:
    """What sources are made with: where the stretch begins, detectors, and a cutting into slices that fit the cache."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.Generator(np.random.SFC64(seed))
        self.detectors = Detectors(self.random)
        self.now_ps = 0

    def slices(self, duration_ps: int, rate_hz: float) -> list[int]:
        """Durations that add up to ``duration_ps``."""
        slice_ps = max(1, int(_SLICE_TAGS * 1e12 / max(rate_hz, 1e-3)))
        whole, rest = divmod(duration_ps, slice_ps)
        return [slice_ps] * whole + ([rest] if rest else [])

    def clicks(self, slice_ps: int, photons: Photons, detection: Detection) -> tuple[Times, Channels]:
        """The clicks of the next slice, in the source's time."""
        time_ps, channel = self.detectors.stretch(slice_ps, photons, detection)
        time_ps += self.now_ps
        self.now_ps += slice_ps
        return time_ps, channel

    def split(self, count: int, second: float) -> npt.NDArray[np.bool_]:
        """Which of so many photons the beam splitter sends to the second detector, with this probability."""
        return chance(self.random, count, second)


def joined(parts: list[tuple[Times, Channels]]) -> tuple[Times, Channels]:
    """The tags of consecutive slices as those of one stretch."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.uint8)
    return np.concatenate([time for time, _ in parts]), np.concatenate([channel for _, channel in parts])
