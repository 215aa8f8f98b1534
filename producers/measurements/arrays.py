"""NumPy arrays as tables: ``.npy`` of two dimensions, a row a point; ``.npz`` of columns by name, equally long."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from producers.errors import MeasurementFileError
from producers.measurements.table import Table, looks_like_table, read_table
from producers.measurements.text import Head

_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"
_DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, SyntaxError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise of files that are cut, altered, encrypted or hold objects."""


def looks_tabular(head: Head) -> bool:
    """Whether it is a table of numbers as text, or NumPy's."""
    return is_array(head) or looks_like_table(head)


def is_array(head: Head) -> bool:
    return head.bytes.startswith(_NPY) or is_archive(head)


def is_archive(head: Head) -> bool:
    return head.bytes.startswith(_ZIP) and head.suffix == ".npz"


def read_tabular(path: Path) -> Table:
    """A table of numbers as text, or NumPy's.

    Raises:
        MeasurementFileError: no numbers, columns of unequal length, or a value that is not finite.
    """
    with path.open("rb") as file:
        start = file.read(len(_NPY))
    return _read_arrays(path) if start.startswith((_NPY, _ZIP)) else read_table(path)


def _read_arrays(path: Path) -> Table:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                names: tuple[str, ...] = ()
                values = np.atleast_2d(loaded.T)
            else:
                names = tuple(loaded.files)
                values = np.stack([np.atleast_1d(loaded[name]) for name in names]) if names else np.empty((0, 0))
    except _DAMAGED as error:
        text = " ".join(str(error).split())
        raise MeasurementFileError(
            f"{path}: no arrays that can be a table ({text}); save a .npy of rows, or a .npz of columns that are equally long"
        ) from error
    if values.ndim != 2 or not values.size or values.dtype.kind not in "iufb":
        raise MeasurementFileError(
            f"{path}: an array of shape {values.shape} and type {values.dtype}; a table has rows and columns of real numbers"
        )
    table: npt.NDArray[np.float64] = np.ascontiguousarray(values, np.float64)
    if not np.isfinite(table).all():
        column, row = np.argwhere(~np.isfinite(table))[0]
        raise MeasurementFileError(f"{path}: row {row}, column {column} is {table[column, row]}; remove or repair the row")
    return Table(path, names, table)
