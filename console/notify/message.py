"""What a person is sent: transitions of alerts, by incident, in plain words, with what they look like and where to begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from schemas.records import AlertState
from slo.alerts import rank
from slo.suppression import Suppressions


@dataclass(frozen=True, slots=True)
class Message:
    """One message about one incident. ``key`` names it: the same transitions always make the same message."""

    key: str
    title: str
    body: str
    severity: str
    firing: bool
    transitions: tuple[AlertState, ...]


def messages(transitions: Sequence[AlertState], page_url: str, context: Suppressions) -> list[Message]:
    """One message for each incident, the most severe first; within it what happened, in order.

    ``page_url`` is where the page stands, without a slash at its end; empty: messages carry no link. ``context``: what fires.
    """
    made = [_message(states, page_url, context) for states in context.together(transitions)]
    return sorted(made, key=lambda message: rank(message.severity))


def _message(states: tuple[AlertState, ...], page_url: str, context: Suppressions) -> Message:
    cause = context.group(states[0]).cause
    last = {state.alert: state for state in states}
    firing = [state for state in last.values() if state.firing]
    leading = min(firing or list(last.values()), key=lambda state: (rank(state.severity), state.subject != cause))
    count = f" and {len(firing) - 1} more" if len(firing) > 1 else ""
    title = f"[{leading.severity}] {leading.subject}: {leading.objective}{count} {'fires' if firing else 'cleared'}"
    title += "".join(f", looks like {hint.mode.title}" for hint in context.looks_like(leading)[:1])
    newest = states[-1]
    return Message(
        key=f"{newest.alert}:{newest.since_unix_s}:{'fires' if newest.firing else 'clears'}",
        title=title,
        body="\n\n".join(_paragraph(state, page_url, context) for state in states),
        severity=leading.severity,
        firing=bool(firing),
        transitions=states,
    )


def _paragraph(state: AlertState, page_url: str, context: Suppressions) -> str:
    when = datetime.fromtimestamp(state.since_unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [f"{when}  {state.severity} {'fires' if state.firing else 'cleared'}: {state.text}"]
    cause, dependents = context.cause(state), context.dependents(state)
    lines += [f"looks like {hint}. Begin with {hint.mode.runbook}" for hint in context.looks_like(state)]
    if state.firing and cause:
        lines.append(f"likely cause: {cause}")
    if state.firing and dependents:
        lines.append(f"silent meanwhile, because they depend on it: {', '.join(dependents)}")
    if page_url:
        lines.append(f"page: {page_url}/devices/{quote(state.subject, safe='')}")
    return "\n".join(lines)
