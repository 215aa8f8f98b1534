"""Every table that batches are stored in, once: its name, its columns, and the order of inserts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pyarrow as pa

BLOCKS: Final = "blocks"
"""One row per tag block that was used."""
RUN_TOTALS: Final = "run_totals"
"""Sums over the blocks of each run, made by a view of the store."""
TAG_RUNS: Final = "tag_runs"
"""Every tag, gap-coded; the view ``tags`` unpacks them."""
PANES: Final = "panes_1s"
"""Parts of panes of one second."""
PANES_BY_MINUTE: Final = "panes_1min"
PANES_BY_HOUR: Final = "panes_1h"
"""Sums over those of a second, and of these over those of a minute, made by views of the store."""
LATE_BLOCKS: Final = "late_blocks"
DEAD_LETTERS: Final = "dead_letters"
SAMPLES: Final = "indicator_samples"
VERDICTS: Final = "verdicts"
BUDGETS: Final = "budgets"
ALERTS: Final = "alert_transitions"
ANNOTATIONS: Final = "annotations"
EXCLUSIONS: Final = "exclusions"
EVENTS: Final = "events"
TELEMETRY: Final = "telemetry"
MEASUREMENTS: Final = "measurements"
LEDGER: Final = "ledger"
"""One row per stored batch, written last."""
NOTIFICATIONS: Final = "notifications"
"""Who was told of which alert; written by the notifier."""
MIGRATIONS: Final = "migrations"
"""One row per migration that was applied."""

_UNIX_NS = pa.timestamp("ns", "UTC")
_UNIX_MS = pa.timestamp("ms", "UTC")
_UNIX_S = pa.timestamp("s", "UTC")


def _columns(*groups: tuple[str, pa.DataType], optional: tuple[str, ...] = ()) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=name in optional) for name, kind in groups])


def _texts(*names: str) -> tuple[tuple[str, pa.DataType], ...]:
    return tuple((name, pa.string()) for name in names)


_LOSS = pa.struct([("start_ps", pa.int64()), ("end_ps", pa.int64()), ("tags", pa.uint64())])
_CHANNEL = pa.struct([("number", pa.uint8()), ("role", pa.string()), ("label", pa.string())])
_WINDOW = pa.struct(
    [
        ("window_s", pa.uint32()),
        ("good", pa.uint64()),
        ("bad", pa.uint64()),
        ("insufficient", pa.uint64()),
        ("excluded", pa.uint64()),
        ("burn_rate", pa.float64()),
        ("burn_exact", pa.string()),
    ]
)

SCHEMAS: Final[Mapping[str, pa.Schema]] = MappingProxyType(
    {
        BLOCKS: _columns(
            *_texts("domain", "source", "device", "run"),
            ("sequence", pa.uint64()),
            ("time", _UNIX_NS),
            ("origin_unix_ns", pa.int64()),
            ("start_ps", pa.int64()),
            ("reached_ps", pa.int64()),
            ("tags", pa.uint64()),
            ("fate", pa.string()),
            ("reordered", pa.uint64()),
            ("overflows", pa.uint64()),
            ("lost", pa.list_(_LOSS)),
            *_texts("firmware", "calibration"),
            ("channels", pa.list_(_CHANNEL)),
            ("period_ps", pa.float64()),
            ("resolution_ps", pa.uint32()),
            ("labels", pa.map_(pa.string(), pa.string())),
            ("final", pa.bool_()),
            ("offset", pa.uint64()),
            ("crc", pa.uint32()),
            ("appended_at", _UNIX_MS),
            optional=("period_ps",),
        ),
        TAG_RUNS: _columns(
            *_texts("domain", "source", "device", "run"),
            ("channel", pa.uint8()),
            ("origin_unix_ns", pa.int64()),
            ("t0_ps", pa.int64()),
            ("last_ps", pa.int64()),
            ("time", _UNIX_NS),
            ("n", pa.uint32()),
            ("gaps", pa.list_(pa.field("item", pa.uint32(), nullable=False))),
            ("gaps_high", pa.list_(pa.field("item", pa.uint32(), nullable=False))),
            ("sequence", pa.uint64()),
            ("offset", pa.uint64()),
            ("crc", pa.uint32()),
            ("late", pa.bool_()),
        ),
        PANES: _columns(
            ("kind", pa.string()),
            *_texts("domain", "device", "run"),
            ("channels", pa.list_(pa.field("item", pa.uint8(), nullable=False))),
            ("width_ps", pa.uint64()),
            ("first_edge_ps", pa.int64()),
            ("time", _UNIX_S),
            ("sums", pa.list_(pa.field("item", pa.uint64(), nullable=False))),
        ),
        LATE_BLOCKS: _columns(
            *_texts("domain", "source", "device", "run"),
            ("sequence", pa.uint64()),
            ("time", _UNIX_NS),
            ("start_ps", pa.int64()),
            ("reached_ps", pa.int64()),
            ("tags", pa.uint64()),
            ("fate", pa.string()),
            ("offset", pa.uint64()),
            ("appended_at", _UNIX_MS),
        ),
        DEAD_LETTERS: _columns(
            ("topic", pa.string()),
            ("partition", pa.uint16()),
            ("offset", pa.uint64()),
            ("time", _UNIX_NS),
            *_texts("reason", "detail"),
            ("size", pa.uint32()),
            ("head", pa.binary()),
        ),
        SAMPLES: _columns(
            *_texts("subject", "indicator", "device", "run"),
            ("time", _UNIX_S),
            ("integration_s", pa.uint32()),
            ("value", pa.float64()),
            ("lower", pa.float64()),
            ("upper", pa.float64()),
            ("confidence", pa.float64()),
            ("counts", pa.map_(pa.string(), pa.int64())),
            *_texts("unit", "method", "parameters"),
            ("warnings", pa.list_(pa.field("item", pa.string(), nullable=False))),
            *_texts("firmware", "lacks"),
            ("position", pa.uint32()),
            optional=("value", "lower", "upper"),
        ),
        VERDICTS: _columns(
            *_texts("subject", "indicator", "device", "run", "firmware"),
            ("time", _UNIX_S),
            ("integration_s", pa.uint32()),
            *_texts("objective", "verdict"),
            ("good", pa.uint64()),
            ("bad", pa.uint64()),
            ("insufficient", pa.uint64()),
            ("more_counts", pa.map_(pa.string(), pa.uint64())),
            ("more_s", pa.float64()),
            ("position", pa.uint32()),
            optional=("more_s",),
        ),
        BUDGETS: _columns(
            *_texts("subject", "objective"),
            ("time", _UNIX_S),
            ("windows", pa.list_(_WINDOW)),
            ("remaining", pa.float64()),
            ("remaining_exact", pa.string()),
            ("position", pa.uint32()),
            optional=("remaining", "remaining_exact"),
        ),
        ALERTS: _columns(
            *_texts("alert", "objective", "subject", "severity"),
            ("firing", pa.bool_()),
            ("time", _UNIX_S),
            ("tiers", pa.list_(pa.field("item", pa.string(), nullable=False))),
            *_texts("text", "burn_rate", "budget_remaining", "run", "firmware", "runbook"),
            *_texts("inhibited_by", "indicator", "device", "estimate"),
            ("bad_since", _UNIX_S),
            ("position", pa.uint32()),
            optional=("burn_rate", "budget_remaining", "bad_since"),
        ),
        ANNOTATIONS: _columns(
            *_texts("kind", "subject"),
            ("time", _UNIX_MS),
            ("until", _UNIX_MS),
            *_texts("text", "author", "attributes"),
            optional=("until",),
        ),
        EXCLUSIONS: _columns(
            ("subject", pa.string()),
            ("time", _UNIX_NS),
            ("until", _UNIX_NS),
            *_texts("reason", "who"),
            ("position", pa.uint32()),
            optional=("until",),
        ),
        EVENTS: _columns(
            *_texts("subject", "device", "run", "source"),
            ("sequence", pa.uint64()),
            *_texts("kind", "name"),
            ("time", _UNIX_NS),
            ("until", _UNIX_NS),
            ("attempts", pa.uint64()),
            ("succeeded", pa.uint64()),
            ("latency_ns", pa.list_(pa.field("item", pa.int64(), nullable=False))),
            *_texts("what", "firmware"),
            ("offset", pa.uint64()),
            optional=("attempts", "succeeded"),
        ),
        TELEMETRY: _columns(
            *_texts("device", "metric"),
            ("time", _UNIX_NS),
            ("value", pa.float64()),
            *_texts("unit", "state", "detail", "source", "run", "firmware"),
            ("offset", pa.uint64()),
            optional=("value",),
        ),
        MEASUREMENTS: _columns(
            *_texts("subject", "device", "run", "kind"),
            ("time", _UNIX_NS),
            ("began", _UNIX_NS),
            *_texts("data", "conditions", "firmware", "calibration"),
            ("offset", pa.uint64()),
        ),
    }
)
"""Columns by table. Every table has a ``time`` that decides its partition.

Batches are inserted table by table in this order: who finds a batch's panes finds its tags, too.
"""

LEDGER_SCHEMA: Final = _columns(
    *_texts("pipeline", "topic"),
    ("partition", pa.uint16()),
    ("lo", pa.uint64()),
    ("hi", pa.uint64()),
    ("messages", pa.uint32()),
    ("rows", pa.map_(pa.string(), pa.uint64())),
    ("inserts", pa.uint16()),
    ("crc", pa.uint32()),
    ("positions", pa.binary()),
    ("worker", pa.string()),
)
