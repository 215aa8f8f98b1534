"""Decays as tables: the length of a sequence, and what it left: a signal, with its error or without, or counts of outcomes."""

from pathlib import Path
from typing import Literal

from producers.errors import MeasurementFileError
from producers.measurements.arrays import looks_tabular, read_tabular
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.table import Table
from producers.measurements.units import time_unit_ps, unit_of_name
from schemas.measurements import CoherenceDecay, MeasurementError

_PS = 1e12
Sequence = Literal["inversion-recovery", "echo", "ramsey", "rabi", "swap", "ring-down"]


class DecayOptions(ReaderOptions, frozen=True, kw_only=True):
    """Columns by name or number. A signal stands in ``signal_column`` with its error in ``error_column``, where there is one.

    Counts stand in ``success_column`` with their ``trials_column``, or a number of ``trials`` that all points share.
    """

    sequence: Sequence | None = None
    delay_column: str = "0"
    delay_unit: str | None = None
    signal_column: str | None = None
    error_column: str | None = None
    success_column: str | None = None
    trials_column: str | None = None
    trials: int | None = None


def read_decay(path: Path, options: DecayOptions) -> Content:
    """One decay. Without a word on columns: the second is the signal, the third, where there are just three, its error.

    Raises:
        MeasurementFileError: no such columns, no unit, no sequence, or counts that are none.
    """
    table = read_tabular(path)
    delay_s = delays_s(table, options.delay_column, options.delay_unit)
    sequence = sequence_of(path, options.sequence)
    try:
        if options.success_column is not None:
            successes = table.whole((table.number(options.success_column),))[0]
            if options.trials_column is not None:
                trials = tuple(table.whole((table.number(options.trials_column),))[0].tolist())
            elif options.trials is not None:
                trials = (options.trials,) * successes.size
            else:
                raise MeasurementFileError(f"{path}: successes of how many? say trials_column, or trials=500")
            decay = CoherenceDecay(sequence=sequence, delay_s=delay_s, successes=tuple(successes.tolist()), trials=trials)
        else:
            columns = [number for number in range(len(table.values)) if number != table.number(options.delay_column)]
            if options.signal_column is None and len(columns) not in {1, 2}:
                raise MeasurementFileError(
                    f"{path}: {len(columns)} columns beside the delays; name that of the signal with signal_column, or counts "
                    "with success_column and trials_column"
                )
            signal = columns[0] if options.signal_column is None else table.number(options.signal_column)
            error = None if options.error_column is None else table.number(options.error_column)
            if options.signal_column is None and options.error_column is None and len(columns) == 2:
                error = columns[1]
            decay = CoherenceDecay(
                sequence=sequence,
                delay_s=delay_s,
                signal=tuple(table.values[signal].tolist()),
                signal_error=() if error is None else tuple(table.values[error].tolist()),
            )
    except MeasurementError as fault:
        raise MeasurementFileError(f"{path}: {fault}; name the columns that hold counts") from fault
    return Content((decay,), f"decay of {len(delay_s)} points")


def delays_s(table: Table, column: str, unit: str | None) -> tuple[float, ...]:
    """
    Raises:
        MeasurementFileError: no such column, or no unit.
    """
    number = table.number(column)
    named = unit_of_name(table.names[number]) if table.names else None
    if unit is None and named is None:
        raise MeasurementFileError(f"{table.path}: the delays name no unit; say it, for example delay_unit=ns")
    return tuple((table.values[number] * (time_unit_ps(unit or named or "", str(table.path)) / _PS)).tolist())


def sequence_of(path: Path, told: Sequence | None) -> Sequence:
    """
    Raises:
        MeasurementFileError: nothing was told.
    """
    if told is None:
        raise MeasurementFileError(f"{path}: no table says which pulses were played; say sequence=echo, or sequence=ramsey")
    return told


READER = Reader(
    "decay-table", "a table of a decay (CSV, TSV, npy, npz)", (CoherenceDecay,), DecayOptions, looks_tabular, read_decay
)
