"""What a person is sent: transitions of alerts, grouped by whom they are about, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.records import AlertState
from slo.alerts import rank


@dataclass(frozen=True, slots=True)
class Message:
    """One message about one subject. ``key`` names it: the same transitions always make the same message."""

    key: str
    title: str
    body: str
    severity: str
    firing: bool
    transitions: tuple[AlertState, ...]


def messages(transitions: Sequence[AlertState], page_url: str) -> list[Message]:
    """One message for each subject, the most severe first; within it what happened, in order.

    ``page_url`` is where the page stands, without a slash at its end; empty: messages carry no link.
    """
    by_subject: dict[str, list[AlertState]] = {}
    for state in transitions:
        by_subject.setdefault(state.subject, []).append(state)
    made = [_message(tuple(states), page_url) for states in by_subject.values()]
    return sorted(made, key=lambda message: rank(message.severity))


def _message(states: tuple[AlertState, ...], page_url: str) -> Message:
    last = {state.alert: state for state in states}
    firing = [state for state in last.values() if state.firing]
    leading = min(firing or list(last.values()), key=lambda state: rank(state.severity))
    count = f" and {len(firing) - 1} more" if len(firing) > 1 else ""
    title = f"[{leading.severity}] {leading.subject}: {leading.objective}{count} {'fires' if firing else 'cleared'}"
    newest = states[-1]
    return Message(
        key=f"{newest.alert}:{newest.since_unix_s}:{'fires' if newest.firing else 'clears'}",
        title=title,
        body="\n\n".join(_paragraph(state, page_url) for state in states),
        severity=leading.severity,
        firing=bool(firing),
        transitions=states,
    )


def _paragraph(state: AlertState, page_url: str) -> str:
    when = datetime.fromtimestamp(state.since_unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [f"{when}  {state.severity} {'fires' if state.firing else 'cleared'}: {state.text}"]
    lines.append(f"run {state.run}" + (f", firmware {state.firmware}" if state.firmware else ""))
    if state.runbook:
        lines.append(f"runbook: {state.runbook}")
    if page_url:
        lines.append(f"page: {page_url}/devices/{state.subject}")
    return "\n".join(lines)
