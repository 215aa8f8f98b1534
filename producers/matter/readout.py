"""Single-shot readout: clouds in the IQ plane of a state prepared as ground or excited."""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from producers.errors import SourceError
from producers.plan import Plan
from schemas.measurements import ReadoutShots


class Readout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``amplitude`` is the distance between the clouds in units of each cloud's sigma, before the amplifier saturates.

    An amplifier passes an amplitude a·``drive`` as a·drive/sqrt(1 + (a·drive/``saturation``)²). A part ``preparation_error`` of
    the shots starts in the other state; an excited one relaxes during the integration with ``t1_s``.
    """

    amplitude: float = 5.0
    drive: float = 1.0
    saturation: float = 50.0
    angle_rad: float = 0.6
    preparation_error: float = 0.005
    integration_s: float = 1e-6
    t1_s: float = 100e-6

    def __post_init__(self) -> None:
        if min(self.amplitude, self.drive, self.saturation, self.integration_s, self.t1_s) <= 0:
            raise SourceError(f"{self}: amplitude, drive, saturation and times must be positive")
        if not 0 <= self.preparation_error < 0.5:
            raise SourceError(f"a preparation error of {self.preparation_error} must lie in [0, 0.5)")

    @property
    def separation(self) -> float:
        """Distance between the clouds of states that stay, in sigmas.

        Each cloud lies at half the amplitude on top of a carrier as large as the amplitude; both are compressed.
        """
        low, high = (self._compressed(self.amplitude * part) for part in (0.5, 1.5))
        return high - low

    def _compressed(self, amplitude: float) -> float:
        driven = amplitude * self.drive
        return driven / math.sqrt(1 + (driven / self.saturation) ** 2)


class Shots(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="readout-shots"):
    """``shots`` of each prepared state."""

    shots: int = 1000


def shot(readout: Readout, plan: Shots, random: np.random.Generator) -> ReadoutShots:
    ground, excited = (_cloud(readout, plan.shots, random, prepared_excited=state) for state in (False, True))
    return ReadoutShots(
        ground_i=tuple(ground.real.tolist()),
        ground_q=tuple(ground.imag.tolist()),
        excited_i=tuple(excited.real.tolist()),
        excited_q=tuple(excited.imag.tolist()),
        integration_s=readout.integration_s,
    )


def _cloud(readout: Readout, count: int, random: np.random.Generator, *, prepared_excited: bool) -> npt.NDArray[np.complex128]:
    excited = (random.random(count) < readout.preparation_error) != prepared_excited
    # A shot's mean moves back by the part of the integration for which it has relaxed.
    stayed = np.minimum(random.standard_exponential(count) * (readout.t1_s / readout.integration_s), 1.0)
    along = np.where(excited, stayed, 0.0) * readout.separation
    noise = random.standard_normal((2, count))
    turned: npt.NDArray[np.complex128] = (along + noise[0] + 1j * noise[1]) * np.exp(1j * readout.angle_rad)
    return turned
