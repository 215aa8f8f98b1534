"""Panes as rows of integers that add up. A pane may come in parts: rows of one key are never merged here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from schemas.panes import CoincidencePane, CorrelationPane, Counts, PaneKey, PaneResults, SinglesPane
from storage.tables.names import PANES, SCHEMAS


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    key: PaneKey
    channels: Sequence[int]
    width_ps: int
    first_edge_ps: int
    sums: Counts


def pane_rows(parts: Sequence[PaneResults]) -> pa.Table:
    """Rows of ``panes_1s``."""
    rows = [_singles(pane) for part in parts for pane in part.singles]
    rows += [_correlation(pane) for part in parts for pane in part.correlations]
    rows += [_coincidences(pane) for part in parts for pane in part.coincidences]
    offsets = np.cumsum([0, *(row.sums.size for row in rows)], dtype=np.int32)
    sums = np.concatenate([row.sums for row in rows]) if rows else np.empty(0, np.uint64)
    return pa.table(
        {
            "kind": [row.kind for row in rows],
            "domain": [row.key.domain for row in rows],
            "device": [row.key.device for row in rows],
            "run": [row.key.run for row in rows],
            "channels": [row.channels for row in rows],
            "width_ps": [row.width_ps for row in rows],
            "first_edge_ps": [row.first_edge_ps for row in rows],
            "time": [row.key.start_unix_s for row in rows],
            "sums": pa.ListArray.from_arrays(pa.array(offsets), pa.array(sums)),
        },
        schema=SCHEMAS[PANES],
    )


def _singles(pane: SinglesPane) -> _Row:
    left_out = (pane.left_out,) if pane.left_out else ()
    sums = np.array([pane.tags, pane.live_ps, pane.lost_ps, *left_out], np.uint64)
    return _Row("singles", pane.key, (pane.channel,), 0, 0, sums)


def _correlation(pane: CorrelationPane) -> _Row:
    channels = (pane.start_channel, pane.stop_channel)
    return _Row("correlations", pane.key, channels, pane.bin_width_ps, pane.first_edge_ps, pane.counts)


def _coincidences(pane: CoincidencePane) -> _Row:
    return _Row("coincidences", pane.key, pane.channels, pane.window_ps, 0, np.array([pane.coincidences], np.uint64))
