"""How the parts of a device move each other: what a warm cryostat, a wandering laser or a slipped fibre does to all the rest.

The numbers of a fleet file are those of a device at its best. Drifts and faults act on root causes alone; here each part's
present number is worked out from them, always as a ratio or difference to what the file says.
"""

import math
from typing import Any

from msgspec.structs import replace

from producers.apparatus import Apparatus
from producers.entanglement.link import Link
from producers.entanglement.state import fidelity_of_cascade
from producers.matter.spin import Spin
from producers.sources import CwParameters, InterferenceParameters, PulsedParameters
from producers.sources.build import SourceParameters

_MOST_PHOTONS = 0.9
"""In a pulse, of whatever is driven harder."""
_ECHO_LEAK = 0.02
"""Part of slow noise that an echo does not undo."""
_CROSSTALK = 0.05
"""Gate error that a neighbouring mode of full depth brings."""
_SHAKEN_MEMORY_M = 1e-7
"""Vibration that halves a memory's time."""


def coupled(bare: Apparatus, nominal: Apparatus) -> Apparatus:
    """What the parts come to. ``bare``: with drifts and faults, uncoupled; ``nominal``: as the fleet file says.

    Raises:
        SourceError: a part that cannot be.
    """
    now = _cooled(bare)
    alike = _alike(now) / _alike(nominal)
    bright = _absorbed(now, nominal) / _absorbed(nominal, nominal) * _collected(now) / _collected(nominal)
    now = replace(now, source=_lit(now, bright, alike))
    return _measured(now, nominal, bright=bright, alike=alike)


def brightness(now: Apparatus, nominal: Apparatus) -> float:
    """Of the light behind the optics, against what the fleet file says."""
    if now.source is None or nominal.source is None or nominal.source.rate_hz == 0:
        return 1.0
    return now.source.rate_hz * _bright_ratio(now.source) / (nominal.source.rate_hz * _bright_ratio(nominal.source))


def _bright_ratio(source: SourceParameters) -> float:
    """Part of the time in which it does not blink."""
    return source.blinking.bright_ratio if isinstance(source, PulsedParameters | CwParameters) else 1.0


def pair_fidelity(now: Apparatus) -> float | None:
    """Of the pairs that a device or link makes; None where it makes none."""
    if now.repeater is not None:
        return now.repeater.mean_fidelity
    if now.entangler is not None:
        return now.entangler.fidelity
    return None if now.link is None else now.link.pair_fidelity


def _cooled(bare: Apparatus) -> Apparatus:
    """Warmth and vibration act on lines, resonators, spins, memories and the focus."""
    cryostat = bare.cryostat
    if cryostat is None:
        return bare
    above_k = cryostat.temperature_k - cryostat.set_point_k
    warm_k = max(0.0, above_k)
    colder = min(1.0, (cryostat.set_point_k / cryostat.temperature_k) ** 3)
    shaken_m = math.sqrt(max(0.0, cryostat.vibration_m**2 - cryostat.quiet_m**2))
    kept = colder / (1 + shaken_m / _SHAKEN_MEMORY_M)
    parts: dict[str, Any] = {}
    if (line := bare.line) is not None:
        broader_hz = math.hypot(line.diffusion_hz, line.broadening_hz_per_k * warm_k)
        parts["line"] = replace(line, offset_hz=line.offset_hz + line.hz_per_k * above_k, diffusion_hz=broader_hz)
    if (resonator := bare.resonator) is not None:
        moved_hz = max(resonator.frequency_hz / 2, resonator.frequency_hz + resonator.hz_per_k * above_k)
        lossy = resonator.q_internal / (1 + resonator.loss_per_k * warm_k)
        parts["resonator"] = replace(resonator, frequency_hz=moved_hz, q_internal=lossy)
    if (spin := bare.spin) is not None:
        parts["spin"] = replace(spin, t1_s=spin.t1_s * colder, noise_hz=math.hypot(spin.noise_hz, spin.hz_per_m * shaken_m))
    if (optics := bare.optics) is not None:
        parts["optics"] = replace(optics, misalignment_m=math.hypot(optics.misalignment_m, shaken_m))
    if (link := bare.link) is not None:
        parts["link"] = replace(link, memory_s=link.memory_s * kept)
    if (repeater := bare.repeater) is not None:
        parts["repeater"] = replace(repeater, memory_s=repeater.memory_s * kept)
    return replace(bare, **parts)


def _absorbed(now: Apparatus, nominal: Apparatus) -> float:
    """Part of the excitation that a laser beside its line still gives."""
    if now.laser is None:
        return 1.0
    off_hz = now.laser.frequency_offset_hz
    if now.line is not None and nominal.line is not None:
        off_hz -= now.line.offset_hz - nominal.line.offset_hz
    return 1 / (1 + (2 * off_hz / now.laser.width_hz) ** 2)


def _collected(apparatus: Apparatus) -> float:
    return 1.0 if apparatus.optics is None else apparatus.optics.transmission


def _lit(now: Apparatus, bright: float, alike: float) -> SourceParameters | None:
    """The source behind laser and optics: as bright and its photons as alike as they leave it, with the laser's jitter and stray
    light.
    """
    source = now.source
    if source is None:
        return None
    changes: dict[str, Any] = {"rate_hz": source.rate_hz * bright}
    if now.optics is not None and now.optics.stray_hz:
        detection = source.detection
        background_hz = tuple(dark_hz + now.optics.stray_hz for dark_hz in detection.background_hz)
        changes["detection"] = replace(detection, background_hz=background_hz)
    if isinstance(source, CwParameters):
        changes["rate_hz"] = min(changes["rate_hz"], 0.25e12 / source.recovery_ps)
    elif source.period_ps:
        changes["rate_hz"] = min(changes["rate_hz"], _MOST_PHOTONS / source.period_ps * 1e12)
    if isinstance(source, InterferenceParameters):
        changes["overlap"] = min(1.0, source.overlap * alike)
    if isinstance(source, PulsedParameters):
        changes["trigger_jitter_ps"] = _trigger_jitter_ps(now, source)
    return replace(source, **changes)


def _trigger_jitter_ps(apparatus: Apparatus, source: PulsedParameters) -> float:
    return math.hypot(source.trigger_jitter_ps, 0.0 if apparatus.laser is None else apparatus.laser.jitter_ps)


def _alike(apparatus: Apparatus) -> float:
    """How alike two photons are: the mean overlap of lines that wander, lie beside each other, and leave at times that jitter."""
    line, laser, source, alike = apparatus.line, apparatus.laser, apparatus.source, 1.0
    if line is not None:
        off_hz = line.offset_hz + (0.0 if laser is None else laser.frequency_offset_hz)
        alike *= line.width_hz / (line.width_hz + line.diffusion_hz) / (1 + (off_hz / line.width_hz) ** 2)
    if isinstance(source, PulsedParameters) and source.lifetime_ps:
        # Wave packets exp(-t/2τ) that are apart by a Gaussian of √2·sigma: exp(x²)·erfc(x) with x = sigma/τ.
        x = min(20.0, _trigger_jitter_ps(apparatus, source) / source.lifetime_ps)
        alike *= math.exp(x * x) * math.erfc(x)
    return alike


def _measured(now: Apparatus, nominal: Apparatus, *, bright: float, alike: float) -> Apparatus:
    """Light acts on interference and entanglement, noise and timing on gates, a resonator's shift on readout."""
    parts: dict[str, Any] = {}
    clock_s = now.clock.offset_ps * 1e-12
    if (interferometer := now.interferometer) is not None:
        parts["interferometer"] = replace(interferometer, overlap=min(1.0, interferometer.overlap * alike))
    if now.spin is not None and nominal.spin is not None:
        parts["spin"] = _dephased(now.spin, nominal.spin, now, nominal)
    if (readout := now.readout) is not None and now.resonator is not None and nominal.resonator is not None:
        # The tone stays where it was set: beside the resonance it sees less of what the spin does to it.
        off = 2 * (now.resonator.frequency_hz - nominal.resonator.frequency_hz) / now.resonator.linewidth_hz
        parts["readout"] = replace(readout, amplitude=readout.amplitude / (1 + off**2))
    if now.link is not None:
        parts["link"] = _fed(now.link, now, nominal, bright=bright, alike=alike)
    if (repeater := now.repeater) is not None:
        parts["repeater"] = replace(repeater, mistiming_s=repeater.mistiming_s + clock_s)
    if (entangler := now.entangler) is not None:
        kept = alike * _true_part(now) / _true_part(nominal) * _whole(now) / _whole(nominal)
        if (spin := parts.get("spin")) is not None and nominal.spin is not None:
            kept *= math.exp(-entangler.wait_s * (1 / spin.t2_s - 1 / nominal.spin.t2_s))
        lowest = 0.25 if entangler.noise == "white" else 0.5
        fidelity = min(1.0, lowest + (entangler.fidelity - lowest) * kept)
        parts["entangler"] = replace(entangler, fidelity=fidelity)
    return replace(now, **parts)


def _dephased(spin: Spin, best: Spin, now: Apparatus, nominal: Apparatus) -> Spin:
    slow = 2 * math.pi * spin.noise_hz
    t2_s = 1 / (1 / spin.t2_s + _ECHO_LEAK * slow + 0.5 / spin.t1_s - 0.5 / best.t1_s)
    turned_too_far = 2 * math.pi * spin.rabi_hz * now.control.pulse_jitter_s
    error = spin.gate_error + turned_too_far**2 / 6
    if spin.rabi_hz:
        error += max(0.0, 1 / t2_s - 1 / best.t2_s) / spin.rabi_hz / 6
    if now.resonator is not None and nominal.resonator is not None:
        error += _CROSSTALK * max(0.0, now.resonator.neighbour_depth - nominal.resonator.neighbour_depth)
    return replace(spin, t2_s=t2_s, t2star_s=1 / math.sqrt(1 / spin.t2star_s**2 + slow**2 / 2), gate_error=min(0.5, error))


def _fed(link: Link, now: Apparatus, nominal: Apparatus, *, bright: float, alike: float) -> Link:
    """A link that lives on this device's light, detectors and clock."""
    dark_hz = link.dark_hz
    if now.source is not None and nominal.source is not None:
        more_hz = sum(now.source.detection.background_hz) - sum(nominal.source.detection.background_hz)
        dark_hz += max(0.0, more_hz) / len(now.source.detection.background_hz)
    return replace(
        link,
        success=min(1.0, link.success * bright),
        dark_hz=dark_hz,
        skew_s=link.skew_s + now.clock.offset_ps * 1e-12,
        fidelity=min(1.0, 0.25 + (link.fidelity - 0.25) * alike),
    )


def _true_part(apparatus: Apparatus) -> float:
    """Part of the pairs that are the source's own in both detectors."""
    source = apparatus.source
    if source is None or source.rate_hz == 0:
        return 1.0
    return max(0.0, 1 - source.detection.mixed_g2(0.0, source.rate_hz))


def _whole(apparatus: Apparatus) -> float:
    """What fine-structure splitting leaves of a cascade's coherence over its exciton's lifetime."""
    if apparatus.line is None or not isinstance(apparatus.source, PulsedParameters):
        return 1.0
    return fidelity_of_cascade(apparatus.line.splitting_hz, apparatus.source.lifetime_ps * 1e-12)
