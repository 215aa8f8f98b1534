"""A triggered single-photon emitter before a beam splitter and two detectors (Hanbury Brown-Twiss)."""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from producers.detection import SECOND_PS, Detection, Photons
from producers.errors import SourceError
from producers.sources.source import Stretches, joined
from producers.sources.telegraph import Blinking, Telegraph
from producers.trials import success_positions, successes
from producers.variates import JITTER_REACH, exponentials, normals, uniforms
from schemas.block import Channels, Times


class PulsedParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="pulsed"):
    """A triggered emitter. ``rate_hz`` is the mean rate of photons that reach the beam splitter, ``g2`` their g2(0).

    Each pulse holds 0, 1 or 2 photons with <n> = rate·period = m, p2 = g2·m²/2 and p1 = m - g2·m². Then <n(n-1)>/<n>² = g2, and
    no loss changes it. Every photon leaves after its own exponential delay of mean ``lifetime_ps``; the laser's own jitter,
    ``trigger_jitter_ps`` (sigma), moves all photons of a pulse alike. A part ``reexcited`` of the double pulses comes of
    re-excitation: the first photon leaves while the pulse of ``pulse_ps`` lasts, and the second is excited in what is left of it.
    Of an emitter that blinks, ``rate_hz`` is the rate in bright periods.
    """

    rate_hz: float
    period_ps: float = 12_500.0
    g2: float = 0.0
    lifetime_ps: float = 500.0
    trigger_jitter_ps: float = 0.0
    reexcited: float = 0.0
    pulse_ps: float = 0.0
    blinking: Blinking = Blinking()
    detection: Detection = Detection()

    def __post_init__(self) -> None:
        if self.rate_hz < 0 or self.period_ps <= 0 or self.lifetime_ps < 0 or self.g2 < 0:
            raise SourceError(f"{self}: rate, lifetime and g2 cannot be negative, and the period must be positive")
        if self.trigger_jitter_ps < 0 or self.pulse_ps < 0 or not 0 <= self.reexcited <= 1:
            raise SourceError(
                f"trigger jitter {self.trigger_jitter_ps} ps and pulse {self.pulse_ps} ps cannot be negative, and the re-excited "
                f"part {self.reexcited} must lie in [0, 1]"
            )
        mean = self.mean_photons
        if self.g2 * mean > 1 or mean - self.g2 * mean**2 / 2 > 1:
            raise SourceError(
                f"{mean:.3g} photons a pulse with g2(0) = {self.g2:g} need more than two in one pulse; lower either"
            )
        if len(self.detection.efficiency) != 2:
            raise SourceError(f"{len(self.detection.efficiency)} detectors: two stand behind the beam splitter")

    @property
    def mean_photons(self) -> float:
        return self.rate_hz * self.period_ps / SECOND_PS

    @property
    def measured_g2(self) -> float:
        """Ratio of the central peak's area to that of a far side peak, each one whole period, background included.

        Blinking raises near side peaks and the central one, and far ones not; the value here is without it.
        """
        return self.detection.mixed_g2(self.g2, self.rate_hz)


class PulsedSource:
    """A ``Source`` of pulses. ``parameters`` may be exchanged between advances; the pulses keep their phase."""

    def __init__(self, parameters: PulsedParameters, seed: int) -> None:
        self.parameters = parameters
        self._stretches = Stretches(seed)
        self._telegraph = Telegraph(self._stretches.random)
        self._pulse_ps = 0.0
        """Time of the next pulse to be drawn, since the stretch's start."""

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        parameters = self.parameters
        first, second = parameters.detection.shares
        rate_hz = parameters.rate_hz * (first + second) + sum(parameters.detection.background_hz)
        return joined([self._slice(slice_ps) for slice_ps in self._stretches.slices(duration_ps, rate_hz)])

    def set_back(self) -> None:
        self._stretches.now_ps = 0

    def _slice(self, duration_ps: int) -> tuple[Times, Channels]:
        parameters, stretches = self.parameters, self._stretches
        first, second = parameters.detection.shares
        # Pulses up to the jitter's reach behind the end can still be detected inside it.
        ahead_ps = duration_ps + JITTER_REACH * (parameters.detection.jitter_ps + parameters.trigger_jitter_ps)
        pulses = max(0, math.ceil((ahead_ps - self._pulse_ps) / parameters.period_ps))
        emitted = self._emitted(pulses, ahead_ps, first + second)
        photons = Photons(emitted, stretches.split(emitted.size, second / (first + second)))
        self._pulse_ps += pulses * parameters.period_ps - duration_ps
        self._telegraph.advance(duration_ps)
        return stretches.clicks(duration_ps, photons, parameters.detection)

    def _emitted(self, pulses: int, ahead_ps: float, detected: float) -> npt.NDArray[np.float64]:
        """Times of the photons of so many pulses, of which this part is detected."""
        parameters, random = self.parameters, self._stretches.random
        mean = parameters.mean_photons * detected
        twins = parameters.g2 * mean * mean / 2
        occupied = mean - twins  # p1 + p2 of what is detected
        emitted = success_positions(random, pulses, occupied)
        emitted *= parameters.period_ps
        emitted += self._pulse_ps
        if parameters.blinking.off_s:
            emitted = emitted[self._telegraph.lit(emitted, ahead_ps, parameters.blinking)]
        if parameters.trigger_jitter_ps:
            emitted += normals(random, emitted.size, parameters.trigger_jitter_ps)
        alone = emitted.size
        double = successes(random, alone, twins / occupied) if twins else np.empty(0, np.int64)
        emitted = np.concatenate([emitted, emitted[double]])
        if parameters.lifetime_ps:
            delay = exponentials(random, emitted.size, parameters.lifetime_ps)
        else:
            delay = np.zeros(emitted.size, np.float32)
        if parameters.reexcited and double.size:
            chosen = successes(random, double.size, parameters.reexcited)
            left = uniforms(random, chosen.size) * np.float32(parameters.pulse_ps)
            delay[double[chosen]] = left
            delay[alone + chosen] += left + uniforms(random, chosen.size) * (np.float32(parameters.pulse_ps) - left)
        emitted += delay
        return emitted
