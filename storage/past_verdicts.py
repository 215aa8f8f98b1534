"""What one partition of the indicators came to before an offset: what a restarted worker goes on from.

Times are event times: a replayed recording keeps its budget however old it is. Rows of a batch that was cut off before it was
sealed begin at the offset or later, and are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from schemas.ids import RunId, SubjectId
from storage.client import Client
from storage.tables.names import ALERTS, EXCLUSIONS, VERDICTS

_BEFORE = (
    "batch_pipeline = {pipeline:String} AND batch_topic = {topic:String} AND batch_partition = {partition:UInt16} "
    "AND batch_lo < {offset:UInt64}"
)
_COUNTS = ("good", "bad", "insufficient")


class PastTrack(NamedTuple):
    """A subject under an objective, and the first and last ends of its samples."""

    objective: str
    subject: SubjectId
    first_unix_s: int
    newest_unix_s: int


class PastRun(NamedTuple):
    """How far a run was judged."""

    objective: str
    subject: SubjectId
    run: RunId
    end_unix_s: int


class PastAlert(NamedTuple):
    """How an alert stood after its last transition."""

    alert: str
    objective: str
    subject: SubjectId
    severity: str
    firing: bool
    since_unix_s: int
    tiers: tuple[str, ...]


class PastAlarm(NamedTuple):
    """A transition of an alert."""

    alert: str
    objective: str
    subject: SubjectId
    firing: bool
    since_unix_s: int
    bad_since_unix_s: int | None


class PastExclusion(NamedTuple):
    """As it was told."""

    subject: SubjectId
    start_unix_ns: int
    end_unix_ns: int | None
    reason: str
    who: str


class Sums(NamedTuple):
    """Counts by the ends of equal stretches of time, ascending."""

    ends_unix_s: Sequence[int]
    good: Sequence[int]
    bad: Sequence[int]
    insufficient: Sequence[int]


@dataclass(frozen=True, slots=True)
class PastVerdicts:
    """Asks for one partition's past. Everything raises StoreError."""

    client: Client
    pipeline: str
    topic: str
    partition: int
    offset: int

    def tracks(self) -> list[PastTrack]:
        rows = self._rows(
            f"SELECT objective, subject, toUnixTimestamp(min(time)) AS first, toUnixTimestamp(max(time)) AS newest "
            f"FROM {VERDICTS} WHERE {_BEFORE} GROUP BY objective, subject ORDER BY objective, subject"
        )
        return [PastTrack(row["objective"], SubjectId(row["subject"]), row["first"], row["newest"]) for row in rows]

    def runs(self, span_s: int) -> list[PastRun]:
        """Those that were judged within ``span_s`` of their track's newest sample."""
        rows = self._rows(
            "SELECT objective, subject, run, end FROM (SELECT objective, subject, run, toUnixTimestamp(max(time)) AS end, "
            f"max(end) OVER (PARTITION BY objective, subject) AS newest FROM {VERDICTS} WHERE {_BEFORE} "
            "GROUP BY objective, subject, run) WHERE end > newest - {span:Int64} ORDER BY objective, subject, end, run",
            span=span_s,
        )
        return [PastRun(row["objective"], SubjectId(row["subject"]), RunId(row["run"]), row["end"]) for row in rows]

    def sums(self, objective: str, grain_s: int, span_s: int) -> Mapping[SubjectId, Sums]:
        """An objective's counts in stretches ((k-1)·grain, k·grain], those within ``span_s`` of a track's newest sample."""
        found: dict[SubjectId, Sums] = {}
        rows = self._rows(
            "SELECT subject, end, good, bad, insufficient FROM ("
            "SELECT subject, intDiv(toUnixTimestamp(time) + {grain:Int64} - 1, {grain:Int64}) * {grain:Int64} AS end, "
            "sum(good) AS good, sum(bad) AS bad, sum(insufficient) AS insufficient, "
            f"max(end) OVER (PARTITION BY subject) AS newest FROM {VERDICTS} WHERE {_BEFORE} "
            "AND objective = {objective:String} GROUP BY subject, end) WHERE end > newest - {span:Int64} ORDER BY subject, end",
            objective=objective,
            grain=grain_s,
            span=span_s + grain_s,
        )
        for row in rows:
            sums = found.setdefault(SubjectId(row["subject"]), Sums([], [], [], []))
            for column, value in zip(sums, (row["end"], *(row[name] for name in _COUNTS)), strict=True):
                assert isinstance(column, list)  # noqa: S101 - made two lines above
                column.append(value)
        return found

    def counts(self, after_unix_s: int, until_unix_s: int) -> Iterator[tuple[str, SubjectId, int, int, int, int]]:
        """(objective, subject, end, good, bad, insufficient) of all samples with after < end <= until, by their ends."""
        rows = self._rows(
            f"SELECT objective, subject, toUnixTimestamp(time) AS end, good, bad, insufficient FROM {VERDICTS} WHERE {_BEFORE} "
            "AND time > toDateTime({after:Int64}, 'UTC') AND time <= toDateTime({until:Int64}, 'UTC') ORDER BY end",
            after=after_unix_s,
            until=until_unix_s,
        )
        for row in rows:
            yield row["objective"], SubjectId(row["subject"]), row["end"], row["good"], row["bad"], row["insufficient"]

    def alerts(self) -> list[PastAlert]:
        rows = self._rows(
            "SELECT alert, objective, subject, severity, firing, toUnixTimestamp(time) AS since, tiers FROM "
            f"{ALERTS} WHERE {_BEFORE} ORDER BY alert, batch_lo DESC, position DESC LIMIT 1 BY alert"
        )
        return [
            PastAlert(
                row["alert"],
                row["objective"],
                SubjectId(row["subject"]),
                row["severity"],
                bool(row["firing"]),
                row["since"],
                tuple(row["tiers"]),
            )
            for row in rows
        ]

    def alarms(self, severity: str, span_s: int) -> list[PastAlarm]:
        """Transitions of that severity within ``span_s`` of their subject's newest, in the order in which they were made."""
        rows = self._rows(
            "SELECT alert, objective, subject, firing, since, bad FROM (SELECT *, toUnixTimestamp(time) AS since, "
            "toUnixTimestamp(bad_since) AS bad, max(since) OVER (PARTITION BY subject) AS newest "
            f"FROM {ALERTS} WHERE {_BEFORE} AND severity = {{severity:String}}) WHERE since > newest - {{span:Int64}} "
            "ORDER BY batch_lo, position",
            severity=severity,
            span=span_s,
        )
        return [
            PastAlarm(row["alert"], row["objective"], SubjectId(row["subject"]), bool(row["firing"]), row["since"], row["bad"])
            for row in rows
        ]

    def exclusions(self) -> list[PastExclusion]:
        """In the order in which they came."""
        rows = self._rows(
            "SELECT subject, toUnixTimestamp64Nano(exclusions.time) AS start, toUnixTimestamp64Nano(until) AS end, reason, who "
            f"FROM {EXCLUSIONS} WHERE {_BEFORE} ORDER BY batch_lo, position"
        )
        return [PastExclusion(SubjectId(row["subject"]), row["start"], row["end"], row["reason"], row["who"]) for row in rows]

    def _rows(self, sql: str, **parameters: object) -> Iterator[dict[str, Any]]:
        table: pa.Table = self.client.query(
            sql,
            {
                "pipeline": self.pipeline,
                "topic": self.topic,
                "partition": self.partition,
                "offset": self.offset,
                **parameters,
            },
        )
        for batch in table.to_batches():
            yield from batch.to_pylist()
