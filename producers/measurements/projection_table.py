"""Tomographies by projections as tables: coincidences, singles, and the states of both analysers as pairs of complex amplitudes.

Columns without a line of names: [a constant], singles A, singles B, coincidences, then two amplitudes of analyser A and two of B.
With names, those of ``_NAMES`` in any order; singles may be absent.
"""

import re
from cmath import isfinite
from collections.abc import Sequence
from pathlib import Path

from producers.errors import MeasurementFileError
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.text import Head, read_text
from schemas.measurements import Amplitudes, MeasurementError, Projection, ProjectionCounts

_NAMES = ("coincidences", "singles_a", "singles_b", "a_h", "a_v", "b_h", "b_v")
_PLAIN = ("singles_a", "singles_b", "coincidences", "a_h", "a_v", "b_h", "b_v")
_MOST_REPEATS = 1_000


class ProjectionOptions(ReaderOptions, frozen=True, kw_only=True):
    """``repeats``: over how many equal measurements the counts were averaged; found where they are no whole numbers."""

    repeats: int | None = None


def read_projections(path: Path, options: ProjectionOptions) -> Content:
    """
    Raises:
        MeasurementFileError: rows of other lengths, cells that are no numbers, or counts that are none.
    """
    rows = [re.split(r"[,;\t]", line.strip()) for line in read_text(path).splitlines() if line.strip() and line[0] not in "#%"]
    names = tuple(cell.strip().lower() for cell in rows[0])
    if set(_NAMES) - {"singles_a", "singles_b"} <= set(names):
        rows = rows[1:]
    else:
        names = ("",) * (len(names) - len(_PLAIN)) + _PLAIN
    projections = []
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise MeasurementFileError(f"{path}: row {number} has {len(row)} columns, {len(names)} were expected; repair it")
        cells = {name: _complex(path, number, cell) for name, cell in zip(names, row, strict=True) if name}
        projections.append(
            Projection(
                first=_amplitudes(cells["a_h"], cells["a_v"]),
                second=_amplitudes(cells["b_h"], cells["b_v"]),
                coincidences=cells["coincidences"].real,
                singles_first=cells["singles_a"].real if "singles_a" in cells else None,
                singles_second=cells["singles_b"].real if "singles_b" in cells else None,
            )
        )
    repeats = options.repeats or _repeats([one.coincidences for one in projections])
    if repeats is None:
        raise MeasurementFileError(f"{path}: coincidences that are no averages of counts; say over how many: repeats=50")
    notes: tuple[str, ...] = ()
    if options.repeats is None and repeats > 1:
        notes = (f"coincidences are multiples of 1/{repeats}: taken as averages over {repeats}; say repeats=… if that is wrong",)
    try:
        data = ProjectionCounts(projections=tuple(projections), repeats=repeats)
    except MeasurementError as error:
        raise MeasurementFileError(f"{path}: {error}; repair the row") from error
    return Content((data,), f"tomography of {len(projections)} projections", notes)


def _complex(path: Path, row: int, cell: str) -> complex:
    number = _number(cell)
    if number is None:
        raise MeasurementFileError(f"{path}: row {row} holds {cell.strip()[:40]!r}, no complex number; write it as 0.5-0.5i")
    return number


def _number(cell: str) -> complex | None:
    try:
        number = complex(cell.strip().replace(" ", "").replace("i", "j"))
    except ValueError:
        return None
    return number if isfinite(number) else None


def _amplitudes(first: complex, second: complex) -> Amplitudes:
    return first.real, first.imag, second.real, second.imag


def _repeats(values: Sequence[float]) -> int | None:
    """The least number of which all values are whole multiples of its inverse; None where there is none."""
    for repeats in range(1, _MOST_REPEATS + 1):
        if all(abs(value * repeats - round(value * repeats)) < 1e-6 * max(repeats, 1) for value in values):
            return repeats
    return None


def _is_projections(head: Head) -> bool:
    lines = [re.split(r"[,;\t]", line.strip()) for line in head.lines if line[0] not in "#%"][:2]
    if not lines:
        return False
    if {"a_h", "b_v", "coincidences"} <= {cell.strip().lower() for cell in lines[0]}:
        return True
    return len(lines[0]) in {len(_PLAIN), len(_PLAIN) + 1} and all(_number(cell) is not None for cell in lines[0])


READER = Reader(
    "projection-table",
    "a table of tomographic projections (singles, coincidences, analysers' amplitudes)",
    (ProjectionCounts,),
    ProjectionOptions,
    _is_projections,
    read_projections,
)
