"""Slow drift of a device's numbers: each wanders around its own value (an Ornstein-Uhlenbeck process), from a seed."""

import math
import zlib

import msgspec
import numpy as np

from producers.errors import SourceError

TICK_S = 1.0
_DRAWN = 32
"""Steps drawn at one go."""


class Drift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Standard deviation ``sigma`` in the number's own unit, and the time after which it has forgotten where it was."""

    sigma: float
    time_s: float = 600.0

    def __post_init__(self) -> None:
        if self.sigma < 0 or self.time_s <= 0:
            raise SourceError(f"{self}: neither a spread nor a time is negative")


class Wandering:
    """One number's way, drawn tick by tick: where it is depends on the seed and the time alone, not on who asked when."""

    def __init__(self, drift: Drift, seed: int, path: str) -> None:
        self._drift = drift
        self._random = np.random.default_rng([seed, zlib.crc32(path.encode())])
        self._keep = math.exp(-TICK_S / drift.time_s)
        self._step = drift.sigma * math.sqrt(1 - self._keep**2)
        self._value = drift.sigma * float(self._random.standard_normal())
        self._tick = 0
        self._pushes: list[float] = []
        """Drawn and still to come, the next one last."""

    def at(self, tick: int) -> float:
        """How far it is off at a tick, none earlier than the last one asked for."""
        while tick > self._tick:
            if not self._pushes:
                self._pushes = self._random.standard_normal(_DRAWN)[::-1].tolist()
            self._value = self._value * self._keep + self._step * self._pushes.pop()
            self._tick += 1
        return self._value

    def recentre(self) -> None:
        """A calibration brought it back."""
        self._value = 0.0
