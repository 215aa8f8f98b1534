"""Single-photon sources with known truth, seen by two detectors behind a beam splitter (Hanbury Brown-Twiss).

The full simulator has its own place later; what it will offer in more kinds is the ``Source`` protocol.
"""

import math
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from producers.errors import SourceError
from schemas.block import Channels, Times

DETECTORS = (0, 1)
_SECOND_PS = 1e12
_JITTER_REACH = 8.0
"""Gaussian jitter is cut off at so many sigma (6e-16 of it lies beyond): nothing arrives in a stretch already handed out."""


class Source(Protocol):
    """Anything that makes tags for consecutive stretches of event time."""

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        """Tags of the next ``duration_ps``: sorted int64 ps since the source's start, and uint8 detectors (0 or 1).

        Stretches touch, and every tag lies in the stretch that is handed out.
        """
        ...


class Detection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is behind the emitter: a beam splitter and two detectors. Times in ps (sigma of one detector), rates in Hz."""

    efficiency: tuple[float, float] = (1.0, 1.0)
    transmission: float = 0.5
    """Part of the light that goes to detector 0."""
    background_hz: tuple[float, float] = (0.0, 0.0)
    """Uniform: dark counts and stray light."""
    jitter_ps: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 < part <= 1 for part in self.efficiency) or not 0 < self.transmission < 1:
            raise SourceError(
                f"efficiencies {self.efficiency} must lie in (0, 1], transmission {self.transmission} inside (0, 1)"
            )
        if min(self.background_hz) < 0 or self.jitter_ps < 0:
            raise SourceError(f"background {self.background_hz} Hz and jitter {self.jitter_ps} ps cannot be negative")

    @property
    def shares(self) -> tuple[float, float]:
        """Probability that a photon is detected in each detector."""
        return self.transmission * self.efficiency[0], (1 - self.transmission) * self.efficiency[1]

    def mixed_g2(self, g2: float, rate_hz: float) -> float:
        """What the two detectors measure of a source of ``g2`` when uniform background is mixed in: 1 - (1 - g2)·p0·p1.

        p is the part of a detector's counts that is signal (Brouri et al., Opt. Lett. 25, 1294 (2000)).
        """
        if rate_hz == 0:
            return 1.0
        pure = [rate_hz * share / (rate_hz * share + dark) for share, dark in zip(self.shares, self.background_hz, strict=True)]
        return 1 - (1 - g2) * pure[0] * pure[1]


class PulsedParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="pulsed"):
    """A triggered emitter. ``rate_hz`` is the mean rate of photons that reach the beam splitter, ``g2`` their g2(0).

    Each pulse holds 0, 1 or 2 photons with <n> = rate·period = m, p2 = g2·m²/2 and p1 = m - g2·m². Then <n(n-1)>/<n>² = g2, and
    no loss changes it. Every photon leaves after its own exponential delay of mean ``lifetime_ps``.
    """

    rate_hz: float
    period_ps: float = 12_500.0
    g2: float = 0.0
    lifetime_ps: float = 500.0
    detection: Detection = Detection()

    def __post_init__(self) -> None:
        if self.rate_hz < 0 or self.period_ps <= 0 or self.lifetime_ps < 0 or self.g2 < 0:
            raise SourceError(f"{self}: rate, lifetime and g2 cannot be negative, and the period must be positive")
        mean = self.mean_photons
        if self.g2 * mean > 1 or mean - self.g2 * mean**2 / 2 > 1:
            raise SourceError(
                f"{mean:.3g} photons a pulse with g2(0) = {self.g2:g} need more than two in one pulse; lower either"
            )

    @property
    def mean_photons(self) -> float:
        return self.rate_hz * self.period_ps / _SECOND_PS

    @property
    def measured_g2(self) -> float:
        """Ratio of the central peak's area to a side peak's, each one whole period, background included."""
        return self.detection.mixed_g2(self.g2, self.rate_hz)


class CwParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="cw"):
    """A continuously driven emitter with g2(tau) = 1 - (1 - g2)·exp(-|tau|/``recovery_ps``).

    Two parts make it: a two-level emitter (photons come after an exponential excitation and an exponential decay, whose rates
    add up to 1/recovery; a renewal process with exactly 1 - exp(-|tau|/recovery)), and a part 1 - sqrt(1 - g2) of unrelated
    Poisson light.
    """

    rate_hz: float
    recovery_ps: float = 2_000.0
    g2: float = 0.0
    detection: Detection = Detection()

    def __post_init__(self) -> None:
        if self.rate_hz < 0 or self.recovery_ps <= 0 or not 0 <= self.g2 <= 1:
            raise SourceError(f"{self}: the rate cannot be negative, the recovery must be positive, g2(0) must lie in [0, 1]")
        if self.rate_hz * self.recovery_ps / _SECOND_PS > 0.25:
            raise SourceError(
                f"an emitter that recovers in {self.recovery_ps:g} ps cannot give {self.rate_hz:g} Hz; lower either"
            )

    @property
    def measured_g2(self) -> float:
        """g2(0) between the two detectors, background included, before their jitter blurs it."""
        return self.detection.mixed_g2(self.g2, self.rate_hz)


class _Arrivals:
    """What both kinds share: detectors, background, jitter, order, and photons that arrive after the stretch is over."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self._late = np.empty(0, np.int64)

    def stretch(
        self, start_ps: int, end_ps: int, emitted_ps: npt.NDArray[np.float64], detection: Detection
    ) -> tuple[Times, Channels]:
        """Sorted tags in [start, end): of photons ``emitted_ps`` (since ``start``; already thinned by efficiency) and background.

        Time and detector travel as one integer, 2·time + detector, so that one sort orders both.
        """
        random, (first, second) = self.random, detection.shares
        if detection.jitter_ps:
            blur = random.standard_normal(emitted_ps.size, np.float32)
            np.clip(blur, -_JITTER_REACH, _JITTER_REACH, out=blur)
            blur *= np.float32(detection.jitter_ps)
            emitted_ps += blur
        parts = [self._late, self._packed(emitted_ps, start_ps, second / (first + second))]
        duration_ps = end_ps - start_ps
        for detector, rate_hz in zip(DETECTORS, detection.background_hz, strict=True):
            if rate_hz:
                count = random.poisson(rate_hz * duration_ps / _SECOND_PS)
                parts.append(random.integers(start_ps, end_ps, count) * 2 + detector)
        packed = np.concatenate(parts)
        packed.sort()
        cut = int(np.searchsorted(packed, 2 * end_ps))
        self._late = packed[cut:].copy()
        now = packed[:cut]
        channel = (now & 1).astype(np.uint8)
        now >>= 1
        # Jitter at the very start of a run would put photons before it: they are detected at its first picosecond.
        return (np.maximum(now, start_ps, out=now) if now.size and now[0] < start_ps else now), channel

    def _packed(self, emitted_ps: npt.NDArray[np.float64], start_ps: int, second: float) -> npt.NDArray[np.int64]:
        packed = np.floor(emitted_ps, out=emitted_ps).astype(np.int64)
        packed += start_ps
        packed <<= 1
        packed |= self.random.random(packed.size, np.float32) < second
        return packed


class PulsedSource:
    """A ``Source`` of pulses. ``parameters`` may be exchanged between advances; the pulses keep their phase."""

    def __init__(self, parameters: PulsedParameters, seed: int) -> None:
        self.parameters = parameters
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._arrivals = _Arrivals(self._random)
        self._now_ps = 0
        self._pulse_ps = 0.0
        """Time of the next pulse to be drawn, since ``_now_ps``."""

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        parameters, random = self.parameters, self._random
        detection = parameters.detection
        # Pulses up to eight sigma behind the end can still be detected inside it.
        ahead_ps = duration_ps + _JITTER_REACH * detection.jitter_ps
        pulses = max(0, math.ceil((ahead_ps - self._pulse_ps) / parameters.period_ps))
        mean = parameters.mean_photons * sum(detection.shares)
        twins = parameters.g2 * mean * mean / 2
        occupied = mean - twins  # p1 + p2 of what is detected
        index = _successes(random, pulses, occupied)
        if twins:
            index = np.concatenate([index, index[random.random(index.size) < twins / occupied]])
        emitted = index.astype(np.float64)
        emitted *= parameters.period_ps
        emitted += self._pulse_ps
        if parameters.lifetime_ps:
            delay = random.standard_exponential(emitted.size, np.float32)
            delay *= np.float32(parameters.lifetime_ps)
            emitted += delay
        tags = self._arrivals.stretch(self._now_ps, self._now_ps + duration_ps, emitted, detection)
        self._pulse_ps += pulses * parameters.period_ps - duration_ps
        self._now_ps += duration_ps
        return tags


class CwSource:
    """A ``Source`` of continuous light. ``parameters`` may be exchanged between advances."""

    def __init__(self, parameters: CwParameters, seed: int) -> None:
        self.parameters = parameters
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._arrivals = _Arrivals(self._random)
        self._now_ps = 0
        self._next_ps: float | None = None
        """Time of the emitter's next photon, since ``_now_ps``; None before the first."""
        self._light_from_ps = 0.0

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        parameters, random = self.parameters, self._random
        detection = parameters.detection
        ahead_ps = duration_ps + _JITTER_REACH * detection.jitter_ps
        rate = parameters.rate_hz * sum(detection.shares) / _SECOND_PS
        single = math.sqrt(1 - parameters.g2)
        emitter: npt.NDArray[np.float64] = self._renewals(ahead_ps, rate * single)
        span_ps = max(0.0, ahead_ps - self._light_from_ps)
        light: npt.NDArray[np.float64] = random.random(random.poisson(rate * (1 - single) * span_ps))
        light *= span_ps
        light += self._light_from_ps
        tags = self._arrivals.stretch(
            self._now_ps, self._now_ps + duration_ps, np.concatenate([emitter, light], dtype=np.float64), detection
        )
        self._light_from_ps = max(self._light_from_ps, ahead_ps) - duration_ps
        self._next_ps = None if self._next_ps is None else self._next_ps - duration_ps
        self._now_ps += duration_ps
        return tags

    def _renewals(self, ahead_ps: float, rate: float) -> npt.NDArray[np.float64]:
        """Photons of the two-level part before ``ahead_ps``, each detected one a sum of two exponential waits.

        A renewal process of such waits, thinned by any efficiency, is one again with the same sum of rates 1/recovery and the
        product rate/recovery: so the detected photons are drawn at once, and those that are lost never.
        """
        if rate == 0:
            self._next_ps = None
            return np.empty(0)
        total = 1 / self.parameters.recovery_ps
        root = math.sqrt(max(0.0, total * total - 4 * rate * total))
        fast, slow = (total + root) / 2, 2 * rate * total / (total + root)
        if self._next_ps is None:
            # In equilibrium the emitter is excited, with only the fast or slow wait left, as often as it waits in that state.
            excited = self._random.random() < (1 / fast) / (1 / fast + 1 / slow)
            self._next_ps = self._random.exponential(1 / fast) + (0 if excited else self._random.exponential(1 / slow))
        photons = []
        while self._next_ps < ahead_ps:
            count = int((ahead_ps - self._next_ps) * rate * 1.01) + 64
            waits = self._random.standard_exponential(count)
            waits /= slow
            decay = self._random.standard_exponential(count)
            decay /= fast
            waits += decay
            times = np.cumsum(np.concatenate([[self._next_ps], waits]))
            cut = int(np.searchsorted(times, ahead_ps))
            photons.append(times[:cut])
            # What was drawn beyond the end is dropped but its first: waits are independent, so others may be drawn later.
            self._next_ps = float(times[min(cut, count)])
        return np.concatenate(photons) if photons else np.empty(0)


def _successes(random: np.random.Generator, trials: int, probability: float) -> npt.NDArray[np.int64]:
    """Ascending indices of the successes among independent trials: the gaps between them are geometric, floored exponentials."""
    if trials == 0 or probability == 0:
        return np.empty(0, np.int64)
    if probability == 1:
        return np.arange(trials)
    mean = -math.log1p(-probability)
    found: list[npt.NDArray[np.int64]] = []
    last = -1
    while last < trials:
        count = int((trials - last) * probability + 6 * math.sqrt(trials * probability)) + 16
        gaps = random.standard_exponential(count)
        gaps /= mean
        index = np.floor(gaps, out=gaps).astype(np.int64)
        index += 1
        index[0] += last
        np.cumsum(index, out=index)
        found.append(index)
        last = int(index[-1])
    index = found[0] if len(found) == 1 else np.concatenate(found)
    return index[: np.searchsorted(index, trials)]
