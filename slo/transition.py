"""A track as others see it: its budget, and what is told of an alert that turned."""

from collections.abc import Sequence

from schemas.ids import SubjectId
from schemas.records import AlertState
from slo.alerts import alert_id, inhibitor
from slo.budget import BudgetSnapshot
from slo.counts import Counts
from slo.horizon import pace_window_s
from slo.track import Track, Turn
from slo.watch import Watch
from slo.wording import Occasion, cleared, firing


def snapshot(watch: Watch, subject: SubjectId, at_unix_s: int, sums: Sequence[Counts]) -> BudgetSnapshot:
    """The budget of a subject with these counts in the objective's windows."""
    objective = watch.objective
    windows = tuple(zip(watch.windows.lengths_s, sums, strict=True))
    return BudgetSnapshot(objective.name, subject, at_unix_s, watch.budget, windows)


def transition(watch: Watch, occasion: Occasion, track: Track, turn: Turn) -> AlertState:
    """What is told of an alert that turned."""
    objective, now = watch.objective, turn.now
    concerned = [t for t in objective.tiers if t.severity == turn.severity and (not now.firing or t.name in now.tiers)]
    fastest = max(concerned, key=lambda tier: (tier.factor, -tier.long_s), default=None)
    window_s = fastest.long_s if fastest else pace_window_s(objective)
    budget = snapshot(watch, occasion.subject, now.since_unix_s, turn.sums)
    rate, remaining = budget.burn_rate(window_s), budget.remaining_ratio
    above = None if objective.critical else inhibitor(track.standings, turn.severity)
    return AlertState(
        alert=alert_id(objective.name, occasion.subject, turn.severity),
        objective=objective.name,
        subject=occasion.subject,
        severity=turn.severity,
        firing=now.firing,
        since_unix_s=now.since_unix_s,
        tiers=now.tiers,
        text=(
            firing(objective, occasion, budget, window_s, watch.lasts_s(track, budget))
            if turn.before is None or now.firing
            else cleared(objective, occasion, budget, turn.before.since_unix_s)
        ),
        burn_rate=None if rate is None else str(rate),
        budget_remaining=None if remaining is None else str(remaining),
        run=occasion.run,
        firmware=occasion.firmware,
        runbook=objective.runbook,
        inhibited_by=alert_id(objective.name, occasion.subject, above) if above else "",
        indicator=watch.criterion.indicator,
        device=occasion.device,
        estimate=occasion.estimate,
        bad_since_unix_s=_bad_since(track, now.since_unix_s, window_s) if now.firing else None,
    )


_LOOKED_BACK_S = 48 * 3_600
"""Further back histories tell sums instead of samples."""


def _bad_since(track: Track, at_unix_s: int, window_s: int) -> int | None:
    """End of the first bad bucket in the window."""
    start = at_unix_s - min(window_s, _LOOKED_BACK_S)
    return min((run.first_unix_s for run in track.line.runs_between(start, at_unix_s) if run.counts.bad), default=None)
