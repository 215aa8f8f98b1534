"""Which column of a table is the time, in which unit, and which is the channel."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from producers.errors import RecordingError
from producers.formats.records import to_ps
from schemas.block import Times

_TIME = re.compile(
    r"(?:time|times|timestamp|timestamps|timetag|timetags|time_tag|tag|t|abstime|arrival_time|arrival)"
    r"(?:(?:_|\s+|\s*[\[(]\s*)(?P<unit>fs|ps|ns|us|µs|ms|s)\s*[\])]?)?"
)
_CHANNEL = re.compile(r"channels?|ch|chan|detector|input")
_UNIT_PS = {
    "fs": Fraction(1, 1000),
    "ps": Fraction(1),
    "ns": Fraction(10**3),
    "us": Fraction(10**6),
    "µs": Fraction(10**6),
    "ms": Fraction(10**9),
    "s": Fraction(10**12),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the two columns as the file writes them, and the time's unit."""

    time: str
    channel: str
    unit_ps: Fraction
    notes: tuple[str, ...] = ()


def find_columns(path: Path, names: Sequence[str]) -> Columns:
    """Choose by name: ``time`` or ``timestamp`` with its unit (``time_ps``, ``time (ns)``), and ``channel``.

    Raises:
        RecordingError: either is missing, or more than one would do.
    """
    plain = {name: name.strip().strip('"').lower().replace("μ", "µ") for name in names}
    times = [(name, match) for name, text in plain.items() if (match := _TIME.fullmatch(text))]
    channels = [name for name, text in plain.items() if _CHANNEL.fullmatch(text)]
    found = ", ".join(plain.values())
    if len(times) != 1 or len(channels) != 1:
        lacking = [
            f"{len(matches) or 'no'} column{'s' if len(matches) > 1 else ''} for the {what}"
            for what, matches in (("time", times), ("channel", channels))
            if len(matches) != 1
        ]
        raise RecordingError(
            f"{path}: {' and '.join(lacking)} among [{found}]; name one time_ps (or time_ns, time_us, time_s) and one channel"
        )
    name, match = times[0]
    unit = match["unit"]
    notes = () if unit else (f"column {name!r} names no unit: read as picoseconds",)
    return Columns(name, channels[0], _UNIT_PS[unit or "ps"], notes)


def number_times(values: npt.NDArray[Any], unit_ps: Fraction, where: str, first_row: int) -> Times:
    """Picoseconds of a column of integers or floats; ``where`` and ``first_row`` (its number in the file) are for messages.

    Raises:
        RecordingError: NaN or infinite, beyond int64, or floats too large to hold a picosecond.
    """
    if values.dtype.kind in "iu":
        return to_ps(values, unit_ps, where)
    if values.dtype.kind != "f":
        raise RecordingError(f"{where}: times of type {values.dtype}; store them as integers of a named unit")
    finite = np.isfinite(values)
    if not finite.all():
        at = int(np.argmin(finite))
        raise RecordingError(f"{where}: row {first_row + at} has the time {values[at]}; remove or repair it")
    time_ps = values.astype(np.float64) * float(unit_ps)
    farthest = float(np.abs(time_ps).max()) if time_ps.size else 0.0
    if farthest >= 2 ** (np.finfo(values.dtype).nmant + 1):
        raise RecordingError(
            f"{where}: times up to {farthest:.4g} ps as {values.dtype} cannot hold single picoseconds; store integer picoseconds"
        )
    return np.rint(time_ps).astype(np.int64)


def number_channels(values: npt.NDArray[Any], where: str, first_row: int) -> npt.NDArray[np.int64]:
    """Channels as integers.

    Raises:
        RecordingError: not whole numbers.
    """
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.rint(np.where(np.isfinite(values), values, 0.5)))
        if not whole.all():
            at = int(np.argmin(whole))
            raise RecordingError(f"{where}: row {first_row + at} has the channel {values[at]}; channels are whole numbers")
    elif values.dtype.kind not in "iub":
        raise RecordingError(f"{where}: channels of type {values.dtype}; store them as integers")
    if values.dtype.kind == "u" and values.size and int(values.max()) > np.iinfo(np.int64).max:
        raise RecordingError(f"{where}: a channel of {int(values.max())}; channels are small whole numbers")
    return values.astype(np.int64)
