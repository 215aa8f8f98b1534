"""A continuously driven emitter before a beam splitter and two detectors (Hanbury Brown-Twiss)."""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from producers.detection import SECOND_PS, Detection, Photons
from producers.errors import SourceError
from producers.sources.source import Stretches, joined
from producers.sources.telegraph import Blinking, Telegraph
from producers.variates import JITTER_REACH, exponentials
from schemas.block import Channels, Times


class CwParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="cw"):
    """A continuously driven emitter with g2(tau) = 1 - (1 - g2)·exp(-|tau|/``recovery_ps``).

    Two parts make it: a two-level emitter (photons come after an exponential excitation and an exponential decay, whose rates
    add up to 1/recovery; a renewal process with exactly 1 - exp(-|tau|/recovery)), and a part 1 - sqrt(1 - g2) of unrelated
    Poisson light. Of an emitter that blinks (a third, dark level), ``rate_hz`` is the rate in bright periods; the Poisson light
    does not blink.
    """

    rate_hz: float
    recovery_ps: float = 2_000.0
    g2: float = 0.0
    blinking: Blinking = Blinking()
    detection: Detection = Detection()

    def __post_init__(self) -> None:
        if self.rate_hz < 0 or self.recovery_ps <= 0 or not 0 <= self.g2 <= 1:
            raise SourceError(f"{self}: the rate cannot be negative, the recovery must be positive, g2(0) must lie in [0, 1]")
        if self.rate_hz * self.recovery_ps / SECOND_PS > 0.25:
            raise SourceError(
                f"an emitter that recovers in {self.recovery_ps:g} ps cannot give {self.rate_hz:g} Hz; lower either"
            )
        if len(self.detection.efficiency) != 2:
            raise SourceError(f"{len(self.detection.efficiency)} detectors: two stand behind the beam splitter")

    @property
    def measured_g2(self) -> float:
        """g2(0) between the two detectors, background included, before their jitter blurs it; without blinking."""
        return self.detection.mixed_g2(self.g2, self.rate_hz)


class CwSource:
    """A ``Source`` of continuous light. ``parameters`` may be exchanged between advances."""

    def __init__(self, parameters: CwParameters, seed: int) -> None:
        self.parameters = parameters
        self._stretches = Stretches(seed)
        self._telegraph = Telegraph(self._stretches.random)
        self._next_ps: float | None = None
        """Time of the emitter's next photon, since the stretch's start; None before the first."""
        self._light_from_ps = 0.0

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        parameters = self.parameters
        rate_hz = parameters.rate_hz * sum(parameters.detection.shares) + sum(parameters.detection.background_hz)
        return joined([self._slice(slice_ps) for slice_ps in self._stretches.slices(duration_ps, rate_hz)])

    def set_back(self) -> None:
        self._stretches.now_ps = 0

    def _slice(self, duration_ps: int) -> tuple[Times, Channels]:
        parameters, stretches = self.parameters, self._stretches
        detection = parameters.detection
        first, second = detection.shares
        ahead_ps = duration_ps + JITTER_REACH * detection.jitter_ps
        rate = parameters.rate_hz * (first + second) / SECOND_PS
        single = math.sqrt(1 - parameters.g2)
        emitter = self._renewals(ahead_ps, rate * single)
        if parameters.blinking.off_s:
            emitter = emitter[self._telegraph.lit(emitter, ahead_ps, parameters.blinking)]
        emitted = np.concatenate([emitter, self._light(ahead_ps, rate * (1 - single))])
        photons = Photons(emitted, stretches.split(emitted.size, second / (first + second)))
        self._next_ps = None if self._next_ps is None else self._next_ps - duration_ps
        self._light_from_ps = max(self._light_from_ps, ahead_ps) - duration_ps
        self._telegraph.advance(duration_ps)
        return stretches.clicks(duration_ps, photons, detection)

    def _light(self, ahead_ps: float, rate: float) -> npt.NDArray[np.float64]:
        random, span_ps = self._stretches.random, max(0.0, ahead_ps - self._light_from_ps)
        light = random.random(random.poisson(rate * span_ps))
        light *= span_ps
        light += self._light_from_ps
        return light

    def _renewals(self, ahead_ps: float, rate: float) -> npt.NDArray[np.float64]:
        """Photons of the two-level part before ``ahead_ps``, each detected one a sum of two exponential waits.

        A renewal process of such waits, thinned by any efficiency, is one again with the same sum of rates 1/recovery and the
        product rate/recovery: so the detected photons are drawn at once, and those that are lost never.
        """
        if rate == 0:
            self._next_ps = None
            return np.empty(0)
        random, total = self._stretches.random, 1 / self.parameters.recovery_ps
        root = math.sqrt(max(0.0, total * total - 4 * rate * total))
        fast, slow = (total + root) / 2, 2 * rate * total / (total + root)
        if self._next_ps is None:
            # In equilibrium the emitter is excited, with only the fast or slow wait left, as often as it waits in that state.
            excited = random.random() < (1 / fast) / (1 / fast + 1 / slow)
            self._next_ps = random.exponential(1 / fast) + (0 if excited else random.exponential(1 / slow))
        photons = []
        while self._next_ps < ahead_ps:
            count = int((ahead_ps - self._next_ps) * rate * 1.01) + 64
            times = np.empty(count + 1)
            times[0] = self._next_ps
            waits = random.standard_exponential(out=times[1:])
            waits *= 1 / slow
            waits += exponentials(random, count, 1 / fast)
            np.cumsum(times, out=times)
            cut = int(np.searchsorted(times, ahead_ps))
            photons.append(times[:cut])
            # What was drawn beyond the end is dropped but its first: waits are independent, so others may be drawn later.
            self._next_ps = float(times[min(cut, count)])
        return photons[0] if len(photons) == 1 else np.concatenate([np.empty(0), *photons])
