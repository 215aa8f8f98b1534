"""Sweeps as tables: a column of frequencies and two that make the complex value."""

from pathlib import Path

from producers.errors import MeasurementFileError
from producers.measurements.arrays import looks_tabular, read_tabular
from producers.measurements.frequencies import in_hertz, unit_in_name
from producers.measurements.reader import Content, Reader
from producers.measurements.sweep import NumberFormat, SweepOptions, complex_of, geometry_of, sweep_of
from schemas.measurements import ResonatorSweep

_ANGLES = ("deg", "phase", "angle", "arg")
_DECIBELS = ("db",)


class SweepTableOptions(SweepOptions, frozen=True, kw_only=True):
    """Columns by name or number from 0.

    ``number_format``: RI (real, imaginary), MA (magnitude, degrees) or DB (decibels, degrees); by their names unless given.
    """

    frequency_column: str = "0"
    value_columns: str = "1,2"
    number_format: NumberFormat | None = None


def read_sweep_table(path: Path, options: SweepTableOptions) -> Content:
    """One sweep.

    Raises:
        MeasurementFileError: no such columns, no unit, or frequencies that cannot be.
    """
    table = read_tabular(path)
    at, columns = table.number(options.frequency_column), table.numbers(options.value_columns)
    if len(columns) != 2:
        raise MeasurementFileError(f"{path}: value_columns names {len(columns)} columns; a complex value has two")
    named = unit_in_name(table.names[at]) if table.names else None
    unit = options.frequency_unit or named
    if unit is None:
        raise MeasurementFileError(f"{path}: the frequencies name no unit; say it, for example frequency_unit=Hz")
    said = "as told" if options.frequency_unit else f"as column “{table.names[at]}” says"
    frequency = in_hertz(table.values[at], unit, path, said)
    number_format = options.number_format or _format(path, [table.names[each].lower() for each in columns] if table.names else [])
    first, second = (table.values[each] for each in columns)
    geometry = geometry_of(path, options, reflection=False)
    sweep = sweep_of(path, frequency, complex_of(first, second, number_format), geometry)
    return Content((sweep,), f"table of a sweep, {len(sweep.frequency_hz)} points")


def _format(path: Path, names: list[str]) -> NumberFormat:
    """Real and imaginary unless the names say otherwise."""
    if not names or not any(mark in names[1] for mark in _ANGLES):
        return "RI"
    if "rad" in names[1]:
        raise MeasurementFileError(f"{path}: column “{names[1]}” is in radians; write degrees")
    return "DB" if any(mark in names[0] for mark in _DECIBELS) else "MA"


READER = Reader(
    "sweep-table",
    "a table of frequencies and complex values (CSV, TSV, npy, npz)",
    (ResonatorSweep,),
    SweepTableOptions,
    looks_tabular,
    read_sweep_table,
)
