"""What could not be used: dead letters and late blocks."""

import base64
from dataclasses import dataclass

from schemas.ids import DeviceId, RunId, SourceId
from schemas.records import DeadLetter
from storage.reader.question import Questions


@dataclass(frozen=True, slots=True)
class LateBlock:
    """A block that entered no pane, and why: its fate."""

    device: DeviceId
    run: RunId
    source: SourceId
    sequence: int
    start_ps: int
    reached_ps: int
    tags: int
    fate: str
    partition: int
    offset: int


class StrayQuestions(Questions):
    """Asks for messages and blocks that were not used."""

    def dead_letters(self, since: int = 0, limit: int = 1_000) -> list[DeadLetter]:
        """Those appended to the log since then (UTC seconds), the latest first."""
        rows = self._client.query(
            "SELECT topic, partition, offset, toUnixTimestamp64Nano(time) AS seen_unix_ns, reason, detail, size, "
            "base64Encode(head) AS head FROM dead_letters WHERE time >= fromUnixTimestamp({since:UInt32}) "
            "ORDER BY time DESC, topic, partition, offset DESC LIMIT {limit:UInt32}",
            {"since": since, "limit": limit},
        )
        return [DeadLetter(**{**row, "head": base64.b64decode(row["head"])}) for row in rows.to_pylist()]

    def late_blocks(self, device: DeviceId, run: RunId) -> list[LateBlock]:
        """Those of one run, by source and sequence."""
        rows = self._client.query(
            "SELECT device, run, source, sequence, start_ps, reached_ps, tags, fate, batch_partition AS partition, offset "
            "FROM late_blocks WHERE device = {device:String} AND run = {run:String} ORDER BY source, sequence, offset",
            {"device": device, "run": run},
        )
        return [LateBlock(**row) for row in rows.to_pylist()]
