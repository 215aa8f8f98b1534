"""Every reader of measurement files, and the choice among them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from producers.errors import MeasurementFileError
from producers.measurements import (
    basis_table,
    benchmarking_table,
    decay_table,
    histogram_table,
    instrument_log,
    projection_table,
    pulse_histogram_table,
    records_json,
    shots_table,
    spectrum_table,
    sweep_table,
    touchstone,
)
from producers.measurements.reader import Content, Reader
from producers.measurements.text import read_head


def readers() -> tuple[Reader, ...]:
    """All of them, the more particular before the more general. A new reader is entered here and nowhere else."""
    return (
        records_json.READER,
        touchstone.READER,
        projection_table.READER,
        basis_table.READER,
        sweep_table.READER,
        pulse_histogram_table.READER,
        decay_table.READER,
        benchmarking_table.READER,
        shots_table.READER,
        spectrum_table.READER,
        instrument_log.READER,
        histogram_table.READER,
    )


def choose(path: Path, kinds: Sequence[type]) -> Reader:
    """The reader that makes records of one of ``kinds`` out of this file.

    Raises:
        MeasurementFileError: the file cannot be opened, or none does.
    """
    head = read_head(path)
    able = [reader for reader in readers() if set(reader.yields) & set(kinds)]
    for reader in able:
        if reader.recognises(head):
            return reader
    raise MeasurementFileError(
        f"{path}: not of a form that can be used here; wanted is {', or '.join(reader.summary for reader in able)}"
    )


def read(reader: Reader, path: Path, options: Mapping[str, str]) -> Content:
    """Read ``path`` with options as texts.

    Raises:
        MeasurementFileError: an option of a wrong type, or a file that cannot be used.
    """
    try:
        converted = msgspec.convert(dict(options), reader.options, strict=False)
    except msgspec.ValidationError as error:
        raise MeasurementFileError(f"{path}: {error}; options of {reader.name}: {', '.join(reader.option_names)}") from error
    return reader.read(path, converted)
