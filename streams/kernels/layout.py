"""Which pair of channels counts into which row."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Self

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Traits = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PairLayout:
    """Rows of a histogram over pairs (start, stop) of channels below 255; a channel may pair with itself.

    ``codes`` (int32, 256 x 256) says what the channels of a later and an earlier tag make: twice the row, plus one where the
    later tag is the start (its tau is then negative); -1 where they do not pair. ``detectors``: the channels that may pair,
    ascending. ``traits`` are for kernels: start and stop where there is exactly one pair and of two channels, else -1 twice;
    1 where no channel pairs with itself, else 0; the number of detectors. ``pairing`` (uint64, 256 entries) is 1 for detectors.
    """

    detectors: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    codes: Codes
    traits: Traits
    pairing: npt.NDArray[np.uint64]

    @staticmethod
    @lru_cache(maxsize=64)
    def of(detectors: tuple[int, ...]) -> "PairLayout":
        """All pairs of different ``detectors`` (ascending); the lower number is the start. The same object for all who ask."""
        return PairLayout._with(detectors, tuple(combinations(detectors, 2)))

    @classmethod
    def chosen(cls, pairs: Iterable[tuple[int, int]]) -> Self:
        """Exactly these pairs.

        Raises:
            ValueError: a channel outside 0-254, or a pair that comes twice, in whichever order.
        """
        pairs = tuple(pairs)
        channels = {channel for pair in pairs for channel in pair}
        if wrong := sorted(channel for channel in channels if not 0 <= channel < 255):
            raise ValueError(f"channel {wrong[0]} does not exist; channels are 0-254")
        for number, pair in enumerate(pairs):
            if {pair, pair[::-1]} & set(pairs[:number]):
                raise ValueError(f"channels {pair[0]} and {pair[1]} pair twice; the other order holds the same pairs, mirrored")
        return cls._with(tuple(sorted(channels)), pairs)

    @classmethod
    def _with(cls, detectors: tuple[int, ...], pairs: tuple[tuple[int, int], ...]) -> Self:
        apart = all(start != stop for start, stop in pairs)
        start, stop = pairs[0] if apart and len(pairs) == 1 else (-1, -1)
        return cls(detectors, pairs, _codes(pairs), (start, stop, int(apart), len(detectors)), _pairing(detectors))

    @property
    def apart(self) -> bool:
        """Whether no channel pairs with itself."""
        return bool(self.traits[2])


def _codes(pairs: Iterable[tuple[int, int]]) -> Codes:
    codes = np.full((256, 256), -1, np.int32)
    for row, (start, stop) in enumerate(pairs):
        codes[start, stop] = 2 * row + 1
        codes[stop, start] = 2 * row  # a channel with itself: the later one stops
    codes.flags.writeable = False
    return codes


def _pairing(detectors: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    pairing = np.zeros(256, np.uint64)
    pairing[list(detectors)] = 1
    pairing.flags.writeable = False
    return pairing
