"""What ``slo evaluate`` answers: an assessment as an object for scripts, and as lines for people."""

from collections.abc import Callable, Sequence
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
    from slo.turning import Transition

_MANY = 10_000
"""Percentages from here on are written out."""


def document(found: "Assessment", form: Form | None, *, with_transitions: bool) -> dict[str, object]:
    """The assessment; ratios as exact fractions, whole counts as numbers, what is undefined as null. ``form``: of its times; None
    where there is no time at all.
    """
    snapshot, objective = found.snapshot, found.objective
    budget = {
        "total": str(snapshot.total),
        "used": _amount(snapshot.used),
        "remaining_ratio": ratio_text(snapshot.remaining_ratio),
        "remaining_events": str(snapshot.remaining_events),
        "exhausted_in_s": _seconds(found.forecast.after),
        "exhausted_in_s_interval": [_seconds(found.forecast.earliest), _seconds(found.forecast.latest)],
    }
    lengths = [length for length, _ in snapshot.windows[:-1]]
    answer: dict[str, object] = {
        "name": objective.name,
        "objective": str(objective.target),
        "period_s": found.period_s,
        "at": time_text(found.at_ns, form),
        "windows": {
            **{str(length): _window(snapshot, length) for length in lengths},
            str(found.period_s): _window(snapshot, objective.period_s),
        },
        "budget": budget,
        "slices": found.slices._asdict(),
        "excluded": _excluded(found, form),
        "tiers": [tier_document(state, objective.budget) for state in found.tiers],
        "exhaustion": [state._asdict() for state in found.exhaustion],
        "alerts": list(found.alerts),
    }
    return {**answer, "transitions": turns_document(found.transitions, form)} if with_transitions else answer


def show(invocation: Invocation, found: "Assessment", form: Form | None, *, with_transitions: bool) -> None:
    """The assessment as lines for people: rounded, with what matters first."""
    say = invocation.terminal.print
    snapshot, objective = found.snapshot, found.objective
    say(f"[bold]{objective.name}[/]  {percent(objective.target)} of {seconds_text(found.period_s)} ({objective.method})")
    firing = ", ".join(f"[red]▲ {severity}[/]" for severity in found.alerts) or "[green]● nothing fires[/]"
    say(f"  {firing}" + (f"  [dim]as of {time_text(found.at_ns, form)}[/]" if form else ""))
    if snapshot.remaining_ratio is None:
        say("  no events in the period: nothing can be said")
    else:
        say(
            f"  budget: {float(snapshot.used):g} of {float(snapshot.total):g} bad events spent, "
            f"{percent(snapshot.remaining_ratio)} left{_gone(found)}"
        )
    if found.excluded_ns:
        say(f"  excluded: {seconds_text(found.excluded_ns / NS)}, {percent(_share(found))} of the period")
    if objective.slice_s:
        slices = found.slices
        say(f"  slices: {slices.good} good, {slices.bad} bad, {slices.empty} empty, {slices.excluded} excluded")
    say(tiers_table(found.tiers, snapshot.burn_rate))
    for state in found.exhaustion:
        said = "[red]▲ fires[/]" if state.firing else "is quiet"
        say(f"  the {state.severity} for less than {seconds_text(state.within_s)} left {said}")
    if with_transitions:
        turns(invocation, found.transitions, form)


def turns(invocation: Invocation, transitions: Sequence["Transition"], form: Form | None) -> None:
    """When alerts fired and cleared, a line each."""
    for each in transitions:
        word = "[red]fires[/]" if each.firing else "[green]clears[/]"
        invocation.terminal.print(f"  {time_text(each.time_ns, form)}  {each.severity} {word}")
    if not transitions:
        invocation.terminal.print("  no alert ever fired")


def turns_document(transitions: Sequence["Transition"], form: Form | None) -> list[dict[str, object]]:
    return [{"alert": each.severity, "time": time_text(each.time_ns, form), "firing": each.firing} for each in transitions]


def tiers_table(tiers: Sequence["TierState"], burn_rate: Callable[[int], Fraction | None]) -> "Table":
    """The tiers with the burn rates of their windows."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("  tier", "severity", "short", "burns", "long", "burns", "fires above", ""):
        table.add_column(heading, no_wrap=True)
    for state in tiers:
        tier = state.tier
        said = "[red]▲ fires[/]" if state.firing else "too few events" if state.suppressed else ""
        if state.firing and state.inhibited_by:
            said += f" [dim](silenced by {state.inhibited_by})[/]"
        burns = (_rate(burn_rate(length)) for length in (tier.short_s, tier.long_s))
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
        "error_ratio": ratio_text(snapshot.error_ratio(length_s)),
        "burn_rate": ratio_text(snapshot.burn_rate(length_s)),
    }


def tier_document(state: "TierState", budget: Fraction) -> dict[str, object]:
    """A tier as it stands under a budget B."""
    tier = state.tier
    return {
        "name": tier.name,
        "severity": tier.severity,
        "short_s": tier.short_s,
        "long_s": tier.long_s,
        "factor": str(tier.factor),
        "threshold": str(tier.threshold(budget)),
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
        "start": time_text(exclusion.start_ns, form),
        "end": time_text(exclusion.end_ns, form),
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


def percent(ratio: Fraction) -> str:
    amount = float(ratio) * 100
    return f"{amount:.4g} %" if abs(amount) < _MANY else f"{amount:,.0f} %".replace(",", " ")


def _rate(burn: Fraction | None) -> str:
    return "–" if burn is None else f"{float(burn):.3g}×"


def _amount(value: Fraction | int) -> int | str:
    return value if isinstance(value, int) else str(value)


def ratio_text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _seconds(nanoseconds: Fraction | None) -> str | None:
    return None if nanoseconds is None else str(nanoseconds / NS)


def time_text(time_ns: int, form: Form | None) -> str | int | None:
    return None if form is None else instant_text(time_ns, form)
