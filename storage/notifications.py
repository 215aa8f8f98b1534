"""The notification log: which transitions of alerts a receiver has still to hear of, and that it heard of them."""

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from schemas.exercise import PATTERN as EXERCISES
from schemas.records import AlertState
from storage.client import Client
from storage.reader.judgements import ALERT_COLUMNS, alert_of
from storage.tables.names import NOTIFICATIONS

_SCHEMA: Final = pa.schema(
    [
        ("receiver", pa.string()),
        ("alert", pa.string()),
        ("firing", pa.bool_()),
        ("time", pa.timestamp("s", "UTC")),
        ("outcome", pa.string()),
        ("message", pa.string()),
        ("attempts", pa.uint32()),
    ]
)


WAITS: Final = "waits"
"""The outcome of a transition that a receiver is told of later, or never; the message says why."""


class NotificationLog:
    """Asks and writes as a user who may write."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: set[tuple[str, str, int, str]] = set()

    def begin(self, receiver: str) -> None:
        """From now on the receiver is told; a receiver that is known already stays as it was."""
        known = self._client.query(
            f"SELECT count() AS n FROM {NOTIFICATIONS} WHERE receiver = {{receiver:String}} AND alert = ''",
            {"receiver": receiver},
        )
        if not known["n"][0].as_py():
            rows: dict[str, Sequence[object]] = {"receiver": [receiver], "alert": [""], "firing": [False], "outcome": ["begun"]}
            self._insert({**rows, "time": [0], "message": [""], "attempts": [0]}, f"notify:{receiver}:begun")

    def pending(self, receiver: str, limit: int = 10_000) -> list[AlertState]:
        """Transitions stored since the receiver began that it has not been told of, the earliest first; none of exercises."""
        rows = self._client.query(
            f"SELECT {ALERT_COLUMNS} FROM alert_transitions WHERE stored_at >= "
            f"(SELECT min(stored_at) FROM {NOTIFICATIONS} WHERE receiver = {{receiver:String}} AND alert = '') "
            f"AND NOT match(subject, '{EXERCISES}') AND (alert, firing, time) NOT IN "
            f"(SELECT alert, firing, time FROM {NOTIFICATIONS} WHERE receiver = {{receiver:String}} AND outcome != '{WAITS}') "
            "ORDER BY time, batch_lo, position LIMIT 1 BY alert, firing, time LIMIT {limit:UInt32}",
            {"receiver": receiver, "limit": limit},
        )
        return [alert_of(row) for row in rows.to_pylist()]

    def fires(self, receiver: str, alert: str) -> bool:
        """Whether the receiver was told last that this alert fires."""
        rows = self._client.query(
            f"SELECT firing FROM {NOTIFICATIONS} WHERE receiver = {{receiver:String}} AND alert = {{alert:String}} "
            f"AND outcome != '{WAITS}' ORDER BY time DESC, stored_at DESC LIMIT 1",
            {"receiver": receiver, "alert": alert},
        ).to_pylist()
        return bool(rows) and bool(rows[0]["firing"])

    def wait(self, receiver: str, state: AlertState, why: str) -> None:
        """The receiver is not told of this yet; the same reason is written once."""
        key = (receiver, state.alert, state.since_unix_s, why)
        if key not in self._waiting:
            token = ":".join(map(str, ("notify-waits", *key)))
            self._insert(self._rows(receiver, [state], WAITS, why, 0), token)
            self._waiting.add(key)

    def done(self, receiver: str, transitions: Sequence[AlertState], outcome: str, message: str, attempts: int) -> None:
        """The receiver has been told of these, or must not be."""
        first, last = transitions[0], transitions[-1]
        self._insert(
            self._rows(receiver, transitions, outcome, message, attempts),
            f"notify:{receiver}:{first.alert}:{first.since_unix_s}:{last.alert}:{last.since_unix_s}:{last.firing}:{len(transitions)}",
        )
        told = {(state.alert, state.since_unix_s) for state in transitions}
        self._waiting = {key for key in self._waiting if key[0] != receiver or key[1:3] not in told}

    @staticmethod
    def _rows(
        receiver: str, transitions: Sequence[AlertState], outcome: str, message: str, attempts: int
    ) -> dict[str, Sequence[object]]:
        count = len(transitions)
        return {
            "receiver": [receiver] * count,
            "alert": [state.alert for state in transitions],
            "firing": [state.firing for state in transitions],
            "time": [state.since_unix_s for state in transitions],
            "outcome": [outcome] * count,
            "message": [message] * count,
            "attempts": [attempts] * count,
        }

    def _insert(self, rows: Mapping[str, Sequence[object]], token: str) -> None:
        self._client.insert(NOTIFICATIONS, pa.table(dict(rows), schema=_SCHEMA), token=token)
