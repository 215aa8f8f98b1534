"""Emission spectra as tables: a column of frequencies, wavelengths or photon energies, and one of counts, or one for every
spectrum.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from producers.errors import MeasurementFileError
from producers.measurements.arrays import looks_tabular, read_tabular
from producers.measurements.reader import Content, Reader, ReaderOptions
from schemas.measurements import EmissionSpectrum, MeasurementError

_LIGHT_M_S = 299_792_458.0
_EV_HZ = 1.602176634e-19 / 6.62607015e-34
"""Exact by the definition of the SI of 2019."""
_FREQUENCY_HZ: Mapping[str, float] = {
    "Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9, "THz": 1e12, "eV": _EV_HZ, "meV": 1e-3 * _EV_HZ, "µeV": 1e-6 * _EV_HZ
}  # fmt: skip
_WAVELENGTH_M: Mapping[str, float] = {"nm": 1e-9, "µm": 1e-6, "um": 1e-6, "pm": 1e-12, "Å": 1e-10}


class SpectrumOptions(ReaderOptions, frozen=True, kw_only=True):
    """Columns by name or number; ``count_columns`` is all but the axis unless given. ``resolution``: FWHM in the axis' unit.

    With ``reference_hz`` the axis holds offsets from it. ``counts_per_unit``: photoelectrons for one unit of a camera's scale.
    """

    axis_column: str = "0"
    axis_unit: str | None = None
    count_columns: str | None = None
    resolution: float = 0.0
    reference_hz: float | None = None
    counts_per_unit: float | None = None


def read_spectra(path: Path, options: SpectrumOptions) -> Content:
    """One spectrum for every column of counts.

    Raises:
        MeasurementFileError: no such columns, no unit, an axis that does not ascend or descend, or counts that are none.
    """
    table = read_tabular(path)
    at = table.number(options.axis_column)
    unit = _unit(path, options.axis_unit, table.names[at] if table.names else "")
    columns = (
        tuple(number for number in range(len(table.values)) if number != at)
        if options.count_columns is None
        else table.numbers(options.count_columns)
    )
    if not columns:
        raise MeasurementFileError(f"{path}: no column of counts beside the axis; a spectrum has two columns at least")
    frequency, resolution_hz = _frequencies(path, table.values[at], unit, options)
    steps = np.diff(frequency)
    if frequency.size < 2 or not ((steps > 0).all() or (steps < 0).all()):
        raise MeasurementFileError(f"{path}: column {at} neither ascends nor descends; name the axis, for example axis_column=0")
    order = np.argsort(frequency)
    reference = float(np.median(frequency)) if options.reference_hz is None else options.reference_hz
    offsets = frequency[order] - (reference if options.reference_hz is None else 0.0)
    if options.counts_per_unit is None:
        counts = table.whole(columns)
    else:
        counts = np.maximum(np.rint(table.values[list(columns)] * options.counts_per_unit), 0).astype(np.int64)
    try:
        spectra = tuple(
            EmissionSpectrum(
                reference_hz=reference,
                offset_hz=tuple(offsets.tolist()),
                counts=tuple(row[order].tolist()),
                resolution_hz=resolution_hz,
            )
            for row in counts
        )
    except MeasurementError as error:
        raise MeasurementFileError(f"{path}: {error}; repair it") from error
    many = f", {len(spectra)} of them" if len(spectra) > 1 else ""
    return Content(spectra, f"spectrum of {frequency.size} bins{many}")


def _unit(path: Path, told: str | None, name: str) -> str:
    known = {**_FREQUENCY_HZ, **_WAVELENGTH_M}
    found = told if told is not None else next((word for word in _words(name) if word in known), None)
    if found is None:
        raise MeasurementFileError(f"{path}: the axis names no unit; say it, for example axis_unit=nm, or GHz, THz, eV")
    if found.replace("μ", "µ") not in known:
        raise MeasurementFileError(f"{path}: “{found}” is no unit of a spectrum; use one of {', '.join(known)}")
    return found.replace("μ", "µ")


def _words(name: str) -> list[str]:
    """``frequency_GHz`` and ``Wavelength (nm)`` have their units as words."""
    for mark in "_()[]/,":
        name = name.replace(mark, " ")
    return name.replace("μ", "µ").split()


def _frequencies(
    path: Path, axis: npt.NDArray[np.float64], unit: str, options: SpectrumOptions
) -> tuple[npt.NDArray[np.float64], float]:
    """In Hz, and the resolution there."""
    if options.resolution < 0 or (options.reference_hz is not None and not options.reference_hz > 0):
        raise MeasurementFileError(
            f"{path}: a resolution below 0, or a reference that is not above it; leave out what is not known"
        )
    if unit in _FREQUENCY_HZ:
        return axis * _FREQUENCY_HZ[unit], options.resolution * _FREQUENCY_HZ[unit]
    if options.reference_hz is not None or not (axis > 0).all():
        raise MeasurementFileError(f"{path}: wavelengths are above 0 and no offsets; leave reference_hz out")
    metres = axis * _WAVELENGTH_M[unit]
    middle = float(np.median(metres))
    return _LIGHT_M_S / metres, _LIGHT_M_S * options.resolution * _WAVELENGTH_M[unit] / middle**2


READER = Reader(
    "spectrum-table",
    "a table of a spectrum (frequency, wavelength or energy, and counts)",
    (EmissionSpectrum,),
    SpectrumOptions,
    looks_tabular,
    read_spectra,
)
