"""Two-photon interference (Hong-Ou-Mandel) of an emitter's consecutive photons in an unbalanced interferometer."""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from producers.detection import SECOND_PS, Detection, Photons
from producers.errors import SourceError
from producers.sources.source import Stretches, joined
from producers.trials import successes
from producers.variates import JITTER_REACH, chance, exponentials, uniforms
from schemas.block import Channels, Times


class InterferenceParameters(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="interference"
):
    """A pulsed emitter before an interferometer whose long arm delays by one period, and a detector at each output.

    ``rate_hz`` photons enter, of purity ``g2`` as in ``PulsedParameters``; each takes either arm. Two that meet at the last beam
    splitter, one from each arm, interfere with the mean wave-packet ``overlap`` and the interferometer's ``contrast`` (1 - ε):
    they leave apart with probability R² + T² - 2·R·T·overlap·contrast². Photons of one pulse never interfere.
    """

    rate_hz: float
    period_ps: float = 12_500.0
    g2: float = 0.0
    lifetime_ps: float = 300.0
    overlap: float = 0.9
    contrast: float = 1.0
    reflectivity: float = 0.5
    detection: Detection = Detection()

    def __post_init__(self) -> None:
        if self.rate_hz < 0 or self.period_ps <= 0 or self.lifetime_ps < 0 or self.g2 < 0:
            raise SourceError(f"{self}: rate, lifetime and g2 cannot be negative, and the period must be positive")
        if not (0 <= self.overlap <= 1 and 0 <= self.contrast <= 1 and 0 < self.reflectivity < 1):
            raise SourceError(
                f"overlap {self.overlap} and contrast {self.contrast} must lie in [0, 1], "
                f"reflectivity {self.reflectivity} in (0, 1)"
            )
        mean = self.rate_hz * self.period_ps / SECOND_PS
        if self.g2 * mean > 1 or mean - self.g2 * mean**2 / 2 > 1:
            raise SourceError(
                f"{mean:.3g} photons a pulse with g2(0) = {self.g2:g} need more than two in one pulse; lower either"
            )
        if len(self.detection.efficiency) != 2:
            raise SourceError(f"{len(self.detection.efficiency)} detectors: one stands at each output")

    @property
    def apart(self) -> float:
        """Probability that two photons that interfere leave by different outputs."""
        return coincidence_probability(self.reflectivity, self.overlap * self.contrast**2)


def coincidence_probability(reflectivity: float, overlap: float) -> float:
    """R² + T² - 2·R·T·overlap: that two photons, one at each input, leave by different outputs."""
    reflected, passed = reflectivity, 1 - reflectivity
    return reflected**2 + passed**2 - 2 * reflected * passed * overlap


class InterferenceSource:
    """A ``Source`` behind an interferometer. ``parameters`` may be exchanged between advances; the pulses keep their phase."""

    def __init__(self, parameters: InterferenceParameters, seed: int) -> None:
        self.parameters = parameters
        self._stretches = Stretches(seed)
        self._pulse_ps = 0.0
        self._delayed = 0
        """Photons of the last pulse that took the long arm."""

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        rate_hz = self.parameters.rate_hz + sum(self.parameters.detection.background_hz)
        return joined([self._slice(slice_ps) for slice_ps in self._stretches.slices(duration_ps, rate_hz)])

    def set_back(self) -> None:
        self._stretches.now_ps = 0

    def _slice(self, duration_ps: int) -> tuple[Times, Channels]:
        parameters, random = self.parameters, self._stretches.random
        detection = parameters.detection
        ahead_ps = duration_ps + JITTER_REACH * detection.jitter_ps
        pulses = max(0, math.ceil((ahead_ps - self._pulse_ps) / parameters.period_ps))
        slot, early = self._arrivals(pulses)
        output = self._outputs(slot, early)
        efficiency = np.array(detection.efficiency, np.float32)
        kept = np.flatnonzero(uniforms(random, output.size) <= efficiency[output])
        time_ps = slot[kept].astype(np.float64)
        time_ps *= parameters.period_ps
        time_ps += self._pulse_ps
        time_ps += exponentials(random, kept.size, parameters.lifetime_ps)
        self._pulse_ps += pulses * parameters.period_ps - duration_ps
        return self._stretches.clicks(duration_ps, Photons(time_ps, output[kept]), detection)

    def _arrivals(self, pulses: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Slots (ascending) in which photons meet the last beam splitter, and whether each came the short way."""
        parameters, random = self.parameters, self._stretches.random
        mean = parameters.rate_hz * parameters.period_ps / SECOND_PS
        twins = parameters.g2 * mean**2 / 2
        pulse = successes(random, pulses, mean - twins)
        if twins:
            pulse = np.sort(np.concatenate([pulse, pulse[successes(random, pulse.size, twins / (mean - twins))]]))
        early = chance(random, pulse.size, 0.5)
        slot = np.concatenate([np.zeros(self._delayed, np.int64), pulse + ~early])
        early = np.concatenate([np.zeros(self._delayed, np.bool_), early])
        order = np.argsort(slot, kind="stable")
        slot, early = slot[order], early[order]
        inside = int(np.searchsorted(slot, pulses))
        self._delayed = slot.size - inside
        return slot[:inside], early[:inside]

    def _outputs(self, slot: npt.NDArray[np.int64], early: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Output of each photon: alone by the beam splitter's chance; the first two that meet from different arms together."""
        parameters, random = self.parameters, self._stretches.random
        reflected = chance(random, slot.size, parameters.reflectivity)
        output = np.equal(reflected, early).astype(np.int64)
        meet = np.flatnonzero((np.diff(slot) == 0) & (early[1:] != early[:-1]))
        # Of three in a slot two neighbouring pairs could meet: the first does.
        meet = meet[np.diff(meet, prepend=-2) > 1]
        apart = chance(random, meet.size, parameters.apart)
        side = chance(random, meet.size, 0.5).astype(np.int64)
        output[meet], output[meet + 1] = side, side ^ apart
        return output
