"""Photon pairs: parametric down-conversion and the biexciton cascade, heralded, split, or analysed in any bases.

When pairs are born depends on the seed alone, slab by slab of time: two sources of one seed that see one arm each share their
pairs, as two nodes of a network do, wherever their stretches are cut and whatever their detectors lose.
"""

import math
from fractions import Fraction
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from producers.detection import SECOND_PS, Detection, Photons
from producers.entanglement.state import PLUS, Noise, bell_state, joint_probabilities, linear
from producers.errors import SourceError
from producers.sources.source import Stretches, joined
from producers.trials import successes
from producers.variates import JITTER_REACH, chance, exponentials, uniforms
from schemas.block import Channels, Times
from schemas.measurements import Amplitudes, Basis

_SLAB_PS = 10**10
Floats = npt.NDArray[np.float64]


class Analysers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each photon of a pair in Φ⁺ of this fidelity is measured: in a Pauli basis, or linearly polarised at an angle in rad."""

    fidelity: float
    noise: Noise = "white"
    first: Basis | float = "Z"
    second: Basis | float = "Z"

    def __post_init__(self) -> None:
        bell_state(self.fidelity, self.noise)

    @property
    def probabilities(self) -> tuple[float, float, float, float]:
        """Of the outcomes pp, pm, mp, mm."""
        return joint_probabilities(bell_state(self.fidelity, self.noise), _state(self.first), _state(self.second))


class PairParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="model", tag="pairs"):
    """Pairs at a mean rate, in pulses or continuously (no ``period_ps``), their two photons in two arms.

    ``statistics`` of the number in a pulse: poisson (many modes), thermal (one mode), single (at most one: an atom's). The second
    photon of down-conversion comes ``spread_ps`` (scale of a two-sided exponential) from the first. Of a cascade, the first comes
    the first ``cascade_ps`` after the pulse, and the second the other after that (means of exponentials).
    ``transmission`` of each arm comes on top of the detectors' efficiencies.

    Detectors: one in the first arm, then one in the second or two behind a beam splitter; with ``analysers`` two in each, + and
    -. With ``arm`` (0 or 1) this source sees that arm only.
    """

    rate_hz: float
    period_ps: float | None = None
    statistics: Literal["poisson", "thermal", "single"] = "poisson"
    spread_ps: float = 0.0
    cascade_ps: tuple[float, float] | None = None
    transmission: tuple[float, float] = (1.0, 1.0)
    analysers: Analysers | None = None
    arm: Literal[0, 1] | None = None
    detection: Detection = Detection()

    def __post_init__(self) -> None:
        if self.rate_hz < 0 or self.spread_ps < 0 or min(self.cascade_ps or (0.0,)) < 0:
            raise SourceError(f"{self}: rate, spread and lifetimes cannot be negative")
        if self.period_ps is None:
            if self.statistics != "poisson" or self.cascade_ps:
                raise SourceError(f"{self.statistics} statistics and cascades need pulses; give period_ps")
        elif self.period_ps <= 0 or (self.statistics == "single" and self.mean_pairs > 1):
            raise SourceError(f"a period of {self.period_ps} ps with {self.rate_hz:g} pairs/s: at most one pair fits in a pulse")
        if not all(0 <= part <= 1 for part in self.transmission):
            raise SourceError(f"transmissions {self.transmission} must lie in [0, 1]")
        if len(self.detection.efficiency) not in self._detectors():
            raise SourceError(
                f"{len(self.detection.efficiency)} detectors where {' or '.join(map(str, self._detectors()))} are needed"
            )

    def _detectors(self) -> tuple[int, ...]:
        if self.analysers is not None:
            return (4,) if self.arm is None else (2,)
        return {None: (2, 3), 0: (1,), 1: (1, 2)}[self.arm]

    @property
    def mean_pairs(self) -> float:
        """In a pulse."""
        return self.rate_hz * (self.period_ps or 0.0) / SECOND_PS


class _Born(NamedTuple):
    """Pairs in the order of their birth: when (since the stretch's start), their photons' delays, and an outcome's uniform."""

    at_ps: Floats
    first_ps: Floats
    second_ps: Floats
    fate: Floats


class PairSource:
    """A ``Source`` of pairs. ``parameters`` may be exchanged between advances; births heed them from the next slab on."""

    def __init__(self, parameters: PairParameters, seed: int) -> None:
        self.parameters = parameters
        self._seed = seed
        # What happens on the way differs between the arms; when pairs are born does not.
        self._stretches = Stretches(seed if parameters.arm is None else seed + 1_000_003 * (parameters.arm + 1))
        self._slab = 0
        self._pending = _Born(*(np.empty(0) for _ in range(4)))
        self._drawn_ps = 0
        """Up to where pairs were born, since the stretch's start."""

    def advance(self, duration_ps: int) -> tuple[Times, Channels]:
        rate_hz = 2 * self.parameters.rate_hz + sum(self.parameters.detection.background_hz)
        return joined([self._slice(slice_ps) for slice_ps in self._stretches.slices(duration_ps, rate_hz)])

    def set_back(self) -> None:
        self._stretches.now_ps = 0

    def _slice(self, duration_ps: int) -> tuple[Times, Channels]:
        detection = self.parameters.detection
        born = self._until(duration_ps + JITTER_REACH * detection.jitter_ps)
        photons = self._kept(born)
        self._pending = self._pending._replace(at_ps=self._pending.at_ps - duration_ps)
        self._drawn_ps -= duration_ps
        return self._stretches.clicks(duration_ps, photons, detection)

    def _until(self, ahead_ps: float) -> _Born:
        """The pairs born before ``ahead_ps``."""
        parts = [self._pending]
        while self._drawn_ps < ahead_ps:
            parts.append(_slab(self.parameters, self._seed, self._slab, self._drawn_ps))
            self._slab += 1
            self._drawn_ps += _SLAB_PS
        born = _Born(*(np.concatenate(column) for column in zip(*parts, strict=True))) if len(parts) > 1 else parts[0]
        cut = int(np.searchsorted(born.at_ps, ahead_ps))
        self._pending = _Born(*(column[cut:] for column in born))
        return _Born(*(column[:cut] for column in born))

    def _kept(self, born: _Born) -> Photons:
        """The photons that will be detected, with their detectors."""
        parameters, random = self.parameters, self._stretches.random
        times: list[Floats] = []
        numbers: list[npt.NDArray[np.int64]] = []
        offset = 0
        for arm in (0, 1) if parameters.arm is None else (parameters.arm,):
            number = self._detectors_of(arm, born, offset)
            efficiency = np.array(parameters.detection.efficiency) * parameters.transmission[arm]
            kept = np.flatnonzero(uniforms(random, number.size) <= efficiency.astype(np.float32)[number])
            delay_ps = born.first_ps if arm == 0 else born.second_ps
            times.append((born.at_ps + delay_ps)[kept])
            numbers.append(number[kept])
            offset += 1 if parameters.analysers is None else 2
        return Photons(np.concatenate(times), np.concatenate(numbers))

    def _detectors_of(self, arm: int, born: _Born, offset: int) -> npt.NDArray[np.int64]:
        parameters, count = self.parameters, born.at_ps.size
        if parameters.analysers is not None:
            outcome = np.searchsorted(np.cumsum(parameters.analysers.probabilities)[:3], born.fate, side="right")
            return offset + (outcome // 2 if arm == 0 else outcome % 2)
        number = np.full(count, offset)
        if len(parameters.detection.efficiency) - offset == 2 and arm == 1:
            number += chance(self._stretches.random, count, 1 - parameters.detection.transmission)
        return number


def _slab(parameters: PairParameters, seed: int, slab: int, start_ps: int) -> _Born:
    """The pairs born in one slab of time; ``start_ps`` is where it begins in the stretch's time."""
    random = np.random.Generator(np.random.SFC64([seed, slab]))
    if parameters.period_ps is None:
        at_ps = np.sort(random.random(random.poisson(parameters.rate_hz * _SLAB_PS / SECOND_PS)) * _SLAB_PS)
    else:
        period = Fraction(parameters.period_ps)
        first, beyond = (math.ceil(edge * _SLAB_PS / period) for edge in (slab, slab + 1))
        at_ps = _occupied(random, beyond - first, parameters).astype(np.float64)
        at_ps *= parameters.period_ps
        at_ps += float(first * period - slab * _SLAB_PS)
    count = at_ps.size
    if parameters.cascade_ps is not None:
        first_ps = exponentials(random, count, parameters.cascade_ps[0]).astype(np.float64)
        second_ps = first_ps + exponentials(random, count, parameters.cascade_ps[1])
    else:
        apart = exponentials(random, count, parameters.spread_ps).astype(np.float64)
        apart[chance(random, count, 0.5)] *= -1
        first_ps, second_ps = np.maximum(0.0, -apart), np.maximum(0.0, apart)
    return _Born(at_ps + start_ps, first_ps, second_ps, random.random(count))


def _occupied(random: np.random.Generator, pulses: int, parameters: PairParameters) -> npt.NDArray[np.int64]:
    """Ascending numbers of pulses, each as often as it holds a pair."""
    mean = parameters.mean_pairs
    match parameters.statistics:
        case "poisson":
            return np.sort(random.integers(0, pulses, random.poisson(mean * pulses)))
        case "thermal":
            index = successes(random, pulses, mean / (1 + mean))
            return np.repeat(index, random.geometric(1 / (1 + mean), index.size))
        case "single":
            return successes(random, pulses, mean)


def _state(analyser: Basis | float) -> Amplitudes:
    return linear(analyser) if isinstance(analyser, float | int) else PLUS[analyser]
