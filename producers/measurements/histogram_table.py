"""Coincidence or arrival histograms as tables: a column of delays and one of counts, or one for every snapshot."""

from pathlib import Path
from typing import Literal

import numpy as np

from producers.errors import MeasurementFileError
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.table import looks_like_table, read_table
from producers.measurements.units import time_unit_ps, unit_of_name
from schemas.measurements import DelayHistogram, MeasurementError

_EVEN = 0.05
"""Of a bin: how far delays may stand from even spacing; they are often written with few digits."""


class HistogramOptions(ReaderOptions, frozen=True, kw_only=True):
    """``count_columns``: ``1,3-5`` or names; all but the delays unless given. ``integration_s`` is that of one column."""

    of: Literal["coincidences", "arrivals"] = "coincidences"
    delay_column: str = "0"
    delay_unit: str | None = None
    delay_at: Literal["left-edge", "middle"] = "left-edge"
    count_columns: str | None = None
    integration_s: float | None = None
    period_ps: float | None = None


def read_histograms(path: Path, options: HistogramOptions) -> Content:
    """One ``DelayHistogram`` for every column of counts.

    Raises:
        MeasurementFileError: no such columns, no unit, delays that are not evenly spaced and ascending, or counts that are none.
    """
    table = read_table(path)
    delays = table.number(options.delay_column)
    name = table.names[delays] if table.names else ""
    unit = options.delay_unit or unit_of_name(name)
    if unit is None:
        raise MeasurementFileError(f"{path}: the delays name no unit; say it, for example delay_unit=ns")
    delay_ps = table.values[delays] * time_unit_ps(unit, str(path))
    if delay_ps.size < 2:
        raise MeasurementFileError(f"{path}: one row is no histogram; give it at least two")
    width_ps = float(delay_ps[-1] - delay_ps[0]) / (delay_ps.size - 1)
    uneven = np.abs(delay_ps - (delay_ps[0] + np.arange(delay_ps.size) * width_ps)) > _EVEN * abs(width_ps)
    if width_ps <= 0 or uneven.any():
        row = int(np.argmax(uneven))
        raise MeasurementFileError(
            f"{path}: the delays of column {delays} are not evenly spaced and ascending (row {row} is "
            f"{table.values[delays, row]:g}); name the column of delays, for example delay_column=0"
        )
    columns = (
        tuple(number for number in range(len(table.values)) if number != delays)
        if options.count_columns is None
        else table.numbers(options.count_columns)
    )
    if not columns:
        raise MeasurementFileError(f"{path}: no column of counts beside the delays; a histogram has two columns at least")
    start_ps = float(delay_ps[0]) - (width_ps / 2 if options.delay_at == "middle" else 0.0)
    try:
        data = tuple(
            DelayHistogram(
                of=options.of,
                start_ps=start_ps,
                bin_width_ps=width_ps,
                counts=tuple(counts.tolist()),
                integration_s=options.integration_s,
                period_ps=options.period_ps,
            )
            for counts in table.whole(columns)
        )
    except MeasurementError as error:
        raise MeasurementFileError(f"{path}: {error}; name the columns that hold counts") from error
    many = f", {len(data)} snapshots" if len(data) > 1 else ""
    return Content(data, f"histogram of {delay_ps.size} bins of {width_ps:g} ps{many}")


READER = Reader(
    "histogram-table",
    "a table of delays and counts (CSV, TSV)",
    (DelayHistogram,),
    HistogramOptions,
    looks_like_table,
    read_histograms,
)
