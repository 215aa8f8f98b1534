"""Randomized benchmarking as tables: one row a sequence, with its length, how many shots survived, and of how many."""

from pathlib import Path

import numpy as np

from producers.errors import MeasurementFileError
from producers.measurements.arrays import looks_tabular, read_tabular
from producers.measurements.reader import Content, Reader, ReaderOptions
from schemas.measurements import MeasurementError, RandomizedBenchmarking

_WHOLE = 1e-6


class BenchmarkingOptions(ReaderOptions, frozen=True, kw_only=True):
    """Columns by name or number. ``trials``: shots of each sequence, where no column holds them.

    A ``survival_column`` of shares between 0 and 1 is taken times the trials.
    """

    length_column: str = "0"
    survival_column: str = "1"
    trials_column: str | None = None
    trials: int | None = None
    dimension: int = 2
    gates_per_clifford: float = 1.0


def read_benchmarking(path: Path, options: BenchmarkingOptions) -> Content:
    """
    Raises:
        MeasurementFileError: no such columns, trials that were not told, or counts that are none.
    """
    table = read_tabular(path)
    lengths = table.whole((table.number(options.length_column),))[0]
    survived = table.column(options.survival_column)
    if options.trials_column is None and options.trials is None and len(table.values) != 3:
        raise MeasurementFileError(f"{path}: survivals of how many? say trials_column, or trials=200 if all have as many")
    if options.trials_column is None and options.trials is not None:
        trials = np.full(lengths.size, options.trials)
    else:
        trials = table.whole((table.number(options.trials_column or "2"),))[0]
    shares = bool((survived <= 1).all()) and bool((survived != np.rint(survived)).any())
    counted = survived * trials if shares else survived
    if (np.abs(counted - np.rint(counted)) > _WHOLE * np.maximum(trials, 1)).any():
        raise MeasurementFileError(f"{path}: survivals that are no whole number of shots; say how many trials the shares are of")
    try:
        data = RandomizedBenchmarking(
            length=tuple(lengths.tolist()),
            survivals=tuple(np.rint(counted).astype(np.int64).tolist()),
            trials=tuple(trials.tolist()),
            dimension=options.dimension,
            gates_per_clifford=options.gates_per_clifford,
        )
    except MeasurementError as error:
        raise MeasurementFileError(f"{path}: {error}; name the columns of lengths, survivals and trials") from error
    return Content((data,), f"benchmarking of {lengths.size} sequences")


READER = Reader(
    "benchmarking-table",
    "a table of randomized benchmarking (length, survivals, trials)",
    (RandomizedBenchmarking,),
    BenchmarkingOptions,
    looks_tabular,
    read_benchmarking,
)
