"""Single shots as tables: I, Q and the state that was prepared, one shot a row; or archives of arrays, one for each state.

A ``.npz`` holds ``ground`` and ``excited``: complex arrays, or rows of I and Q. They need not be equally long.
"""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from producers.errors import MeasurementFileError
from producers.measurements.arrays import is_archive, looks_tabular, read_tabular
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.text import read_head
from schemas.measurements import MeasurementError, ReadoutShots

_DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, SyntaxError, zipfile.BadZipFile, zlib.error)
_STATES = ("ground", "excited")


class ShotsOptions(ReaderOptions, frozen=True, kw_only=True):
    """Columns by name or number; the state's column holds ``ground_label`` and ``excited_label``, both numbers."""

    i_column: str = "0"
    q_column: str = "1"
    state_column: str = "2"
    ground_label: float = 0
    excited_label: float = 1
    integration_s: float | None = None


def read_shots(path: Path, options: ShotsOptions) -> Content:
    """
    Raises:
        MeasurementFileError: no such columns or arrays, or states that are neither.
    """
    ground, excited = _archived(path) if is_archive(read_head(path)) else _tabled(path, options)
    try:
        shots = ReadoutShots(
            ground_i=tuple(ground.real.tolist()),
            ground_q=tuple(ground.imag.tolist()),
            excited_i=tuple(excited.real.tolist()),
            excited_q=tuple(excited.imag.tolist()),
            integration_s=options.integration_s,
        )
    except MeasurementError as error:
        raise MeasurementFileError(f"{path}: {error}; remove the shot") from error
    return Content((shots,), f"{ground.size} shots of the ground and {excited.size} of the excited state")


def _tabled(path: Path, options: ShotsOptions) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    table = read_tabular(path)
    values = table.column(options.i_column) + 1j * table.column(options.q_column)
    state = table.column(options.state_column)
    known = (state == options.ground_label) | (state == options.excited_label)
    if not known.all():
        row = int(np.argmin(known))
        raise MeasurementFileError(
            f"{path}: row {row} was prepared in {state[row]:g}, neither {options.ground_label:g} (ground) nor "
            f"{options.excited_label:g} (excited); say ground_label and excited_label, or state_column"
        )
    return values[state == options.ground_label], values[state == options.excited_label]


def _archived(path: Path) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            ground, excited = (_complex(archive[name]) for name in _STATES)
    except _DAMAGED as error:
        raise MeasurementFileError(
            f"{path}: no archive of shots ({' '.join(str(error).split())}); save complex arrays, or rows of I and Q, as "
            "ground and excited"
        ) from error
    return ground, excited


def _complex(array: npt.NDArray[Any]) -> npt.NDArray[np.complex128]:
    if array.ndim == 1 and array.dtype.kind == "c":
        return array.astype(np.complex128)
    if array.ndim == 2 and array.shape[1] == 2 and array.dtype.kind in "iuf":
        return np.asarray(array[:, 0] + 1j * array[:, 1])
    raise ValueError(f"an array of shape {array.shape} and type {array.dtype}")


READER = Reader(
    "shots-table",
    "a table of shots (I, Q, state), or an archive of them",
    (ReadoutShots,),
    ShotsOptions,
    looks_tabular,
    read_shots,
)
