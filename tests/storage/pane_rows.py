"""What rows of panes say, read back into the words of each kind."""

from typing import Any

import pyarrow as pa


def singles(rows: pa.Table) -> list[dict[str, Any]]:
    """One dictionary a channel's pane."""
    return [
        {**_key(row), "channel": row["channels"][0], "tags": row["sums"][0], "live_ps": row["sums"][1], "lost_ps": row["sums"][2]}
        for row in _of(rows, "singles")
    ]


def correlations(rows: pa.Table) -> list[dict[str, Any]]:
    """One dictionary a pair's pane."""
    return [{**_key(row), "channels": tuple(row["channels"]), "counts": row["sums"]} for row in _of(rows, "correlations")]


def coincidences(rows: pa.Table) -> list[dict[str, Any]]:
    """One dictionary a set's pane."""
    return [{**_key(row), "channels": row["channels"], "coincidences": row["sums"][0]} for row in _of(rows, "coincidences")]


def _of(rows: pa.Table, kind: str) -> list[dict[str, Any]]:
    return [row for row in rows.to_pylist() if row["kind"] == kind]


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("domain", "device", "run", "time")}
