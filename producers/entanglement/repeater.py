"""Repeaters: nodes that join the pairs of two hops by a swap."""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from producers.errors import SourceError
from schemas.events import Swaps


class Repeater(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node between two hops.

    Both are tried at once, ``attempt_hz`` times a second, until each has its pair (``hop_success`` a try); the first waits in a
    memory (T2 ``memory_s``), and is given up after ``cutoff_s``. The swap succeeds with ``swap_success``, times the overlap of
    two photons whose timing is off by ``mistiming_s`` against ``photon_s`` (sigma of each, Gaussian).
    """

    attempt_hz: float = 20_000.0
    hop_success: tuple[float, float] = (1e-3, 1e-3)
    memory_s: float = 1.0
    cutoff_s: float = 1.0
    swap_success: float = 0.5
    mistiming_s: float = 0.0
    photon_s: float = 1e-9
    hop_fidelity: tuple[float, float] = (0.96, 0.96)

    def __post_init__(self) -> None:
        if min(self.attempt_hz, self.memory_s, self.cutoff_s, self.photon_s) <= 0:
            raise SourceError(f"{self}: attempts and times must be positive")
        if not all(0 < part <= 1 for part in (*self.hop_success, self.swap_success)):
            raise SourceError(f"successes {self.hop_success} and {self.swap_success} must lie in (0, 1]")
        if not all(0.25 <= part <= 1 for part in self.hop_fidelity):
            raise SourceError(f"fidelities {self.hop_fidelity} must lie in [0.25, 1]")

    @property
    def acknowledged(self) -> float:
        """Probability that a swap succeeds."""
        return self.swap_success * math.exp(-((self.mistiming_s / self.photon_s) ** 2) / 4)

    @property
    def mean_fidelity(self) -> float:
        """Of swapped pairs, over all waits (the cutoff left aside): a pair waits geometrically long for the other hop's."""
        first, second = self.hop_success
        decay = math.exp(-1 / (self.memory_s * self.attempt_hz))
        either = first + second - first * second
        kept = first * second / either
        for sooner, later in ((first, second), (second, first)):
            kept += sooner * (1 - later) / either * later * decay / (1 - (1 - later) * decay)
        return _swapped_fidelity(self, kept)


class Joined(msgspec.Struct, frozen=True):
    """What a repeater did: swaps, and for each acknowledged one the time its first pair had waited, in s."""

    swaps: Swaps
    waited_s: tuple[float, ...]
    given_up: int


def swapped(repeater: Repeater, duration_s: float, random: np.random.Generator) -> Joined:
    """So long of joining two hops; rounds that are not over at its end are not counted."""
    waited: list[npt.NDArray[np.float64]] = []
    left = duration_s * repeater.attempt_hz
    cutoff = repeater.cutoff_s * repeater.attempt_hz
    given_up = attempts = 0
    while left > 0:
        size = 16 + int(left * min(repeater.hop_success))
        tries = random.geometric(repeater.hop_success, (size, 2)).astype(np.float64)
        first, apart = tries.min(axis=1), np.abs(tries[:, 0] - tries[:, 1])
        late = apart > cutoff
        # A round that is given up has cost the first pair's tries and the wait.
        cost = first + np.where(late, cutoff, apart)
        over = int(np.searchsorted(np.cumsum(cost), left, side="right"))
        left -= float(cost[:over].sum()) if over == size else left
        given_up += int(np.count_nonzero(late[:over]))
        attempts += int(np.count_nonzero(~late[:over]))
        waited.append(apart[:over][~late[:over]])
    good = random.random(attempts) < repeater.acknowledged
    seconds = np.concatenate(waited)[good] / repeater.attempt_hz
    return Joined(Swaps(attempts=attempts, acknowledged=int(np.count_nonzero(good))), tuple(seconds.tolist()), given_up)


def joined_fidelity(repeater: Repeater, waited_s: float) -> float:
    """Of a swapped pair whose first half waited so long: Werner states multiply, and the memory is one more factor."""
    return _swapped_fidelity(repeater, math.exp(-waited_s / repeater.memory_s))


def _swapped_fidelity(repeater: Repeater, kept: float) -> float:
    first, second = ((4 * fidelity - 1) / 3 for fidelity in repeater.hop_fidelity)
    return (1 + 3 * first * second * kept) / 4
