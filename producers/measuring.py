"""Planned measurements of a device: what each kind finds in the device's present condition."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from producers.apparatus import Apparatus
from producers.couplings import brightness, pair_fidelity
from producers.entanglement.counts import (
    BellTest,
    Correlations,
    Key,
    Projections,
    chsh_counts,
    pauli_correlations,
    projection_counts,
    sifted_bits,
)
from producers.entanglement.state import Density, bell_state
from producers.errors import FleetError
from producers.matter.line import Spectrum, spectrum
from producers.matter.readout import Shots, shot
from producers.matter.resonator import Sweep, swept
from producers.matter.spin import Benchmark, Decay, benchmarked, decayed
from producers.optics.arrivals import Arrivals, Emission, arrived
from producers.optics.clicks import Clicks, clicked
from producers.optics.coupling import Power, checked
from producers.optics.heralding import Heralded, Pairs, heralded, paired
from producers.optics.interferometer import Hom, scanned
from producers.optics.repetition import Repetition, driven
from producers.sources import CwParameters, Detection, InterferenceParameters, PulsedParameters
from schemas.measurements import Data

Measure = (
    Sweep
    | Decay
    | Benchmark
    | Shots
    | Spectrum
    | Hom
    | Arrivals
    | Clicks
    | Pairs
    | Heralded
    | Power
    | Repetition
    | Correlations
    | Projections
    | BellTest
    | Key
)
"""Every kind of planned measurement, told apart by ``kind``."""

_Part = TypeVar("_Part")
_Take = Callable[[Any, Apparatus, Apparatus, np.random.Generator], Data]
"""By whom a kind is measured: of the measurement, the parts as they are and as the fleet file says, and luck."""


def lacks(measure: Measure, apparatus: Apparatus) -> str | None:
    """The part that a measurement needs and that is not there; None where nothing is missing."""
    part, _ = _KINDS[type(measure)]
    if part == "entangler":
        return part if pair_fidelity(apparatus) is None else None
    if isinstance(measure, Repetition) and not isinstance(apparatus.source, PulsedParameters):
        return "pulsed source"
    return part if getattr(apparatus, part) is None else None


def measured(measure: Measure, now: Apparatus, nominal: Apparatus, random: np.random.Generator) -> Data:
    """One measurement.

    Raises:
        FleetError: the device has not what it measures.
    """
    if (missing := lacks(measure, now)) is not None:
        raise FleetError(f"no {missing} to measure a {type(measure).__name__} of")
    _, take = _KINDS[type(measure)]
    return take(measure, now, nominal, random)


def _purity(now: Apparatus) -> float:
    source = now.source
    return source.g2 if isinstance(source, PulsedParameters | CwParameters | InterferenceParameters) else 0.0


def _emission(plan: Arrivals, now: Apparatus, nominal: Apparatus) -> Emission:
    source = now.source
    trigger_ps, lifetime_ps = 0.0 if now.laser is None else now.laser.jitter_ps, plan.lifetime_ps
    if isinstance(source, PulsedParameters):
        trigger_ps, lifetime_ps = source.trigger_jitter_ps, source.lifetime_ps
    return Emission(
        lifetime_ps=lifetime_ps,
        jitter_ps=math.hypot(trigger_ps, _detection(now).jitter_ps),
        background_hz=sum(_detection(now).background_hz),
        brightness=brightness(now, nominal),
    )


def _pair(now: Apparatus) -> Density:
    fidelity = pair_fidelity(now)
    if fidelity is None:
        raise FleetError("neither entangler nor link, so no pairs to measure")
    if now.entangler is not None and now.repeater is None:
        return bell_state(fidelity, now.entangler.noise)
    return bell_state(max(0.25, fidelity))


def _part(part: _Part | None) -> _Part:
    if part is None:
        raise FleetError("a part went missing")
    return part


def _detection(now: Apparatus) -> Detection:
    if now.source is None:
        raise FleetError("no source, so no detectors")
    return now.source.detection


def _pulsed(now: Apparatus) -> PulsedParameters:
    if not isinstance(now.source, PulsedParameters):
        raise FleetError("no pulsed source to drive")
    return now.source


def _hom(plan: Hom, now: Apparatus, nominal: Apparatus, random: np.random.Generator) -> Data:
    return scanned(_part(now.interferometer), _purity(now), plan.pairs * brightness(now, nominal) ** 2, random)


def _clicks(plan: Clicks, now: Apparatus, nominal: Apparatus, random: np.random.Generator) -> Data:
    detection = _detection(now)
    return clicked(plan, brightness(now, nominal), detection.background_hz[0], detection.dead_time_ps, random)


def _pairs(plan: Pairs, now: Apparatus, nominal: Apparatus, random: np.random.Generator) -> Data:
    return paired(plan, brightness(now, nominal), _detection(now).background_hz[0], random)


_KINDS: Mapping[type, tuple[str, _Take]] = {
    Sweep: ("resonator", lambda plan, now, _, random: swept(_part(now.resonator), plan, random)),
    Decay: ("spin", lambda plan, now, _, random: decayed(_part(now.spin), plan, random)),
    Benchmark: ("spin", lambda plan, now, _, random: benchmarked(_part(now.spin), plan, random)),
    Shots: ("readout", lambda plan, now, _, random: shot(_part(now.readout), plan, random)),
    Spectrum: ("line", lambda plan, now, _, random: spectrum(_part(now.line), plan, random)),
    Hom: ("interferometer", _hom),
    Arrivals: ("source", lambda plan, now, nominal, random: arrived(_emission(plan, now, nominal), plan, random)),
    Clicks: ("source", _clicks),
    Pairs: ("source", _pairs),
    Heralded: ("source", lambda plan, now, nominal, random: heralded(plan, brightness(now, nominal), _purity(now), random)),
    Power: ("optics", lambda plan, now, _, random: checked(_part(now.optics), plan, random)),
    Repetition: ("source", lambda plan, now, nominal, random: driven(_pulsed(now), plan, brightness(now, nominal), random)),
    Correlations: ("entangler", lambda plan, now, _, random: pauli_correlations(_pair(now), plan, random)),
    Projections: ("entangler", lambda plan, now, _, random: projection_counts(_pair(now), plan, random)),
    BellTest: ("entangler", lambda plan, now, _, random: chsh_counts(_pair(now), plan, random)),
    Key: ("entangler", lambda plan, now, _, random: sifted_bits(_pair(now), plan, random)),
}
"""Of each kind, the part that it needs and how it is measured."""
