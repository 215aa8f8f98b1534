"""Long stretches of the past, column by column: for whoever judges them anew, or reports on them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import pyarrow as pa

from schemas.ids import DeviceId, IndicatorId, SubjectId
from storage.reader.question import Questions


class SampleGroup(NamedTuple):
    """Samples that go together: one indicator of one subject, by one device, in one unit."""

    subject: SubjectId
    indicator: IndicatorId
    device: DeviceId
    unit: str


class HistoryQuestions(Questions):
    """Times are UTC seconds of event time; stretches are (since, until]."""

    def sample_span(self, indicators: Collection[IndicatorId]) -> tuple[int, int] | None:
        """The first and the last end of the samples of these indicators; None where there are none."""
        rows = self._client.query(
            "SELECT count() AS n, toUnixTimestamp(min(time)) AS first, toUnixTimestamp(max(time)) AS last FROM indicator_samples "
            "WHERE indicator IN {indicators:Array(String)}",
            {"indicators": sorted(indicators)},
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
