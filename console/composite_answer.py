"""What ``slo evaluate`` answers of a composite: the same object as of others; what only events can say is null."""

from fractions import Fraction
from typing import TYPE_CHECKING

from console.assessment_answer import percent, ratio_text, tier_document, tiers_table, time_text, turns, turns_document
from console.invocation import Invocation
from console.quantities import seconds_text
from slo.instant import Form

if TYPE_CHECKING:
    from slo.composite import Reading
    from slo.composite_assessment import CompositeAssessment


def document(found: "CompositeAssessment", form: Form | None, *, with_transitions: bool) -> dict[str, object]:
    """The assessment; ratios as exact fractions, what is undefined as null."""
    answer: dict[str, object] = {
        "name": found.objective.name,
        "objective": str(found.objective.target),
        "period_s": found.period_s,
        "at": time_text(found.at_ns, form),
        "windows": {str(length): _window(reading) for length, reading in found.windows.items()},
        "budget": {
            "total": None,
            "used": None,
            "remaining_ratio": ratio_text(found.remaining_ratio),
            "remaining_events": None,
            "exhausted_in_s": None,
        },
        "slices": {"good": None, "bad": None, "empty": None, "excluded": None},
        "parts": {name: _window(reading) for name, reading in found.parts.items()},
        "tiers": [tier_document(state, found.objective.budget) for state in found.tiers],
        "alerts": list(found.alerts),
    }
    return {**answer, "transitions": turns_document(found.transitions, form)} if with_transitions else answer


def show(invocation: Invocation, found: "CompositeAssessment", form: Form | None, *, with_transitions: bool) -> None:
    """The assessment as lines for people."""
    say, objective = invocation.terminal.print, found.objective
    mode = f"{objective.composite.mode} composite" if objective.composite else "composite"
    say(f"[bold]{objective.name}[/]  {percent(objective.target)} of {seconds_text(found.period_s)} ({mode})")
    firing = ", ".join(f"[red]▲ {severity}[/]" for severity in found.alerts) or "[green]● nothing fires[/]"
    say(f"  {firing}  [dim]as of {time_text(found.at_ns, form)}[/]")
    if found.remaining_ratio is None:
        say("  no events in the period: nothing can be said")
    else:
        say(f"  budget: {percent(found.remaining_ratio)} left")
    for name, reading in found.parts.items():
        said = "no events" if reading is None else f"burns {_rate(reading.burn_rate)} over the period"
        say(f"  [dim]{name}[/]  {said}")
    say(tiers_table(found.tiers, lambda length: _burn(found.windows.get(length))))
    if with_transitions:
        turns(invocation, found.transitions, form)


def _window(reading: "Reading | None") -> dict[str, object]:
    return {
        "good": None,
        "bad": None,
        "error_ratio": None if reading is None else str(reading.error_ratio),
        "burn_rate": None if reading is None else str(reading.burn_rate),
    }


def _burn(reading: "Reading | None") -> Fraction | None:
    return None if reading is None else reading.burn_rate


def _rate(burn: Fraction) -> str:
    return f"{float(burn):.3g}×"
