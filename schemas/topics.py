"""Every topic, once: its name, what flows in it, and how the broker must keep it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_MESSAGE_BYTES = 1 << 20
"""Messages stay below this: a larger one than a consumer's fetch limit would be skipped, which is loss."""

TICK = b""
"""An empty message: no record, only the passing of time in a partition that fell silent. Written by workers, into any topic."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's name and the settings it is created with. Partition counts are never changed in place."""

    name: str
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)


_HOUR_MS = 3_600_000
_LOG_TIME = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(MAX_MESSAGE_BYTES)}
# The worker cuts its batches by the broker's own time stamps, so a replay of the log cuts them in the same places.


def _kept(hours: int, megabytes: int) -> dict[str, str]:
    return {
        **_LOG_TIME,
        "retention.ms": str(hours * _HOUR_MS),
        "retention.bytes": str(megabytes << 20),
        "segment.bytes": str(max(16, min(256, megabytes // 4)) << 20),
    }


TIMETAGS = Topic("timetags", 4, _kept(6, 1024))  # key: coincidence domain; value: schemas.wire
TELEMETRY = Topic("telemetry", 2, _kept(24, 128))
EVENTS = Topic("events", 2, _kept(24, 128))
MEASUREMENTS = Topic("measurements", 2, _kept(24, 128))
ANNOTATIONS = Topic("annotations", 1, _kept(24 * 7, 64))
INDICATORS = Topic("indicators", 2, _kept(24, 128))  # key: subject; value: schemas.records.IndicatorSample
ALERTS = Topic("alerts", 1, {**_LOG_TIME, "cleanup.policy": "compact"})  # key: alert id; value: schemas.records.AlertState
DEAD_LETTERS = Topic("dead-letters", 1, _kept(24 * 7, 128))  # value: schemas.records.DeadLetter

ALL: tuple[Topic, ...] = (TIMETAGS, TELEMETRY, EVENTS, MEASUREMENTS, ANNOTATIONS, INDICATORS, ALERTS, DEAD_LETTERS)
