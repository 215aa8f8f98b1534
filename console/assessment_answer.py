"""What ``slo evaluate`` answers: an assessment as an object for scripts, and as lines for people."""

from fractions import Fraction
from typing import TYPE_CHECKING

from console.invocation import Invocation
from console.quantities import seconds_text
from slo.instant import NS, Form, instant_text

if TYPE_CHECKING:
    from rich.table import Table

    from slo.assessment import Assessment, TierState
    from slo.budget import BudgetSnapshot
    from slo.exclusions import Exclusion


def document(found: "Assessment", form: Form | None, *, with_transitions: bool) -> dict[str, object]:
    """The assessment; ratios as exact fractions, whole counts as numbers, what is undefined as null. ``form``: of its times; None
    where there is no time at all.
    """
    snapshot, objective = found.snapshot, found.objective
    budget = {
        "total": str(snapshot.total),
        "used": _amount(snapshot.used),
        "remaining_ratio": _text(snapshot.remaining_ratio),
        "remaining_events": str(snapshot.remaining_events),
        "exhausted_in_s": _seconds(found.forecast.after),
        "exhausted_in_s_interval": [_seconds(found.forecast.earliest), _seconds(found.forecast.latest)],
    }
    lengths = [length for length, _ in snapshot.windows[:-1]]
    answer: dict[str, object] = {
        "name": objective.name,
        "objective": str(objective.target),
        "period_s": found.period_s,
        "at": _time(found.at_ns, form),
        "windows": {
            **{str(length): _window(snapshot, length) for length in lengths},
            str(found.period_s): _window(snapshot, objective.period_s),
        },
        "budget": budget,
        "slices": found.slices._asdict(),
        "excluded": _excluded(found, form),
        "tiers": [_tier(found, state) for state in found.tiers],
        "alerts": list(found.alerts),
    }
    if with_transitions:
        answer["transitions"] = [
            {"alert": each.severity, "time": _time(each.time_ns, form), "firing": each.firing} for each in found.transitions
        ]
    return answer


def show(invocation: Invocation, found: "Assessment", form: Form | None, *, with_transitions: bool) -> None:
    """The assessment as lines for people: rounded, with what matters first."""
    say = invocation.terminal.print
    snapshot, objective = found.snapshot, found.objective
    say(f"[bold]{objective.name}[/]  {_percent(objective.target)} of {seconds_text(found.period_s)} ({objective.method})")
    firing = ", ".join(f"[red]▲ {severity}[/]" for severity in found.alerts) or "[green]● nothing fires[/]"
    say(f"  {firing}  [dim]as of {_time(found.at_ns, form)}[/]")
    if snapshot.remaining_ratio is None:
        say("  no events in the period: nothing can be said")
    else:
        say(
            f"  budget: {float(snapshot.used):g} of {float(snapshot.total):g} bad events spent, "
            f"{_percent(snapshot.remaining_ratio)} left{_gone(found)}"
        )
    if found.excluded_ns:
        say(f"  excluded: {seconds_text(found.excluded_ns / NS)}, {_percent(_share(found))} of the period")
    if objective.slice_s:
        slices = found.slices
        say(f"  slices: {slices.good} good, {slices.bad} bad, {slices.empty} empty, {slices.excluded} excluded")
    say(_windows_table(found))
    if with_transitions:
        for each in found.transitions:
            word = "[red]fires[/]" if each.firing else "[green]clears[/]"
            say(f"  {_time(each.time_ns, form)}  {each.severity} {word}")
        if not found.transitions:
            say("  no alert ever fired")


def _windows_table(found: "Assessment") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("  tier", "severity", "short", "burns", "long", "burns", "fires above", ""):
        table.add_column(heading, no_wrap=True)
    for state in found.tiers:
        tier = state.tier
        said = "[red]▲ fires[/]" if state.firing else "too few events" if state.suppressed else ""
        if state.firing and state.inhibited_by:
            said += f" [dim](silenced by {state.inhibited_by})[/]"
        burns = (_rate(found.snapshot.burn_rate(length)) for length in (tier.short_s, tier.long_s))
        table.add_row(
            f"  {tier.name}",
            tier.severity,
            seconds_text(tier.short_s),
            next(burns),
            seconds_text(tier.long_s),
            next(burns),
            f"{float(tier.factor):g}",
            said,
        )
    return table


def _window(snapshot: "BudgetSnapshot", length_s: int) -> dict[str, object]:
    counts = snapshot.counts(length_s)
    return {
        "good": _amount(counts.good),
        "bad": _amount(counts.bad),
        "error_ratio": _text(snapshot.error_ratio(length_s)),
        "burn_rate": _text(snapshot.burn_rate(length_s)),
    }


def _tier(found: "Assessment", state: "TierState") -> dict[str, object]:
    tier = state.tier
    return {
        "name": tier.name,
        "severity": tier.severity,
        "short_s": tier.short_s,
        "long_s": tier.long_s,
        "factor": str(tier.factor),
        "threshold": str(tier.threshold(found.objective.budget)),
        "firing": state.firing,
        "suppressed": state.suppressed,
        "inhibited_by": state.inhibited_by if state.firing else None,
        "minimum_events": tier.minimum_events,
    }


def _excluded(found: "Assessment", form: Form | None) -> dict[str, object]:
    return {
        "seconds": _seconds(Fraction(found.excluded_ns)),
        "share": str(_share(found)),
        "cap": str(found.objective.exclusion_cap),
        "critical": found.objective.critical,
        "windows": [_exclusion(each, form) for each in found.exclusions],
    }


def _exclusion(exclusion: "Exclusion", form: Form | None) -> dict[str, object]:
    return {
        "start": _time(exclusion.start_ns, form),
        "end": _time(exclusion.end_ns, form),
        "reason": exclusion.reason,
        "who": exclusion.who,
        "subject": exclusion.subject,
    }


def _share(found: "Assessment") -> Fraction:
    return Fraction(found.excluded_ns, found.period_s * NS)


def _gone(found: "Assessment") -> str:
    after = found.forecast.after
    if after is None:
        return ""
    return "; nothing is left" if after == 0 else f"; nothing is left in {seconds_text(float(after / NS))} as things go"


def _percent(ratio: Fraction) -> str:
    return f"{float(ratio) * 100:.4g} %"


def _rate(burn: Fraction | None) -> str:
    return "–" if burn is None else f"{float(burn):.3g}×"


def _amount(value: Fraction | int) -> int | str:
    return value if isinstance(value, int) else str(value)


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _seconds(nanoseconds: Fraction | None) -> str | None:
    return None if nanoseconds is None else str(nanoseconds / NS)


def _time(time_ns: int, form: Form | None) -> str | int | None:
    return None if form is None else instant_text(time_ns, form)
