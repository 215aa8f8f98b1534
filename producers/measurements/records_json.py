"""JSON as it flows through the topics: measurements (whole, or their data alone), events, telemetry, alerts; and budgets' counts.

One object, an array of them, or one a line.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from producers.errors import MeasurementFileError
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.text import Head, read_text
from schemas.budgets import BudgetCounts
from schemas.errors import SchemaError
from schemas.events import Event
from schemas.measurements import Data, Measurement
from schemas.records import AlertState
from schemas.telemetry import Telemetry

_KINDS: Mapping[str, tuple[str, Any]] = {
    "data": ("measurement", Measurement),
    "what": ("event", Event),
    "readings": ("telemetry", Telemetry),
    "firing": ("alert", AlertState),
    "target": ("budget", BudgetCounts),
    "kind": ("measurement's data", Data),
}
"""The field that only this kind of record has, what it is called, and its type."""


def read_records(path: Path, _: ReaderOptions) -> Content:
    """The records of a file; of measurements their data.

    Raises:
        MeasurementFileError: not JSON, no record that is known, or several kinds of them.
    """
    objects = _objects(path, read_text(path))
    found: list[object] = []
    names: set[str] = set()
    for number, each in enumerate(objects):
        if not isinstance(each, dict) or not (known := next((entry for field, entry in _KINDS.items() if field in each), None)):
            raise MeasurementFileError(
                f"{path}: record {number} is none that is known; it needs one of the fields {', '.join(_KINDS)}"
            )
        try:
            record = msgspec.convert(each, known[1])
        except (msgspec.ValidationError, SchemaError) as error:
            raise MeasurementFileError(f"{path}: record {number}, a {known[0]}: {error}; repair it") from error
        names.add(known[0])
        found.append(record.data if isinstance(record, Measurement) else record)
    return Content(tuple(found), f"JSON, {len(found)} × {' and '.join(sorted(names))}")


def _objects(path: Path, text: str) -> list[Any]:
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [msgspec.json.decode(line) for line in lines] if len(lines) > 1 else _not_json(path, error)
        except msgspec.DecodeError:
            return _not_json(path, error)
    except RecursionError:
        raise MeasurementFileError(f"{path}: JSON nested too deeply; records are flat") from None
    return document if isinstance(document, list) else [document]


def _not_json(path: Path, error: msgspec.DecodeError) -> list[Any]:
    raise MeasurementFileError(f"{path}: not JSON ({error}); repair it") from error


def _is_json(head: Head) -> bool:
    return head.bytes.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}


READER = Reader(
    "json",
    "measurements, events, telemetry or alerts as they flow through the topics, or counts of budgets (JSON)",
    (Event, Telemetry, AlertState, BudgetCounts, *Data.__args__),
    ReaderOptions,
    _is_json,
    read_records,
)
