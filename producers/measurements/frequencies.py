"""Frequencies of sweeps and spectra: their units as files name them, and which of them can be."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from producers.errors import MeasurementFileError

_HZ: Mapping[str, float] = {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9, "thz": 1e12, "phz": 1e15}
_HIGHEST_HZ = 1e16
"""No resonator and no emitter that is watched is above the far ultraviolet."""
_IN_NAME = re.compile(r"(?<![a-z])([kmgtp]?hz)(?![a-z])", re.IGNORECASE)


def frequency_unit_hz(unit: str, where: str) -> float:
    """Hertz in a unit, written in any case.

    Raises:
        MeasurementFileError: an unknown one.
    """
    found = _HZ.get(unit.strip().lower())
    if found is None:
        raise MeasurementFileError(f"{where}: “{unit}” is no unit of frequency; use Hz, kHz, MHz, GHz, THz or PHz")
    return found


def unit_in_name(name: str) -> str | None:
    """The unit of frequency in a column's name, such as ``freq_ghz`` or ``Frequency (GHz)``; None where it names none."""
    match = _IN_NAME.search(name.replace("_", " "))
    return match[1] if match else None


def in_hertz(values: npt.NDArray[np.float64], unit: str, path: Path, said_by: str) -> npt.NDArray[np.float64]:
    """Frequencies in Hz. ``said_by`` tells where the unit comes from.

    Raises:
        MeasurementFileError: no frequencies, not ascending, or so high that the unit must be wrong.
    """
    frequency = values * frequency_unit_hz(unit, str(path))
    if not frequency.size:
        raise MeasurementFileError(f"{path}: no frequencies; a sweep has some")
    if not (np.isfinite(frequency).all() and frequency[0] > 0):
        raise MeasurementFileError(f"{path}: a frequency of {values[0]:g} {unit}; frequencies are finite and above 0")
    if frequency[-1] > _HIGHEST_HZ:
        raise MeasurementFileError(
            f"{path}: {values[-1]:g} {unit} ({said_by}) are {frequency[-1]:.2g} Hz, beyond the ultraviolet: the numbers are in "
            "another unit; say which, for example frequency_unit=Hz"
        )
    fallen = np.flatnonzero(np.diff(frequency) <= 0)
    if fallen.size:
        row = int(fallen[0]) + 1
        raise MeasurementFileError(
            f"{path}: point {row} is at {values[row]:g} {unit}, not above the one before it; sort the sweep, and give "
            "each by itself"
        )
    return np.asarray(frequency)
