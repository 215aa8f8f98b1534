"""Samples, budgets, alerts and annotations, as they stand and as they came."""

from collections.abc import Collection
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from schemas.exercise import PATTERN as EXERCISES
from schemas.ids import DeviceId, IndicatorId, SubjectId
from schemas.records import AlertState, Annotation, Estimate, IndicatorSample, Shortfall
from storage.past_verdicts import PastExclusion
from storage.reader.question import END_OF_TIME, Questions
from storage.tables import BudgetWindow, StoredBudget

_lacks: msgspec.json.Decoder[tuple[Shortfall, ...]] = msgspec.json.Decoder(tuple[Shortfall, ...])
_SAMPLE = "*, toUnixTimestamp(time) AS end_unix_s"
ALERT_COLUMNS = (
    "alert, objective, subject, severity, firing, toUnixTimestamp(time) AS since_unix_s, tiers, text, burn_rate, "
    "budget_remaining, run, firmware, runbook, inhibited_by, indicator, device, estimate, "
    "toUnixTimestamp(bad_since) AS bad_since_unix_s"
)
_BUDGET = "subject, objective, toUnixTimestamp(time) AS at_unix_s, windows, remaining_exact"
_LAST_FIRST = "batch_lo DESC, position DESC"


class SampleValue(NamedTuple):
    """An estimate's value and no more; None where the data could not support one."""

    subject: SubjectId
    indicator: IndicatorId
    firmware: str
    end_unix_s: int
    value: float | None


class JudgementQuestions(Questions):
    """Asks for what was made of the counts. Times are UTC seconds."""

    def samples(
        self, subject: SubjectId, indicator: IndicatorId, since: int = 0, limit: int = 10_000, until: int = END_OF_TIME
    ) -> list[IndicatorSample]:
        """Samples that ended in [since, until), the earliest first; of more than ``limit`` the latest."""
        rows = self._client.query(
            f"SELECT {_SAMPLE} FROM indicator_samples WHERE subject = {{subject:String}} AND indicator = {{indicator:String}} "
            "AND time >= fromUnixTimestamp({since:UInt32}) AND time < fromUnixTimestamp({until:UInt32}) "
            f"ORDER BY time DESC, run, {_LAST_FIRST} LIMIT 1 BY time, run LIMIT {{limit:UInt32}}",
            {"subject": subject, "indicator": indicator, "since": since, "until": until, "limit": limit},
        )
        return [_sample(row) for row in reversed(rows.to_pylist())]

    def values_of(self, device: DeviceId, indicators: Collection[str], since: int, until: int) -> list[SampleValue]:
        """What these indicators of a device and its links were found to be in [since, until), the earliest first."""
        rows = self._client.query(
            "SELECT subject, indicator, firmware, toUnixTimestamp(time) AS end_unix_s, value FROM indicator_samples "
            "WHERE device = {device:String} AND indicator IN {indicators:Array(String)} "
            "AND time >= fromUnixTimestamp({since:UInt32}) AND time < fromUnixTimestamp({until:UInt32}) "
            f"ORDER BY time, subject, indicator, run, {_LAST_FIRST} LIMIT 1 BY time, subject, indicator, run",
            {"device": device, "indicators": sorted(indicators), "since": since, "until": until},
        )
        return list(map(SampleValue, *(rows[name].to_pylist() for name in SampleValue._fields)))

    def heard_of(self, subject: SubjectId, since: int = 0) -> list[tuple[DeviceId, int]]:
        """Devices that spoke for a subject since then, and when each did last; the latest first."""
        rows = self._client.query(
            "SELECT device, toUnixTimestamp(max(time)) AS last FROM indicator_samples WHERE subject = {subject:String} "
            "AND time >= fromUnixTimestamp({since:UInt32}) GROUP BY device ORDER BY last DESC, device",
            {"subject": subject, "since": since},
        )
        return [(DeviceId(row["device"]), row["last"]) for row in rows.to_pylist()]

    def sample_count(self, subject: SubjectId, since: int = 0) -> int:
        """How many samples of a subject are stored that ended at or after ``since``."""
        rows = self._client.query(
            "SELECT count() AS n FROM indicator_samples WHERE subject = {subject:String} "
            "AND time >= fromUnixTimestamp({since:UInt32})",
            {"subject": subject, "since": since},
        )
        return int(rows["n"][0].as_py())

    def latest_samples(self, since: int = 0) -> list[IndicatorSample]:
        """The latest sample of every subject and indicator that has one since then."""
        rows = self._client.query(
            f"SELECT {_SAMPLE} FROM indicator_samples WHERE time >= fromUnixTimestamp({{since:UInt32}}) "
            f"ORDER BY subject, indicator, time DESC, {_LAST_FIRST} LIMIT 1 BY subject, indicator",
            {"since": since},
        )
        return [_sample(row) for row in rows.to_pylist()]

    def alerts(self) -> list[AlertState]:
        """Every alert as it stands after its latest transition: the firing ones first, then the latest; none of exercises."""
        rows = self._client.query(
            f"SELECT {ALERT_COLUMNS} FROM "
            f"(SELECT * FROM alert_transitions WHERE NOT match(subject, '{EXERCISES}') "
            f"ORDER BY alert, time DESC, {_LAST_FIRST} LIMIT 1 BY alert) "
            "ORDER BY firing DESC, since_unix_s DESC, alert"
        )
        return [alert_of(row) for row in rows.to_pylist()]

    def alert_history(self, since: int = 0, limit: int = 1_000) -> list[AlertState]:
        """Transitions since then, the latest first."""
        rows = self._client.query(
            f"SELECT {ALERT_COLUMNS} FROM alert_transitions WHERE time >= fromUnixTimestamp({{since:UInt32}}) "
            f"ORDER BY time DESC, {_LAST_FIRST} LIMIT {{limit:UInt32}}",
            {"since": since, "limit": limit},
        )
        return [alert_of(row) for row in rows.to_pylist()]

    def budgets(self, since: int = 0) -> list[StoredBudget]:
        """The latest budget of every subject and objective that has one since then."""
        rows = self._client.query(
            f"SELECT {_BUDGET} FROM budgets WHERE time >= fromUnixTimestamp({{since:UInt32}}) "
            f"ORDER BY objective, subject, time DESC, {_LAST_FIRST} LIMIT 1 BY objective, subject",
            {"since": since},
        )
        return [_budget(row) for row in rows.to_pylist()]

    def budget_history(self, subject: SubjectId, objective: str, since: int = 0, limit: int = 10_000) -> list[StoredBudget]:
        """One subject's budget since then, the earliest first; of more than ``limit`` the latest."""
        rows = self._client.query(
            f"SELECT {_BUDGET} FROM budgets WHERE subject = {{subject:String}} AND objective = {{objective:String}} "
            f"AND time >= fromUnixTimestamp({{since:UInt32}}) ORDER BY time DESC, {_LAST_FIRST} "
            "LIMIT 1 BY time LIMIT {limit:UInt32}",
            {"subject": subject, "objective": objective, "since": since, "limit": limit},
        )
        return [_budget(row) for row in reversed(rows.to_pylist())]

    def exclusions(self, since: int = 0) -> list[PastExclusion]:
        """Time that was taken out and ended since then, or has not ended: each as it was told last, by its beginning."""
        rows = self._client.query(
            "SELECT subject, toUnixTimestamp64Nano(exclusions.time) AS start, toUnixTimestamp64Nano(until) AS end, reason, who "
            "FROM (SELECT * FROM exclusions ORDER BY subject, exclusions.time, reason, batch_lo DESC, position DESC "
            "LIMIT 1 BY subject, exclusions.time, reason) AS exclusions "
            "WHERE until IS NULL OR until >= fromUnixTimestamp({since:UInt32}) ORDER BY start, subject, reason",
            {"since": since},
        )
        return [
            PastExclusion(SubjectId(row["subject"]), row["start"], row["end"], row["reason"], row["who"])
            for row in rows.to_pylist()
        ]

    def last_stored(self) -> tuple[int, float] | None:
        """When the last batch of anything was stored (UTC seconds), and how many seconds ago, by the store's clock."""
        rows = self._client.query(
            "SELECT count() AS batches, toUnixTimestamp64Milli(max(stored_at)) AS last, toUnixTimestamp64Milli(now64(3)) AS now "
            "FROM ledger"
        ).to_pylist()[0]
        return (rows["last"] // 1000, (rows["now"] - rows["last"]) / 1e3) if rows["batches"] else None

    def annotations(self, since: int = 0, subject: SubjectId | None = None) -> list[Annotation]:
        """What was noted since then, about one subject or all, the earliest first: what was told twice with its end."""
        rows = self._client.query(
            "SELECT kind, subject, toUnixTimestamp64Milli(annotations.time) / 1e3 AS start_unix_s, "
            "toUnixTimestamp64Milli(until) / 1e3 AS end_unix_s, text, author, attributes FROM annotations "
            "WHERE annotations.time >= fromUnixTimestamp({since:UInt32}) "
            "AND ({subject:String} = '' OR subject = {subject:String}) "
            "ORDER BY annotations.time, kind, subject, text, isNull(until), stored_at DESC, batch_lo DESC "
            "LIMIT 1 BY annotations.time, kind, subject, text",
            {"since": since, "subject": subject or ""},
        )
        return [Annotation(**{**row, "attributes": msgspec.json.decode(row["attributes"])}) for row in rows.to_pylist()]


def _sample(row: dict[str, Any]) -> IndicatorSample:
    estimate = Estimate(
        value=row["value"],
        lower=row["lower"],
        upper=row["upper"],
        confidence=row["confidence"],
        counts=dict(row["counts"]),
        unit=row["unit"],
        method=row["method"],
        parameters=msgspec.json.decode(row["parameters"]),
        warnings=tuple(row["warnings"]),
    )
    return IndicatorSample(
        subject=row["subject"],
        indicator=row["indicator"],
        device=row["device"],
        run=row["run"],
        end_unix_s=row["end_unix_s"],
        integration_s=row["integration_s"],
        estimate=estimate,
        firmware=row["firmware"],
        lacks=_lacks.decode(row["lacks"]),
    )


def alert_of(row: dict[str, Any]) -> AlertState:
    """A transition of the columns ``ALERT_COLUMNS``."""
    measured = row["estimate"]
    estimate = msgspec.json.decode(measured, type=Estimate) if measured else None
    return AlertState(**{**row, "firing": bool(row["firing"]), "tiers": tuple(row["tiers"]), "estimate": estimate})


def _budget(row: dict[str, Any]) -> StoredBudget:
    windows = tuple(
        BudgetWindow(
            window_s=window["window_s"],
            good=window["good"],
            bad=window["bad"],
            insufficient=window["insufficient"],
            excluded=window["excluded"],
            burn_rate=_fraction(window["burn_exact"]),
        )
        for window in row["windows"]
    )
    return StoredBudget(row["subject"], row["objective"], row["at_unix_s"], windows, _fraction(row["remaining_exact"]))


def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)
