"""Links: attempts to entangle two nodes, and the heralds that tell of success."""

import math

import msgspec
import numpy as np

from producers.errors import SourceError
from schemas.events import Checks, Heralds

_LIGHT_IN_FIBRE = 2.04e8
"""m/s"""
_NOTHING = 1e-12


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One link, tried ``attempt_hz`` times a second.

    A try succeeds with ``success`` (emission, collection, fibre and detectors of both sides, at their best) times what
    ``loss_db`` leaves. Dark counts at ``dark_hz`` in a window of ``window_s`` herald what is no pair. A herald comes after the
    light's way over ``length_m`` of fibre, ``processing_s``, and an exponential wait of mean ``queue_s``; its arrival scatters by
    ``jitter_s`` (sigma) and is off by ``skew_s``, the clocks' difference, against the window. Tries that hang are given up and
    begun anew with the probability ``reset``.

    True pairs are born with ``fidelity``, times what the memory (``memory_s``, T2) keeps until the herald is known; false ones
    are white noise.

    ``check_hz`` times a second, as far as there are pairs, the application looks at the parities of ``check_pairs`` of them, and
    can use them if so many agree as it would take for ``usable_fidelity``.
    """

    attempt_hz: float = 20_000.0
    success: float = 1e-3
    loss_db: float = 0.0
    dark_hz: float = 20.0
    window_s: float = 50e-9
    length_m: float = 1_000.0
    processing_s: float = 2e-3
    queue_s: float = 3e-4
    jitter_s: float = 5e-9
    skew_s: float = 0.0
    skew_error_s: float = 5e-10
    reset: float = 1e-3
    fidelity: float = 0.95
    memory_s: float = 1.0
    check_hz: float = 1.0
    check_pairs: int = 20
    usable_fidelity: float = 0.85

    def __post_init__(self) -> None:
        if min(self.attempt_hz, self.window_s, self.memory_s) <= 0:
            raise SourceError(f"{self}: attempts, window and memory must be positive")
        if min(self.loss_db, self.dark_hz, self.length_m, self.processing_s, self.queue_s, self.jitter_s) < 0:
            raise SourceError(f"{self}: losses, dark counts, length and delays cannot be negative")
        if self.check_hz < 0 or self.check_pairs < 1:
            raise SourceError(f"{self}: no negative rate of checks, and each of at least one pair")
        if not (0 <= self.success <= 1 and 0 <= self.reset <= 1 and 0.25 <= self.fidelity <= 1):
            raise SourceError(
                f"success {self.success} and reset {self.reset} must lie in [0, 1], fidelity {self.fidelity} in [0.25, 1]"
            )

    @property
    def true_probability(self) -> float:
        """Of a try: a pair, heralded within twice the window; later the gate is shut."""
        return self.success * 10 ** (-self.loss_db / 10) * (1 - self._beyond(self.window_s))

    @property
    def false_probability(self) -> float:
        """Of a try: a dark count of either of two detectors in the window, and no pair."""
        return (1 - self.true_probability) * (1 - math.exp(-2 * self.dark_hz * self.window_s))

    @property
    def herald_probability(self) -> float:
        return self.true_probability + self.false_probability

    @property
    def latency_s(self) -> float:
        """Mean from emission to the herald's arrival."""
        return self.length_m / _LIGHT_IN_FIBRE + self.processing_s + self.queue_s

    @property
    def outside(self) -> float:
        """Part of the heralds that arrive outside the window, before the gate is shut."""
        inside_gate = 1 - self._beyond(self.window_s)
        return (inside_gate - 1 + self._beyond(self.window_s / 2)) / inside_gate if inside_gate > _NOTHING else 1.0

    @property
    def pair_fidelity(self) -> float:
        """Of what is heralded: kept by the memory until then, mixed with the false ones."""
        kept = 0.25 + (self.fidelity - 0.25) * math.exp(-self.latency_s / self.memory_s)
        if self.herald_probability == 0:
            return kept
        return 0.25 + (kept - 0.25) * self.true_probability / self.herald_probability

    def _beyond(self, half_s: float) -> float:
        """Probability that a herald comes earlier or later than so much."""
        if self.jitter_s == 0:
            return float(abs(self.skew_s) > half_s)
        early, late = (half_s + sign * self.skew_s for sign in (1, -1))
        return 0.5 * (math.erfc(early / self.jitter_s / math.sqrt(2)) + math.erfc(late / self.jitter_s / math.sqrt(2)))


def heralds(link: Link, duration_s: float, random: np.random.Generator) -> Heralds:
    """What a link tells of so long: tries, heralds with their latencies, and which came outside the window."""
    attempts = round(link.attempt_hz * duration_s)
    resets = int(random.binomial(attempts, link.reset))
    count = int(random.binomial(attempts, link.herald_probability))
    return heralds_of(link, attempts, (0.0,) * count, resets, random)


def heralds_of(link: Link, attempts: int, waited_s: tuple[float, ...], resets: int, random: np.random.Generator) -> Heralds:
    """Heralds of pairs that had waited so long in a memory before they were sent on their way."""
    count = len(waited_s)
    way_s = link.length_m / _LIGHT_IN_FIBRE + link.processing_s
    latency_s = way_s + link.queue_s * random.standard_exponential(count) + link.jitter_s * random.standard_normal(count)
    latency_s += np.array(waited_s)
    return Heralds(
        attempts=attempts,
        latency_ns=tuple(np.rint(np.maximum(latency_s, 0.0) * 1e9).astype(np.int64).tolist()),
        outside_window=int(random.binomial(count, min(1.0, link.outside))),
        resets=resets,
        offset_error_ns=link.skew_error_s * 1e9,
    )


def checked(link: Link, fidelity: float, pairs: int, duration_s: float, random: np.random.Generator) -> Checks:
    """How many groups of ``pairs`` that came within ``duration_s`` were looked at, and were good enough."""
    count = min(round(link.check_hz * duration_s), pairs // link.check_pairs)
    agreeing = random.binomial(link.check_pairs, min(1.0, fidelity), count)
    return Checks(checked=count, passed=int(np.count_nonzero(agreeing >= link.usable_fidelity * link.check_pairs)))
