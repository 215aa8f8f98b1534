"""A microwave or optical resonator with its feed line, alone or coupled to a spin, and sweeps of it."""

import math
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from producers.errors import SourceError
from producers.plan import Plan
from schemas.measurements import ResonatorSweep
from schemas.records import Parameter

Frequencies = npt.NDArray[np.float64]
Response = npt.NDArray[np.complex128]


class Resonator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frequencies in Hz (no 2π), quality factors of the losses inside and into the line.

    ``mismatch_rad`` turns the resonance circle (impedance mismatch); ``gain``, ``phase_rad`` and ``delay_s`` are the line's. A
    spin at ``spin_offset_hz`` from the resonance couples with ``coupling_hz`` (g/2π) and is ``spin_width_hz`` wide. A second
    mode ``neighbour_offset_hz`` away takes the part ``neighbour_depth`` of the signal at its own resonance. A kelvin above its
    set point moves it by ``hz_per_k`` and adds ``loss_per_k`` of its internal losses.
    """

    frequency_hz: float = 7e9
    q_internal: float = 50_000.0
    q_coupling: float = 12_000.0
    mismatch_rad: float = 0.0
    gain: float = 1.0
    phase_rad: float = 0.0
    delay_s: float = 0.0
    coupling_hz: float = 0.0
    spin_offset_hz: float = 0.0
    spin_width_hz: float = 1e5
    neighbour_offset_hz: float = 5e6
    neighbour_depth: float = 0.0
    hz_per_k: float = -4e5
    loss_per_k: float = 0.3

    def __post_init__(self) -> None:
        if min(self.frequency_hz, self.q_internal, self.q_coupling, self.gain) <= 0:
            raise SourceError(f"{self}: frequency, quality factors and gain must be positive")
        if not abs(self.mismatch_rad) < math.pi / 2:
            raise SourceError(f"a mismatch of {self.mismatch_rad} rad turns the circle inside out; stay within ±π/2")
        if self.coupling_hz < 0 or self.spin_width_hz <= 0 or not 0 <= self.neighbour_depth < 1:
            raise SourceError(f"{self}: no negative coupling, a spin of some width, and a neighbour of depth below 1")

    @property
    def q_loaded(self) -> float:
        """1/Ql = 1/Qi + cos φ/|Qc| (Probst et al., Rev. Sci. Instrum. 86, 024706 (2015))."""
        return 1 / (1 / self.q_internal + math.cos(self.mismatch_rad) / self.q_coupling)

    @property
    def linewidth_hz(self) -> float:
        """κ/2π, the loaded linewidth."""
        return self.frequency_hz / self.q_loaded


def response(resonator: Resonator, frequency_hz: Frequencies, geometry: str) -> Response:
    """Complex transmission beside, at the end of, or through the resonator, at each frequency.

    Input and output theory: 1 - a·(κc/2)·e^{iφ}·χ with a = 1 beside the line, 2 at its end, and 1/χ = κ/2 + i·(f - fr) +
    g²/(w/2 + i·(f - fs)), in frequencies without 2π; w is the spin's width.
    """
    off = frequency_hz - resonator.frequency_hz
    inverse = resonator.linewidth_hz / 2 + 1j * off
    if resonator.coupling_hz:
        inverse += resonator.coupling_hz**2 / (resonator.spin_width_hz / 2 + 1j * (off - resonator.spin_offset_hz))
    leak = resonator.frequency_hz / resonator.q_coupling / 2 * np.exp(1j * resonator.mismatch_rad)
    match geometry:
        case "notch":
            ideal = 1 - leak / inverse
        case "reflection":
            ideal = 1 - 2 * leak / inverse
        case _:
            ideal = leak / inverse
    if resonator.neighbour_depth:
        width = resonator.linewidth_hz / 2
        ideal *= 1 - resonator.neighbour_depth * width / (width + 1j * (off - resonator.neighbour_offset_hz))
    turned: Response = ideal * np.exp(1j * (resonator.phase_rad - 2 * math.pi * frequency_hz * resonator.delay_s))
    return resonator.gain * turned


class Sweep(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="resonator-sweep"):
    """A sweep around ``centre_hz`` over ``span_hz``, with noise of sigma ``noise`` in each quadrature.

    Without ``with_spin`` the spin is tuned far away.
    """

    geometry: Literal["notch", "reflection", "transmission"] = "notch"
    centre_hz: float = 7e9
    span_hz: float = 2e7
    points: int = 401
    noise: float = 0.01
    with_spin: bool = False

    @property
    def conditions(self) -> dict[str, Parameter]:
        return {"spin": "resonant" if self.with_spin else "detuned"}


def swept(resonator: Resonator, sweep: Sweep, random: np.random.Generator) -> ResonatorSweep:
    """One sweep of it."""
    frequency_hz = np.linspace(sweep.centre_hz - sweep.span_hz / 2, sweep.centre_hz + sweep.span_hz / 2, sweep.points)
    seen = response(resonator if sweep.with_spin else replace(resonator, coupling_hz=0.0), frequency_hz, sweep.geometry)
    noise = random.standard_normal((2, sweep.points)) * sweep.noise
    return ResonatorSweep(
        geometry=sweep.geometry,
        frequency_hz=tuple(frequency_hz.tolist()),
        s_real=tuple((seen.real + noise[0]).tolist()),
        s_imag=tuple((seen.imag + noise[1]).tolist()),
    )
