"""What every reader of sweeps is told, and the record that it makes."""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from producers.errors import MeasurementFileError
from producers.measurements.reader import ReaderOptions
from schemas.measurements import MeasurementError, ResonatorSweep

Floats = npt.NDArray[np.float64]
Geometry = Literal["notch", "reflection", "transmission"]
NumberFormat = Literal["RI", "MA", "DB"]
"""Real and imaginary; magnitude and degrees; 20·log10 of the magnitude and degrees."""


class SweepOptions(ReaderOptions, frozen=True, kw_only=True):
    """``geometry``: a resonator beside the line (notch), at its end (reflection) or in it (transmission): no file says it."""

    geometry: Geometry | None = None
    frequency_unit: str | None = None


def geometry_of(path: Path, options: SweepOptions, *, reflection: bool) -> Geometry:
    """What was told; a reflection parameter needs no telling.

    Raises:
        MeasurementFileError: nothing was, of a transmission parameter.
    """
    if options.geometry is not None:
        return options.geometry
    if reflection:
        return "reflection"
    raise MeasurementFileError(
        f"{path}: the sweep does not say how its resonator is coupled; say geometry=notch (beside the line), "
        "reflection or transmission"
    )


def complex_of(first: Floats, second: Floats, number_format: NumberFormat) -> npt.NDArray[np.complex128]:
    """Complex values of two columns."""
    if number_format == "RI":
        return np.asarray(first + 1j * second)
    size = 10 ** (first / 20) if number_format == "DB" else first
    return np.asarray(size * np.exp(1j * np.deg2rad(second)))


def sweep_of(path: Path, frequency_hz: Floats, values: npt.NDArray[np.complex128], geometry: Geometry) -> ResonatorSweep:
    """
    Raises:
        MeasurementFileError: values that are not finite.
    """
    try:
        return ResonatorSweep(
            geometry=geometry,
            frequency_hz=tuple(frequency_hz.tolist()),
            s_real=tuple(values.real.tolist()),
            s_imag=tuple(values.imag.tolist()),
        )
    except MeasurementError as error:
        raise MeasurementFileError(f"{path}: {error}; repair the sweep") from error
