"""NumPy .npz archives with an array of times and one of channels, equally long.

An array ``lost_ps`` of shape (intervals, 2) says what was lost: [start, end) on the same clock, ascending, without overlap.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from producers.errors import RecordingError
from producers.formats.columns import Columns, find_columns, number_channels, number_times
from producers.formats.records import LATEST_PS, RECORDS_A_READ, Records, Spans, one_line

LOST = "lost_ps"
_DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, SyntaxError, zipfile.BadZipFile, zlib.error)
"""What zipfile and numpy raise of archives that are cut, altered or encrypted."""


@dataclass(frozen=True, slots=True)
class NpzReader:
    """An archive; its two arrays are held whole while they are read."""

    path: Path
    columns: Columns
    resolution_ps: int
    lost: Spans
    format: str = "NumPy npz"
    period_ps: float | None = None
    starts_at_zero: bool = False
    inputs: tuple[int, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        return self.columns.notes

    def records(self) -> Iterator[Records]:
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                time, channel = archive[self.columns.time], archive[self.columns.channel]
        except _DAMAGED as error:
            raise RecordingError(
                f"{self.path}: the arrays cannot be read ({one_line(error)}); write the archive again"
            ) from error
        if time.ndim != 1 or time.shape != channel.shape:
            raise RecordingError(
                f"{self.path}: {self.columns.time} has the shape {time.shape} and {self.columns.channel} {channel.shape}; "
                "both must be one-dimensional and equally long"
            )
        for start in range(0, time.size, RECORDS_A_READ):
            part = slice(start, start + RECORDS_A_READ)
            yield Records(
                number_times(time[part], self.columns.unit_ps, str(self.path), start),
                number_channels(channel[part], str(self.path), start),
            )


def open_npz(path: Path) -> NpzReader:
    """Find the arrays by name.

    Raises:
        RecordingError: no archive, or no array that is plainly the time or the channel.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            columns = find_columns(path, archive.files)
            integers = archive[columns.time].dtype.kind in "iu"
            lost = _spans(path, archive[LOST]) if LOST in archive.files else ()
    except _DAMAGED as error:
        raise RecordingError(
            f"{path}: not a NumPy archive that can be read ({one_line(error)}); write it again with numpy.savez"
        ) from error
    return NpzReader(path, columns, max(1, int(columns.unit_ps)) if integers else 1, lost)


def _spans(path: Path, lost: npt.NDArray[Any]) -> Spans:
    """
    Raises:
        RecordingError: other than intervals that ascend and do not overlap.
    """
    if lost.ndim != 2 or lost.shape[1] != 2 or lost.dtype.kind not in "iu":
        raise RecordingError(
            f"{path}: {LOST} has the shape {lost.shape} and type {lost.dtype}; write integers of the shape (intervals, 2)"
        )
    starts, ends = lost.T
    if (ends <= starts).any() or (starts[1:] < ends[:-1]).any():
        raise RecordingError(f"{path}: {LOST} holds intervals that are empty or not in order; merge and sort them")
    if lost.size and max(abs(int(starts[0])), abs(int(ends[-1]))) >= LATEST_PS:
        raise RecordingError(f"{path}: {LOST} reaches from {starts[0]} to {ends[-1]} ps; times stay within {LATEST_PS} ps")
    return tuple((int(start), int(end)) for start, end in lost)
