"""The fleet at a glance: who was heard when, and how loud."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.exercise import PATTERN as EXERCISES
from schemas.ids import DeviceId, RunId
from schemas.records import IndicatorSample
from storage.reader.judgements import JudgementQuestions

RATE_S = 10
"""Rates are taken over the last complete seconds of event time, as many as this."""
_LOUD_S = 60
"""A device whose panes came longer ago than this has no rate any more."""


@dataclass(frozen=True, slots=True)
class DeviceOverview:
    """One device's latest run, its rates (tags a second of live time, by channel) and latest estimates."""

    device: DeviceId
    run: RunId
    seen_unix_ms: int
    """The broker's clock at its latest block."""
    reached_unix_s: int
    """Event time up to which it spoke."""
    rates_hz: Mapping[int, float]
    samples: tuple[IndicatorSample, ...]


class FleetQuestions(JudgementQuestions):
    """Asks for all devices at once."""

    def fleet(self, *, since: int, rate_s: int = RATE_S) -> list[DeviceOverview]:
        """Every device that was heard since then (UTC seconds), by name; those that take part in exercises are none."""
        heard = self._client.query(
            "SELECT device, argMax(run, seen_at) AS run, toUnixTimestamp64Milli(max(seen_at)) AS seen, "
            "toUnixTimestamp(argMax(reached, seen_at)) AS reached FROM v_runs "
            f"WHERE NOT match(device, '{EXERCISES}') "
            "GROUP BY device HAVING max(seen_at) >= fromUnixTimestamp({since:UInt32}) ORDER BY device",
            {"since": since},
        ).to_pylist()
        rates = self._rates(rate_s)
        samples = self.latest_samples(since)
        return [
            DeviceOverview(
                device=row["device"],
                run=row["run"],
                seen_unix_ms=row["seen"],
                reached_unix_s=row["reached"],
                rates_hz=rates.get((row["device"], row["run"]), {}),
                samples=tuple(sample for sample in samples if sample.device == row["device"]),
            )
            for row in heard
        ]

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
