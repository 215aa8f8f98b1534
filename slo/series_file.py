"""Reads a series of events from a CSV file: `time` (start of the interval), `good` and `bad`; other columns are not looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import lcm
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from slo.errors import SeriesError
from slo.instant import NS, Form, instant_ns
from slo.series import Integers, Series, Times, in_order, whole_numbers

COLUMNS = ("time", "good", "bad")
_HEADER = "the first line must be `time,good,bad`; time is ISO 8601 or seconds since 1970"
_FIRST_ROW = 2
"""The line that the first row stands on, after the header."""
_LARGEST = 10**15
"""Counts of a row; beyond is a mistake."""
_PLACES = 9


@dataclass(frozen=True, slots=True)
class SeriesFile:
    """What a file holds. ``form``: how its times are written, ISO where it has none. ``repeated``: rows that came again.

    ``guessed``: the interval is an assumption, for a single row has no spacing.
    """

    series: Series
    form: Form
    repeated: int
    guessed: bool


def read_series(path: Path, *, interval_ns: int | None, fallback_ns: int) -> SeriesFile:
    """Read a file. Where ``interval_ns`` is None it is the smallest spacing of the times; of a single row, ``fallback_ns``.

    Raises:
        SeriesError: not such a file; with the line and what to do.
        OSError: it cannot be read.
    """
    table = _table(path)
    starts_ns, form = _times(path, table["time"])
    good, bad, scale = _counts(path, table)
    spacing_ns = _spacing(starts_ns)
    length_ns = interval_ns or spacing_ns or fallback_ns
    if spacing_ns and length_ns > spacing_ns:
        raise SeriesError(
            str(path),
            f"intervals of {length_ns / NS:g} s overlap: rows are {spacing_ns / NS:g} s apart",
            "give the length of one interval",
        )
    series, repeated = in_order(starts_ns + length_ns, good, bad, length_ns, scale)
    return SeriesFile(series, form, repeated, guessed=not (interval_ns or spacing_ns))


def _table(path: Path) -> dict[str, pa.ChunkedArray]:
    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=False)
    try:
        table = pa_csv.read_csv(path, convert_options=options)
    except pa.ArrowInvalid as error:
        raise SeriesError(str(path), f"is no CSV file: {str(error).splitlines()[0]}", _HEADER) from None
    names = {str(name).strip().lower(): index for index, name in reversed(list(enumerate(table.column_names)))}
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise SeriesError(f"{path}:1", f"has no column {', '.join(f'`{name}`' for name in missing)}", _HEADER)
    return {name: pc.utf8_trim_whitespace(table.column(names[name]).cast(pa.string())) for name in COLUMNS}


def _times(path: Path, column: pa.ChunkedArray) -> tuple[Times, Form]:
    if not len(column):
        return np.empty(0, np.int64), Form.ISO
    for form, whole in ((Form.EPOCH, _epoch_ns), (Form.ISO, _iso_ns)):
        found = whole(column)
        if found is not None:
            return found, form
    nanoseconds = np.empty(len(column), np.int64)
    form = Form.EPOCH
    for row, text in enumerate(column.to_pylist()):
        try:
            nanoseconds[row], written = instant_ns(text)
        except ValueError as error:
            raise SeriesError(f"{path}:{row + _FIRST_ROW}", f"time {error}", "mend that row") from None
        form = written if written is Form.ISO else form
    return nanoseconds, form


def _epoch_ns(column: pa.ChunkedArray) -> Times | None:
    """Whole seconds in one go; None where some are something else."""
    try:
        seconds = column.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    return seconds * NS if np.abs(seconds).max() < (1 << 62) // NS else None


def _iso_ns(column: pa.ChunkedArray) -> Times | None:
    """ISO 8601 with the zone in every row, or in none (UTC), in one go; None where they differ or are something else."""
    for kind in (pa.timestamp("ns", "UTC"), pa.timestamp("ns")):
        try:
            return column.cast(kind).cast(pa.int64()).to_numpy()  # type: ignore[no-any-return]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return None


def _spacing(starts_ns: Times) -> int:
    """The smallest spacing of different times; 0 where there is none."""
    gaps = np.diff(np.unique(starts_ns))
    return int(gaps.min()) if len(gaps) else 0


def _counts(path: Path, table: dict[str, pa.ChunkedArray]) -> tuple[Integers, Integers, int]:
    try:
        whole = [table[name].cast(pa.int64()).to_numpy() for name in ("good", "bad")]
    except pa.ArrowInvalid:
        exact = [_decimals(path, name, table[name].to_pylist()) for name in ("good", "bad")]
        scale = lcm(*(value.denominator for column in exact for value in column))
        good, bad = (whole_numbers([int(value * scale) for value in column]) for column in exact)
        return good, bad, scale
    for name, column in zip(("good", "bad"), whole, strict=True):
        wrong = np.flatnonzero((column < 0) | (column > _LARGEST))
        if len(wrong):
            raise _no_count(path, name, int(wrong[0]), str(column[wrong[0]]))
    good, bad = whole
    if max(int(good.max(initial=0)), int(bad.max(initial=0))) * len(good) >= 1 << 61:
        good, bad = good.astype(object), bad.astype(object)
    return good, bad, 1


def _decimals(path: Path, name: str, column: Sequence[str]) -> list[Fraction]:
    found = []
    for row, text in enumerate(column):
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise _no_count(path, name, row, text) from None
        if not value.is_finite() or not 0 <= value <= _LARGEST or (value and value.as_tuple().exponent < -_PLACES):  # type: ignore[operator]
            raise _no_count(path, name, row, text)
        found.append(Fraction(value))
    return found


def _no_count(path: Path, name: str, row: int, text: str) -> SeriesError:
    return SeriesError(
        f"{path}:{row + _FIRST_ROW}",
        f"{name} is `{text}`, no number of events",
        f"write a number from 0 to {_LARGEST:.0e}, with at most {_PLACES} decimals; leave a row out that was not counted",
    )
