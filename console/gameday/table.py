"""Scores as people read them: the columns of the table, on the terminal and in the documentation."""

from collections.abc import Sequence

from console.gameday.score import Score

COLUMNS = ("id", "failure", "injected into", "noticed by", "about", "after", "severity", "runbook", "others paged", "")


def row(score: Score) -> tuple[str, ...]:
    """One line of the table; what is not as it should be says what was expected."""
    severity, runbook = score.severity or "–", score.suggestions[0].failure if score.suggestions else "–"
    return (
        score.failure,
        score.title,
        score.target,
        score.indicator or "–",
        score.subject or "–",
        "–" if score.after_s is None else duration(score.after_s),
        severity if severity == score.expected_severity else f"{severity}, not {score.expected_severity}",
        runbook if runbook == score.expected_failure else f"{runbook}, not {score.expected_failure}",
        ", ".join(score.false_pages) or "nobody",
        "right" if score.passed else "; ".join(score.faults),
    )


def line(score: Score) -> str:
    """A score in words."""
    what = "right" if score.passed else "; ".join(score.faults)
    noticed = "" if score.after_s is None else f", {score.severity} by {score.indicator} after {duration(score.after_s)}"
    return f"{score.failure} {score.title}: {what}{noticed}"


def duration(seconds: float) -> str:
    """``4 min 20 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return " ".join(part for part in (f"{minutes} min" if minutes else "", f"{rest} s" if rest or not minutes else "") if part)


def markdown(scores: Sequence[Score]) -> str:
    """The table as Markdown."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *(row(one) for one in scores)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
