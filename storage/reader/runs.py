"""Runs: what was recorded, from when to when, and how clean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.block import Channel
from schemas.ids import DeviceId, RunId
from storage.reader.panes import in_panes
from storage.reader.question import Level, Questions

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its blocks tell it. Times are ns since 1970 UTC; ``seen_unix_ms`` is the broker's clock at its latest block.

    ``channel_tags`` counts the tags that fell into panes, ``tags`` those in the blocks; they differ while panes are open, and by
    ``late_tags`` after that.
    """

    device: DeviceId
    run: RunId
    origin_unix_ns: int
    began_unix_ns: int
    reached_unix_ns: int
    seen_unix_ms: int
    blocks: int
    tags: int
    late_tags: int
    channel_tags: Mapping[int, int]
    reordered: int
    overflows: int
    lost_ps: int
    lost_tags: int
    final: bool
    firmware: str
    calibration: str
    channels: tuple[Channel, ...]
    labels: Mapping[str, str]

    @property
    def duration_s(self) -> float:
        return (self.reached_unix_ns - self.began_unix_ns) / _NS_PER_S


class RunQuestions(Questions):
    """Asks for runs."""

    def runs(self, device: DeviceId | None = None, limit: int = 100) -> list[Run]:
        """The latest runs, of one device or of all, the latest first."""
        return self._runs("device = {device:String}" if device else "true", device, None, limit)

    def latest_run(self, device: DeviceId) -> Run | None:
        """The device's run whose blocks came last."""
        return next(iter(self.runs(device, 1)), None)

    def run(self, device: DeviceId, run: RunId) -> Run | None:
        found = self._runs("device = {device:String} AND run = {run:String}", device, run, 1)
        return found[0] if found else None

    def stored_tags(self, device: DeviceId, run: RunId) -> int:
        """Tags of the run that are stored and counted: everything else that their batches hold is readable, too."""
        counted = self._client.query(
            "SELECT sum(tags) AS n FROM v_singles_1h WHERE device = {device:String} AND run = {run:String}",
            {"device": device, "run": run},
        )
        return int(counted["n"][0].as_py())

    def _runs(self, where: str, device: DeviceId | None, run: RunId | None, limit: int) -> list[Run]:
        rows = self._client.query(
            f"""
            SELECT found.*, tags_by_channel.numbers AS numbers, tags_by_channel.counted AS counted FROM (
                SELECT * EXCEPT (began, reached, first_appended_at, seen_at, labels),
                    toUnixTimestamp64Nano(began) AS began_unix_ns, toUnixTimestamp64Nano(reached) AS reached_unix_ns,
                    toUnixTimestamp64Milli(seen_at) AS seen_unix_ms, labels
                FROM v_runs WHERE {where} ORDER BY seen_at DESC, began DESC LIMIT {{limit:UInt32}}) AS found
            LEFT JOIN (
                SELECT device, run, groupArray(channel) AS numbers, groupArray(tags) AS counted FROM (
                    SELECT device, run, channels[1] AS channel, {in_panes(Level.HOUR)} AS tags FROM panes_1h AS part
                    WHERE kind = 'singles' AND {where} GROUP BY device, run, channel ORDER BY channel)
                GROUP BY device, run) AS tags_by_channel
            ON tags_by_channel.device = found.device AND tags_by_channel.run = found.run
            ORDER BY seen_unix_ms DESC, began_unix_ns DESC""",
            {"device": device or "", "run": run or "", "limit": limit},
        )
        return [_run(row) for row in rows.to_pylist()]


def _run(row: dict[str, Any]) -> Run:
    counted = dict(zip(row.pop("numbers"), row.pop("counted"), strict=True))
    return Run(
        **{
            **row,
            "channel_tags": counted,
            "final": bool(row["final"]),
            "channels": tuple(Channel(**channel) for channel in row["channels"]),
            "labels": dict(row["labels"]),
        }
    )
