"""Planned measurements of a device: what each kind finds in the device's present condition."""

import math
from collections.abc import Mapping

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
from producers.optics.coupling import Power, checked
from producers.optics.interferometer import Hom, scanned
from producers.optics.repetition import Repetition, driven
from producers.sources import CwParameters, PulsedParameters
from schemas.measurements import Data

Measure = (
    Sweep
    | Decay
    | Benchmark
    | Shots
    | Spectrum
    | Hom
    | Arrivals
    | Power
    | Repetition
    | Correlations
    | Projections
    | BellTest
    | Key
)
"""Every kind of planned measurement, told apart by ``kind``."""

_NEEDS: Mapping[type, str] = {
    Sweep: "resonator",
    Decay: "spin",
    Benchmark: "spin",
    Shots: "readout",
    Spectrum: "line",
    Hom: "interferometer",
    Arrivals: "source",
    Power: "optics",
    Repetition: "source",
}


def lacks(measure: Measure, apparatus: Apparatus) -> str | None:
    """The part that a measurement needs and that is not there; None where nothing is missing."""
    part = _NEEDS.get(type(measure))
    if part is not None:
        return part if getattr(apparatus, part) is None else None
    return "entangler" if pair_fidelity(apparatus) is None else None


def measured(measure: Measure, now: Apparatus, nominal: Apparatus, random: np.random.Generator) -> Data:
    """One measurement.

    Raises:
        FleetError: the device has not what it measures.
    """
    match measure:
        case Sweep() if now.resonator is not None:
            return swept(now.resonator, measure, random)
        case Decay() if now.spin is not None:
            return decayed(now.spin, measure, random)
        case Benchmark() if now.spin is not None:
            return benchmarked(now.spin, measure, random)
        case Shots() if now.readout is not None:
            return shot(now.readout, measure, random)
        case Spectrum() if now.line is not None:
            return spectrum(now.line, measure, random)
        case Hom() if now.interferometer is not None:
            pairs = measure.pairs * brightness(now, nominal) ** 2
            return scanned(now.interferometer, _purity(now), pairs, random)
        case Arrivals() if now.source is not None:
            return arrived(_emission(now, nominal), measure, random)
        case Power() if now.optics is not None:
            return checked(now.optics, measure, random)
        case Repetition() if isinstance(now.source, PulsedParameters):
            return driven(now.source, measure, random)
        case Correlations():
            return pauli_correlations(_pair(now), measure, random)
        case Projections():
            return projection_counts(_pair(now), measure, random)
        case BellTest():
            return chsh_counts(_pair(now), measure, random)
        case Key():
            return sifted_bits(_pair(now), measure, random)
    raise FleetError(f"no {lacks(measure, now) or 'pulsed source'} to measure a {type(measure).__name__} of")


def _purity(now: Apparatus) -> float:
    source = now.source
    return source.g2 if isinstance(source, PulsedParameters | CwParameters) else 0.0


def _emission(now: Apparatus, nominal: Apparatus) -> Emission:
    source = now.source
    if source is None:
        raise FleetError("no source whose arrivals could be measured")
    trigger_ps = now.laser.jitter_ps if now.laser is not None else 0.0
    lifetime_ps = 0.0
    if isinstance(source, PulsedParameters):
        trigger_ps, lifetime_ps = source.trigger_jitter_ps, source.lifetime_ps
    elif isinstance(source, CwParameters):
        lifetime_ps = source.recovery_ps
    return Emission(
        lifetime_ps=lifetime_ps,
        jitter_ps=math.hypot(trigger_ps, source.detection.jitter_ps),
        background_hz=sum(source.detection.background_hz),
        brightness=brightness(now, nominal),
    )


def _pair(now: Apparatus) -> Density:
    fidelity = pair_fidelity(now)
    if fidelity is None:
        raise FleetError("neither entangler nor link, so no pairs to measure")
    if now.entangler is not None and now.repeater is None:
        return bell_state(fidelity, now.entangler.noise)
    return bell_state(max(0.25, fidelity))
