"""Stored verdicts, read back in the order in which they were made: what a restarted worker takes its budgets up from."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.ids import IndicatorId, RunId, SubjectId
from schemas.records import Verdict
from storage.client import Client
from storage.tables.names import VERDICTS


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What a sample said of an objective."""

    objective: str
    subject: SubjectId
    indicator: IndicatorId
    run: RunId
    end_unix_s: int
    verdict: Verdict


def verdicts_before(
    client: Client, *, pipeline: str, topic: str, partition: int, offset: int, span_s: int
) -> Iterator[StoredVerdict]:
    """Verdicts of one partition's batches that began before ``offset``, the last ``span_s`` of each subject and objective.

    Time is event time: a replayed recording keeps its budget however old it is. Rows of a batch that was cut off before it was
    sealed begin at ``offset`` or later, and are left out.
    """
    rows = client.query(
        "SELECT objective, subject, indicator, run, end, verdict FROM ("
        "SELECT objective, subject, indicator, run, batch_lo, position, "
        f"toUnixTimestamp(time) AS end, verdict, max(end) OVER (PARTITION BY objective, subject) AS newest FROM {VERDICTS} "
        "WHERE batch_pipeline = {pipeline:String} AND batch_topic = {topic:String} AND batch_partition = {partition:UInt16} "
        "AND batch_lo < {offset:UInt64}) WHERE end > newest - {span:Int64} ORDER BY batch_lo, position",
        {"pipeline": pipeline, "topic": topic, "partition": partition, "offset": offset, "span": span_s},
    )
    for batch in rows.to_batches():
        for row in batch.to_pylist():
            yield StoredVerdict(
                objective=row["objective"],
                subject=SubjectId(row["subject"]),
                indicator=IndicatorId(row["indicator"]),
                run=RunId(row["run"]),
                end_unix_s=row["end"],
                verdict=Verdict(row["verdict"]),
            )
