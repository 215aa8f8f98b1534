"""Blinking: an emitter that is bright and dark in turn, each for an exponential time (a random telegraph process)."""

import msgspec
import numpy as np
import numpy.typing as npt

from producers.errors import SourceError


class Blinking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mean times in s of a bright and of a dark period. ``off_s`` = 0: it never goes dark.

    Light of a constant emitter gets g2(tau) = 1 + (off/on)·exp(-|tau|·(1/on + 1/off)) times its own.
    """

    on_s: float = 1.0
    off_s: float = 0.0

    def __post_init__(self) -> None:
        if self.on_s <= 0 or self.off_s < 0:
            raise SourceError(f"{self}: a bright period lasts some time, and a dark one no negative time")

    @property
    def bright_ratio(self) -> float:
        return self.on_s / (self.on_s + self.off_s)


class Telegraph:
    """The periods of one emitter through time, begun in equilibrium. Times in ps since a start that ``advance`` moves."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._bright: bool | None = None
        self._switches_ps = np.empty(0)

    def lit(self, time_ps: npt.NDArray[np.float64], ahead_ps: float, blinking: Blinking) -> npt.NDArray[np.bool_]:
        """Which of the ascending times, all below ``ahead_ps``, lie in bright periods."""
        self._draw(ahead_ps, blinking)
        edges = np.searchsorted(time_ps, self._switches_ps[: np.searchsorted(self._switches_ps, ahead_ps)])
        lengths = np.diff(edges, prepend=0, append=time_ps.size)
        return np.repeat(np.arange(lengths.size) % 2 != int(bool(self._bright)), lengths)

    def advance(self, duration_ps: float) -> None:
        """Move the start on."""
        if not self._switches_ps.size:
            return
        passed = int(np.searchsorted(self._switches_ps, duration_ps))
        if self._bright is not None and passed % 2:
            self._bright = not self._bright
        self._switches_ps = self._switches_ps[passed:] - duration_ps

    def _draw(self, ahead_ps: float, blinking: Blinking) -> None:
        on_ps, off_ps = blinking.on_s * 1e12, blinking.off_s * 1e12
        if self._bright is None:
            self._bright = self._random.random() < blinking.bright_ratio
        last_ps = float(self._switches_ps[-1]) if self._switches_ps.size else 0.0
        while last_ps < ahead_ps:
            bright = self._bright == (self._switches_ps.size % 2 == 0)
            pairs = int((ahead_ps - last_ps) / (on_ps + off_ps) * 1.1) + 8
            waits = self._random.standard_exponential((pairs, 2)) * ((on_ps, off_ps) if bright else (off_ps, on_ps))
            switches = np.cumsum(waits.ravel())
            switches += last_ps
            self._switches_ps = np.concatenate([self._switches_ps, switches])
            last_ps = float(switches[-1])
