"""Panes as rows. A pane may come in parts: rows of one key add up, and are never merged here."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from schemas.panes import CoincidencePane, CorrelationPane, PaneKey, SinglesPane
from storage.tables.names import COINCIDENCES, CORRELATIONS, SCHEMAS, SINGLES


def singles_rows(panes: Sequence[SinglesPane]) -> pa.Table:
    """Rows of ``singles_1s``."""
    return pa.table(
        {
            **_keys([pane.key for pane in panes]),
            "channel": [pane.channel for pane in panes],
            "tags": [pane.tags for pane in panes],
            "live_ps": [pane.live_ps for pane in panes],
            "lost_ps": [pane.lost_ps for pane in panes],
        },
        schema=SCHEMAS[SINGLES],
    )


def correlation_rows(panes: Sequence[CorrelationPane]) -> pa.Table:
    """Rows of ``correlations_1s``."""
    offsets = np.cumsum([0, *(pane.counts.size for pane in panes)], dtype=np.int32)
    counts = np.concatenate([pane.counts for pane in panes]) if panes else np.empty(0, np.uint64)
    return pa.table(
        {
            **_keys([pane.key for pane in panes]),
            "start_channel": [pane.start_channel for pane in panes],
            "stop_channel": [pane.stop_channel for pane in panes],
            "bin_width_ps": [pane.bin_width_ps for pane in panes],
            "first_edge_ps": [pane.first_edge_ps for pane in panes],
            "counts": pa.ListArray.from_arrays(pa.array(offsets), pa.array(counts)),
        },
        schema=SCHEMAS[CORRELATIONS],
    )


def coincidence_rows(panes: Sequence[CoincidencePane]) -> pa.Table:
    """Rows of ``coincidences_1s``."""
    return pa.table(
        {
            **_keys([pane.key for pane in panes]),
            "channels": [list(pane.channels) for pane in panes],
            "window_ps": [pane.window_ps for pane in panes],
            "coincidences": [pane.coincidences for pane in panes],
        },
        schema=SCHEMAS[COINCIDENCES],
    )


def _keys(keys: Sequence[PaneKey]) -> dict[str, list[object]]:
    return {
        "domain": [key.domain for key in keys],
        "device": [key.device for key in keys],
        "run": [key.run for key in keys],
        "time": [key.start_unix_s for key in keys],
    }
