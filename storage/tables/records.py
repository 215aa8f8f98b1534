"""Events, telemetry and measurements as rows, each with the offset that it came at."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import pyarrow as pa

from schemas.events import Calibration, Checks, Command, Event, Heartbeat, Heralds, Swaps, What
from schemas.measurements import Measurement
from schemas.telemetry import Telemetry
from storage.tables.names import EVENTS, MEASUREMENTS, SCHEMAS, TELEMETRY


class _Summary(NamedTuple):
    """What every kind of event can say in the same few columns."""

    name: str = ""
    attempts: int | None = None
    succeeded: int | None = None
    latency_ns: tuple[int, ...] = ()


def event_rows(events: Sequence[tuple[int, Event]]) -> pa.Table:
    """Rows of ``events``, of (offset, event)."""
    summaries = [_summary(event.what) for _, event in events]
    return pa.table(
        {
            "subject": [event.subject for _, event in events],
            "device": [event.device for _, event in events],
            "run": [event.run for _, event in events],
            "source": [event.source for _, event in events],
            "sequence": [event.sequence for _, event in events],
            "kind": [kind_of(event.what) for _, event in events],
            "name": [summary.name for summary in summaries],
            "time": [event.start_unix_ns for _, event in events],
            "until": [event.end_unix_ns for _, event in events],
            "attempts": [summary.attempts for summary in summaries],
            "succeeded": [summary.succeeded for summary in summaries],
            "latency_ns": [summary.latency_ns for summary in summaries],
            "what": [msgspec.json.encode(event.what).decode() for _, event in events],
            "firmware": [event.firmware for _, event in events],
            "offset": [offset for offset, _ in events],
        },
        schema=SCHEMAS[EVENTS],
    )


def telemetry_rows(messages: Sequence[tuple[int, Telemetry]]) -> pa.Table:
    """Rows of ``telemetry``, of (offset, message): one row a reading."""
    readings = [(offset, message, reading) for offset, message in messages for reading in message.readings]
    return pa.table(
        {
            "device": [message.device for _, message, _ in readings],
            "metric": [reading.metric for _, _, reading in readings],
            "time": [message.unix_ns for _, message, _ in readings],
            "value": [reading.value for _, _, reading in readings],
            "unit": [reading.unit for _, _, reading in readings],
            "state": [reading.state.value for _, _, reading in readings],
            "detail": [reading.detail for _, _, reading in readings],
            "source": [message.source for _, message, _ in readings],
            "run": [message.run for _, message, _ in readings],
            "firmware": [message.firmware for _, message, _ in readings],
            "offset": [offset for offset, _, _ in readings],
        },
        schema=SCHEMAS[TELEMETRY],
    )


def measurement_rows(measurements: Sequence[tuple[int, Measurement]]) -> pa.Table:
    """Rows of ``measurements``, of (offset, measurement)."""
    return pa.table(
        {
            "subject": [one.subject for _, one in measurements],
            "device": [one.device for _, one in measurements],
            "run": [one.run for _, one in measurements],
            "kind": [kind_of(one.data) for _, one in measurements],
            "time": [one.end_unix_ns for _, one in measurements],
            "began": [one.start_unix_ns for _, one in measurements],
            "data": [msgspec.json.encode(one.data).decode() for _, one in measurements],
            "conditions": [msgspec.json.encode(one.conditions).decode() for _, one in measurements],
            "firmware": [one.firmware for _, one in measurements],
            "calibration": [one.calibration for _, one in measurements],
            "offset": [offset for offset, _ in measurements],
        },
        schema=SCHEMAS[MEASUREMENTS],
    )


def kind_of(tagged: msgspec.Struct) -> str:
    """The tag that a record of a union goes by."""
    return str(tagged.__struct_config__.tag)


def _summary(what: What) -> _Summary:
    match what:
        case Heralds():
            return _Summary("", what.attempts, len(what.latency_ns), what.latency_ns)
        case Swaps():
            return _Summary("", what.attempts, what.acknowledged)
        case Checks():
            return _Summary("", what.checked, what.passed)
        case Command():
            return _Summary(what.name, what.tries, int(what.ok))
        case Heartbeat():
            return _Summary(what.state.value)
        case Calibration():
            return _Summary(what.routine, what.steps, int(what.passed))
