"""Arrivals after readout pulses as tables: a row a time bin, a column a pulse; pulses follow the lengths of a sequence."""

from pathlib import Path

import numpy as np

from producers.errors import MeasurementFileError
from producers.measurements.arrays import is_array, read_tabular
from producers.measurements.decay_table import Sequence, sequence_of
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.table import looks_like_table
from producers.measurements.text import Head
from producers.measurements.units import seconds_of
from schemas.measurements import PulseHistograms

_FEWEST_PULSES = 5
_LINES = 20


class PulseHistogramOptions(ReaderOptions, frozen=True, kw_only=True):
    """``delay_first`` and ``delay_step``: length of the sequence before the first pulse, and how much longer each next one is.

    With their units, as ``10ns``; so is ``bin_width``, that of a row.
    """

    sequence: Sequence | None = None
    delay_first: str | None = None
    delay_step: str | None = None
    bin_width: str | None = None


def read_pulse_histograms(path: Path, options: PulseHistogramOptions) -> Content:
    """
    Raises:
        MeasurementFileError: a value that is no count, or lengths of the sequence that were not told.
    """
    table = read_tabular(path)
    pulses, rows = table.values.shape
    if options.delay_first is None or options.delay_step is None:
        raise MeasurementFileError(
            f"{path}: histograms of {pulses} pulses do not say how long the sequence was before each; say the first and the "
            "step, for example delay_first=10ns delay_step=50ns"
        )
    where = str(path)
    first, step = seconds_of(options.delay_first, "delay_first", where), seconds_of(options.delay_step, "delay_step", where)
    width = None if options.bin_width is None else seconds_of(options.bin_width, "bin_width", where)
    counts = table.whole(range(pulses))
    data = PulseHistograms(
        sequence=sequence_of(path, options.sequence),
        delay_s=tuple((first + step * np.arange(pulses)).tolist()),
        counts=tuple(tuple(row) for row in counts.tolist()),
        bin_width_s=width,
    )
    return Content((data,), f"arrivals after {pulses} pulses in {rows} bins")


def _looks_like_histograms(head: Head) -> bool:
    """A table of whole numbers in many columns; what NumPy holds is not looked into."""
    if is_array(head):
        return False
    rows = [line.replace(",", " ").replace(";", " ").split() for line in head.lines if line[:1] not in "#%!"][1:_LINES]
    return (
        looks_like_table(head)
        and bool(rows)
        and len(rows[0]) >= _FEWEST_PULSES
        and all(word.isdecimal() for row in rows for word in row)
    )


READER = Reader(
    "pulse-histogram-table",
    "a table of arrivals after pulses, one column a pulse",
    (PulseHistograms,),
    PulseHistogramOptions,
    _looks_like_histograms,
    read_pulse_histograms,
)
