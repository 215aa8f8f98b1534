"""Touchstone version 1 (``.s1p``, ``.s2p``, …): S-parameters as network analysers write them.

The option line ``# GHz S RI R 50`` names the unit, the parameter and the number format: real and imaginary (RI), magnitude and
angle in degrees (MA), 20·log10 of the magnitude and angle (DB). ``!`` begins a comment. With two ports a record is f S11 S21
S12 S22, with more the matrix follows row by row over several lines; after two-port data there may be noise parameters, which
begin anew at a lower frequency. (Touchstone File Format Specification, EIA/IBIS, 1.1.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from producers.errors import MeasurementFileError
from producers.measurements.frequencies import in_hertz
from producers.measurements.reader import Content, Reader
from producers.measurements.sweep import NumberFormat, SweepOptions, complex_of, geometry_of, sweep_of
from producers.measurements.text import Head, read_text
from schemas.measurements import ResonatorSweep

_PORTS = re.compile(r"\.s(\d+)p")
_PARAMETER = re.compile(r"s(\d+)[,_]?(\d+)", re.IGNORECASE)
_NOISE_COLUMNS = 5
_UNITS = ("hz", "khz", "mhz", "ghz")
_FORMATS: tuple[NumberFormat, ...] = ("RI", "MA", "DB")


class TouchstoneOptions(SweepOptions, frozen=True, kw_only=True):
    """``parameter``: S11, S21, …; the transmission S21 of two ports, S11 of one, unless given."""

    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class _Header:
    unit: str
    format: NumberFormat


def read_touchstone(path: Path, options: TouchstoneOptions) -> Content:
    """One sweep.

    Raises:
        MeasurementFileError: no Touchstone 1, a damaged record, no such parameter, or frequencies that cannot be.
    """
    lines = read_text(path).splitlines()
    header = _header(path, lines)
    ports = _ports(path, lines)
    row, column = _parameter(path, options.parameter, ports)
    records = _records(path, lines, ports)
    index = _index(ports, row, column)
    values = complex_of(records[:, 1 + 2 * index], records[:, 2 + 2 * index], header.format)
    unit = options.frequency_unit or header.unit
    said = "as told" if options.frequency_unit else "as the option line says"
    geometry = geometry_of(path, options, reflection=row == column)
    sweep = sweep_of(path, in_hertz(records[:, 0], unit, path, said), values, geometry)
    return Content((sweep,), f"Touchstone, {ports} ports, S{row}{column}, {len(records)} points")


def _header(path: Path, lines: Sequence[str]) -> _Header:
    options = [line.split("!")[0] for line in lines if line.lstrip().startswith("#")]
    if any(line.strip().lower().startswith("[version]") for line in lines):
        raise MeasurementFileError(f"{path}: Touchstone version 2; save it as version 1")
    if not options:
        raise MeasurementFileError(f"{path}: no option line; begin the data with one such as # GHz S RI R 50")
    words = options[0].lstrip("# \t").lower().split()
    unit, kind, form = "ghz", "s", "MA"
    reference = False
    for word in words:
        if reference or word == "r":
            reference = not reference
        elif word in _UNITS:
            unit = word
        elif word.upper() in _FORMATS:
            form = word.upper()
        elif word in {"s", "y", "z", "h", "g"}:
            kind = word
        else:
            raise MeasurementFileError(f"{path}: “{word}” in the option line is unknown; it is # <unit> S <RI|MA|DB> R <ohm>")
    if kind != "s":
        raise MeasurementFileError(f"{path}: {kind.upper()}-parameters; convert them to S-parameters")
    return _Header(unit, next(each for each in _FORMATS if each == form))


def _ports(path: Path, lines: Sequence[str]) -> int:
    """By the name's ending, else by the length of the first line of data."""
    match = _PORTS.search(path.name.lower())
    if match:
        ports = int(match[1])
        if ports < 1:
            raise MeasurementFileError(f"{path}: “{match[0]}” is a file of no ports; name it .s2p if it has two")
        return ports
    first = next((_words(line) for line in lines if _words(line)), [])
    if len(first) == 3:
        return 1
    if len(first) == 9:
        return 2
    raise MeasurementFileError(f"{path}: neither its name nor its first line tells how many ports; name it .s2p if it has two")


def _parameter(path: Path, wanted: str | None, ports: int) -> tuple[int, int]:
    match = _PARAMETER.fullmatch((wanted or ("S11" if ports == 1 else "S21")).strip())
    if match is None:
        raise MeasurementFileError(f"{path}: “{wanted}” is no S-parameter; write parameter=S21")
    row, column = int(match[1]), int(match[2])
    if not (1 <= row <= ports and 1 <= column <= ports):
        raise MeasurementFileError(f"{path}: S{row}{column} of a file of {ports} ports; name one that it has")
    return row, column


def _index(ports: int, row: int, column: int) -> int:
    """Place of a parameter in its record: two ports are written column by column, more row by row."""
    return (column - 1) * 2 + row - 1 if ports == 2 else (row - 1) * ports + column - 1


def _records(path: Path, lines: Sequence[str], ports: int) -> npt.NDArray[np.float64]:
    width = 1 + 2 * ports**2
    found: list[list[float]] = []
    pending: list[float] = []
    for number, line in enumerate(lines, 1):
        words = _words(line)
        if not words:
            continue
        try:
            values = [float(word) for word in words]
        except ValueError:
            raise MeasurementFileError(
                f"{path}: line {number} holds something that is no number: {line.strip()[:60]!r}"
            ) from None
        if ports == 2 and len(values) == _NOISE_COLUMNS and found and not pending and values[0] <= found[-1][0]:
            break
        pending += values
        if len(pending) > width or (ports < 3 and len(pending) != width):
            raise MeasurementFileError(
                f"{path}: line {number} has {len(words)} numbers; a record of {ports} ports has {width}; repair it, or give the "
                "file the ending that says its ports"
            )
        if len(pending) == width:
            found.append(pending)
            pending = []
    if pending or not found:
        raise MeasurementFileError(f"{path}: {'cut off in a record' if pending else 'no data'}; copy or measure it again")
    table = np.array(found)
    if not np.isfinite(table).all():
        record, column = np.argwhere(~np.isfinite(table))[0]
        raise MeasurementFileError(f"{path}: record {record}, number {column} is {table[record, column]}; remove or repair it")
    return table


def _words(line: str) -> list[str]:
    """Numbers of a line; none of comments and option lines."""
    text = line.split("!", maxsplit=1)[0].strip()
    return [] if text.startswith("#") else text.split()


def _is_touchstone(head: Head) -> bool:
    """By its option line; a mere name with .s2p may be anything."""
    return any(_is_option_line(line) or line.strip().lower().startswith("[version]") for line in head.lines)


def _is_option_line(line: str) -> bool:
    words = line.split("!", maxsplit=1)[0].lower().split()
    return bool(words) and words[0][:1] == "#" and len({*words, words[0][1:]} & {*_UNITS, "ri", "ma", "db"}) > 1


READER = Reader(
    "touchstone", "a Touchstone sweep (.s1p, .s2p)", (ResonatorSweep,), TouchstoneOptions, _is_touchstone, read_touchstone
)
