"""What ``slo backtest`` answers: each objective and subject over the past, one side alone or new beside old."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial

from console.assessment_answer import percent, ratio_text
from console.invocation import Invocation
from console.quantities import seconds_text
from slo.backtest import WEEK_NS, Trial, a_week
from slo.exclusions import Stretch
from slo.instant import NS, Form, instant_text
from slo.tiers import SEVERITIES

NEW, OLD = "new", "old"
_SHOWN = 40
"""Alerts that people are shown; scripts get all."""
Sides = Mapping[str, Sequence[Trial]]
"""Trials by side: ``new`` alone, or beside ``old``."""


def document(sides: Sides, stretch: Stretch, sources: Mapping[str, str]) -> dict[str, object]:
    """The object for scripts: ratios as exact fractions, what is undefined as null."""
    pairs = _paired(sides)
    return {
        "from": instant_text(stretch[0], Form.ISO),
        "to": instant_text(stretch[1], Form.ISO),
        "weeks": str(Fraction(stretch[1] - stretch[0], WEEK_NS)),
        "sides": {
            side: {
                "samples": sources[side],
                "alerts": {
                    severity: {"count": count, "per_week": ratio_text(a_week(count, *stretch))}
                    for severity, count in _told(trials).items()
                },
            }
            for side, trials in sides.items()
        },
        "trials": [
            {
                "objective": name,
                "subject": subject,
                **{side: None if side not in pair else _trial(pair[side]) for side in sides},
            }
            for (name, subject), pair in pairs.items()
        ],
    }


def show(invocation: Invocation, sides: Sides, stretch: Stretch, sources: Mapping[str, str]) -> None:
    """The same for people: what somebody would have been told, then every objective and subject."""
    from rich.table import Table

    say = invocation.terminal.print
    say(
        f"{instant_text(stretch[0], Form.ISO)} to {instant_text(stretch[1], Form.ISO)}  "
        f"[dim]({seconds_text((stretch[1] - stretch[0]) / NS)})[/]"
    )
    for side, trials in sides.items():
        counts = ", ".join(
            f"{count} {severity}{'s' if count != 1 else ''} ({_weekly(a_week(count, *stretch))} a week)"
            for severity, count in _told(trials).items()
        )
        whose = "these definitions" if side == NEW else "as it is"
        say(f"  [bold]{whose}[/]: {counts}  [dim]over {len(trials)} budgets, samples: {sources[side]}[/]")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("  objective", "subject", "target", "attained", "budget left", *(f"{each}s" for each in SEVERITIES)):
        table.add_column(heading, no_wrap=True)
    for (name, subject), pair in _paired(sides).items():
        beside = [pair.get(side) for side in sides][::-1]  # what was, then what would be
        columns: list[Callable[[Trial], str]] = [
            lambda trial: percent(trial.objective.target),
            lambda trial: _percent(trial.attained),
            lambda trial: _percent(trial.remaining),
            *(partial(_begun, severity) for severity in SEVERITIES),
        ]
        table.add_row(
            f"  {name}", subject, *(_beside([None if each is None else column(each) for each in beside]) for column in columns)
        )
    say(table)
    _alerts(invocation, sides[NEW])


def _alerts(invocation: Invocation, trials: Sequence[Trial]) -> None:
    """When somebody would have been told."""
    told = [(episode, trial) for trial in trials for episode in trial.episodes if episode.silenced_by is None]
    for episode, trial in sorted(told, key=lambda each: each[0].start_ns)[:_SHOWN]:
        start_ns = episode.start_ns
        lasted = "fires still" if episode.end_ns is None else f"for {seconds_text((episode.end_ns - start_ns) / NS)}"
        invocation.terminal.print(
            f"  {instant_text(start_ns, Form.ISO)}  [red]▲ {episode.severity}[/]  {trial.objective.name}  {trial.subject}  "
            f"[dim]{lasted}[/]"
        )
    if len(told) > _SHOWN:
        invocation.terminal.print(f"  [dim]and {len(told) - _SHOWN} more: --json has them all[/]")


def _paired(sides: Sides) -> dict[tuple[str, str], dict[str, Trial]]:
    """Trials of both sides by objective and subject, in that order."""
    found: dict[tuple[str, str], dict[str, Trial]] = {}
    for side, trials in sides.items():
        for trial in trials:
            found.setdefault((trial.objective.name, trial.subject), {})[side] = trial
    return {key: found[key] for key in sorted(found)}


def _told(trials: Sequence[Trial]) -> dict[str, int]:
    return {severity: sum(trial.begun(severity) for trial in trials) for severity in SEVERITIES}


def _trial(trial: Trial) -> dict[str, object]:
    tally = trial.tally
    counted = ("good", "bad", "insufficient", "excluded")
    return {
        "target": str(trial.objective.target),
        "attained": ratio_text(trial.attained),
        "remaining_ratio": ratio_text(trial.remaining),
        **(dict.fromkeys(counted) if tally is None else {name: _number(getattr(tally, name)) for name in counted}),
        "excluded_s": str(Fraction(trial.excluded_ns, NS)),
        "alerts": [
            {
                "severity": each.severity,
                "start": instant_text(each.start_ns, Form.ISO),
                "end": None if each.end_ns is None else instant_text(each.end_ns, Form.ISO),
                "silenced_by": each.silenced_by,
            }
            for each in trial.episodes
        ],
    }


def _number(value: Fraction | int) -> int | str:
    return int(value) if value == int(value) else str(value)


def _begun(severity: str, trial: Trial) -> str:
    return str(trial.begun(severity))


def _beside(texts: Sequence[str | None]) -> str:
    """One value, or old → new where they differ."""
    known = [text or "–" for text in texts]
    return known[-1] if len(set(known)) == 1 else " → ".join(known)


def _percent(ratio: Fraction | None) -> str:
    return "–" if ratio is None else percent(ratio)


def _weekly(rate: Fraction | None) -> str:
    return "–" if rate is None else f"{float(rate):.2g}"
