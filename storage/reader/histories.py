"""Long stretches of the past, column by column: for whoever judges them anew, or reports on them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import pyarrow as pa

from schemas.exercise import PATTERN as EXERCISES
from schemas.ids import DeviceId, IndicatorId, SubjectId
from schemas.records import AlertState
from storage.reader.judgements import ALERT_COLUMNS, alert_of
from storage.reader.question import Questions

_LONGEST_ALERT_S = 180 * 86_400
"""An alert that began earlier than this before a stretch is no news of it."""


class SampleGroup(NamedTuple):
    """Samples that go together: one indicator of one subject, by one device, in one unit."""

    subject: SubjectId
    indicator: IndicatorId
    device: DeviceId
    unit: str


class CountedRow(NamedTuple):
    """What one objective and subject counted in a stretch; good and bad are in parts 1/parts of an event."""

    objective: str
    subject: SubjectId
    parts: int
    good: int
    bad: int


class SampleShare(NamedTuple):
    """How many samples an objective judged of a subject, and how many of them were undecided or excluded then."""

    objective: str
    subject: SubjectId
    samples: int
    insufficient: int
    excluded: int


class HistoryQuestions(Questions):
    """Times are UTC seconds of event time; stretches are (since, until]."""

    def sample_span(self, indicators: Collection[IndicatorId]) -> tuple[int, int] | None:
        """The first and the last end of the samples of these indicators, exercises left out; None where there are none."""
        rows = self._client.query(
            "SELECT count() AS n, toUnixTimestamp(min(time)) AS first, toUnixTimestamp(max(time)) AS last FROM indicator_samples "
            "WHERE indicator IN {indicators:Array(String)} AND NOT match(subject, {exercises:String})",
            {"indicators": sorted(indicators), "exercises": EXERCISES},
        ).to_pylist()
        return (rows[0]["first"], rows[0]["last"]) if rows and rows[0]["n"] else None

    def sample_groups(
        self, indicators: Collection[IndicatorId], since: int, until: int, *, subject: SubjectId | None = None
    ) -> list[SampleGroup]:
        """The groups that have samples of these indicators, of one subject or of all."""
        rows = self._client.query(
            "SELECT DISTINCT subject, indicator, device, unit FROM indicator_samples "
            "WHERE indicator IN {indicators:Array(String)} "
            "AND ({subject:String} = '' OR subject = {subject:String}) "
            "AND time > toDateTime({since:Int64}, 'UTC') AND time <= toDateTime({until:Int64}, 'UTC') "
            "ORDER BY subject, indicator, device, unit",
            {"indicators": sorted(indicators), "subject": subject or "", "since": since, "until": until},
        )
        return [SampleGroup(**row) for row in rows.to_pylist()]

    def sample_columns(self, group: SampleGroup, since: int, until: int, counts: Sequence[str]) -> pa.Table:
        """The group's samples by their ends, each once: ``end``, ``lower``, ``upper`` (infinite where there is none), ``counted``
        (whether it rests on anything), and ``count_0``, … in the order of ``counts``, -1 where an estimate does not tell it.
        """
        wanted = "".join(
            f", if(mapContains(counts, {{name_{place}:String}}), counts[{{name_{place}:String}}], -1) AS count_{place}"
            for place in range(len(counts))
        )
        return self._client.query(
            "SELECT toInt64(toUnixTimestamp(time)) AS end, ifNull(lower, -inf) AS lower, ifNull(upper, inf) AS upper, "
            f"arrayExists(each -> each != 0, mapValues(counts)) AS counted{wanted} FROM indicator_samples "
            "WHERE subject = {subject:String} AND indicator = {indicator:String} AND device = {device:String} "
            "AND unit = {unit:String} AND time > toDateTime({since:Int64}, 'UTC') AND time <= toDateTime({until:Int64}, 'UTC') "
            "ORDER BY time, run, batch_lo DESC, position DESC LIMIT 1 BY time, run",
            {**group._asdict(), "since": since, "until": until, **{f"name_{place}": name for place, name in enumerate(counts)}},
        )

    def counted(self, since: int, until: int) -> list[CountedRow]:
        """What every budget counted, by the views that are made from the definitions; exercises are left out."""
        return self._counted_in("slo_counted", since, until)

    def _counted_in(self, view: str, since: int, until: int) -> list[CountedRow]:
        rows = self._client.query(
            f"SELECT objective, subject, parts, sum(good) AS good, sum(bad) AS bad FROM {view} "
            "WHERE end > {since:Int64} AND end <= {until:Int64} AND NOT match(subject, {exercises:String}) "
            "GROUP BY objective, subject, parts ORDER BY objective, subject, parts",
            {"since": since, "until": until, "exercises": EXERCISES},
        )
        return [CountedRow(**row) for row in rows.to_pylist()]

    def parts_counted(self, since: int, until: int) -> list[CountedRow]:
        """As ``counted`` of whatever composites are made of, members of wholes under their names as such."""
        return self._counted_in("slo_composite_counted", since, until)

    def sample_shares(self, since: int, until: int) -> list[SampleShare]:
        """Samples by what the stream said of them; exercises are left out."""
        rows = self._client.query(
            "SELECT objective, subject, count() AS samples, countIf(verdict = 'insufficient') AS insufficient, "
            "countIf(verdict = 'excluded') AS excluded FROM verdicts WHERE time > toDateTime({since:Int64}, 'UTC') "
            "AND time <= toDateTime({until:Int64}, 'UTC') AND position(subject, '::') = 0 "
            "AND NOT match(subject, {exercises:String}) GROUP BY objective, subject ORDER BY objective, subject",
            {"since": since, "until": until, "exercises": EXERCISES},
        )
        return [SampleShare(**row) for row in rows.to_pylist()]

    def remaining(self, until: int) -> dict[tuple[str, SubjectId], str]:
        """What was left of each budget, as of the last time at or before ``until``: exact fractions."""
        rows = self._client.query(
            "SELECT objective, subject, argMax(remaining_exact, (time, batch_lo, position)) AS left FROM budgets "
            "WHERE time <= toDateTime({until:Int64}, 'UTC') AND NOT match(subject, {exercises:String}) "
            "GROUP BY objective, subject HAVING isNotNull(left)",
            {"until": until, "exercises": EXERCISES},
        )
        return {(row["objective"], SubjectId(row["subject"])): row["left"] for row in rows.to_pylist()}

    def transitions(self, since: int, until: int) -> list[AlertState]:
        """Alerts as they turned up to ``until``, from well before ``since`` on, the earliest first; exercises are left out."""
        rows = self._client.query(
            f"SELECT {ALERT_COLUMNS} FROM alert_transitions WHERE time > toDateTime({{since:Int64}}, 'UTC') "
            "AND time <= toDateTime({until:Int64}, 'UTC') AND NOT match(subject, {exercises:String}) "
            "ORDER BY time, batch_lo, position",
            {"since": max(0, since - _LONGEST_ALERT_S), "until": until, "exercises": EXERCISES},
        )
        return [alert_of(row) for row in rows.to_pylist()]

    def bad_samples(self, since: int, until: int) -> pa.Table:
        """Samples that counted something bad: objective, subject, device, run, firmware, end, bad; exercises are left out."""
        return self._client.query(
            "SELECT objective, subject, device, run, firmware, toInt64(toUnixTimestamp(time)) AS end, bad FROM verdicts "
            "WHERE bad > 0 AND time > toDateTime({since:Int64}, 'UTC') AND time <= toDateTime({until:Int64}, 'UTC') "
            "AND position(subject, '::') = 0 AND NOT match(subject, {exercises:String}) ORDER BY objective, subject, end",
            {"since": since, "until": until, "exercises": EXERCISES},
        )
