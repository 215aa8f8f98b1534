"""The fleet at a glance: who was heard when, and how loud."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.exercise import PATTERN as EXERCISES
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.records import IndicatorSample
from storage.reader.judgements import JudgementQuestions

RATE_S = 10
"""Rates are taken over the last complete seconds of event time, as many as this."""
_LOUD_S = 60
"""A device whose panes came longer ago than this has no rate any more."""


class Heard(NamedTuple):
    """The latest word of a device or link beside tags: an event, a measurement or a reading."""

    subject: SubjectId
    device: DeviceId
    """That spoke: itself, or the one that speaks for the link."""
    run: RunId
    """Empty where only readings came: whoever reads a sensor may number runs of its own."""
    seen_unix_ms: int
    """The store's clock when it was stored."""


@dataclass(frozen=True, slots=True)
class DeviceOverview:
    """A device's or link's latest run, its rates (tags a second of live time, by channel) and latest estimates."""

    device: DeviceId
    speaker: DeviceId
    """The device itself, or the one that speaks for the link."""
    run: RunId
    seen_unix_ms: int
    """When anything last came of it."""
    tags_seen_unix_ms: int | None
    """The broker's clock at its latest block; None: it sends no tags in its latest run."""
    reached_unix_s: int | None
    """Event time up to which its tags go."""
    rates_hz: Mapping[int, float]
    samples: tuple[IndicatorSample, ...]


class FleetQuestions(JudgementQuestions):
    """Asks for all devices at once; those that take part in exercises are none."""

    def heard(self, since_unix_ms: int) -> list[Heard]:
        """Whoever told events, measurements or readings that were stored since then, by name; cheap where that is lately."""
        rows = self._client.query(
            f"""
            SELECT subject, argMax(device, stored_at) AS device, argMaxIf(run, stored_at, run != '') AS run,
                toUnixTimestamp64Milli(max(stored_at)) AS seen
            FROM (
                SELECT subject, device, run, stored_at FROM events
                WHERE stored_at >= fromUnixTimestamp64Milli({{since:Int64}})
                UNION ALL SELECT subject, device, run, stored_at FROM measurements
                WHERE stored_at >= fromUnixTimestamp64Milli({{since:Int64}})
                UNION ALL SELECT device AS subject, device, '' AS run, stored_at FROM telemetry
                WHERE stored_at >= fromUnixTimestamp64Milli({{since:Int64}}))
            WHERE NOT match(subject, '{EXERCISES}') GROUP BY subject ORDER BY subject""",
            {"since": since_unix_ms},
        )
        return [Heard(row["subject"], row["device"], row["run"], row["seen"]) for row in rows.to_pylist()]

    def fleet(self, *, since: int, heard: Iterable[Heard] = (), rate_s: int = RATE_S) -> list[DeviceOverview]:
        """Every device and link that was heard since then (UTC seconds), by name: whoever sends tags, and those of ``heard``.

        A sample of a subject that is none of these stands with the device that was measured.
        """
        tagged = {row["device"]: row for row in self._tagged(since)}
        told = {each.subject: each for each in heard if each.seen_unix_ms >= since * 1000}
        rates = self._rates(rate_s)
        samples: dict[str, list[IndicatorSample]] = {}
        for sample in self.latest_samples(since):
            known = sample.subject in told or sample.subject in tagged
            samples.setdefault(sample.subject if known else sample.device, []).append(sample)
        return [
            _overview(name, tagged.get(name), told.get(SubjectId(name)), rates, samples.get(name, ()))
            for name in sorted(tagged.keys() | told.keys())
        ]

    def _tagged(self, since: int) -> list[dict[str, Any]]:
        rows = self._client.query(
            "SELECT device, argMax(run, seen_at) AS run, toUnixTimestamp64Milli(max(seen_at)) AS seen, "
            "toUnixTimestamp(argMax(reached, seen_at)) AS reached FROM v_runs "
            f"WHERE NOT match(device, '{EXERCISES}') "
            "GROUP BY device HAVING max(seen_at) >= fromUnixTimestamp({since:UInt32})",
            {"since": since},
        )
        found: list[dict[str, Any]] = rows.to_pylist()
        return found

    def _rates(self, rate_s: int) -> dict[tuple[str, str], dict[int, float]]:
        rows = self._client.query(
            """
            WITH newest AS (
                SELECT device, run, max(time) AS last FROM panes_1s
                WHERE kind = 'singles' AND stored_at >= now64(3) - toIntervalSecond({loud:UInt32}) GROUP BY device, run)
            SELECT device, run, channels[1] AS channel, sum(sums[1]) / (sum(sums[2]) / 1e12) AS rate_hz FROM panes_1s
            INNER JOIN newest ON newest.device = panes_1s.device AND newest.run = panes_1s.run
            WHERE kind = 'singles' AND stored_at >= now64(3) - toIntervalSecond({loud:UInt32})
                AND time > last - {span:UInt32} AND sums[2] > 0
            GROUP BY device, run, channel ORDER BY device, run, channel""",
            {"loud": _LOUD_S + rate_s, "span": rate_s},
        )
        rates: dict[tuple[str, str], dict[int, float]] = {}
        for row in rows.to_pylist():
            rates.setdefault((row["device"], row["run"]), {})[row["channel"]] = row["rate_hz"]
        return rates


def _overview(
    name: str,
    tags: dict[str, Any] | None,
    told: Heard | None,
    rates: Mapping[tuple[str, str], Mapping[int, float]],
    samples: Sequence[IndicatorSample],
) -> DeviceOverview:
    if tags is not None and told is not None and told.run not in ("", tags["run"]) and told.seen_unix_ms > tags["seen"]:
        tags = None  # they are of a run that is over
    run = tags["run"] if tags else told.run if told else ""
    seen = max(tags["seen"] if tags else 0, told.seen_unix_ms if told else 0)
    return DeviceOverview(
        device=DeviceId(name),
        speaker=told.device if told else DeviceId(name),
        run=RunId(run),
        seen_unix_ms=seen,
        tags_seen_unix_ms=tags["seen"] if tags else None,
        reached_unix_s=tags["reached"] if tags else None,
        rates_hz=rates.get((name, run), {}),
        samples=tuple(samples),
    )
