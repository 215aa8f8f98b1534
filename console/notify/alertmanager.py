"""An Alertmanager as a receiver: what fires, what is excluded, and that somebody watches. Source: its API v2."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec
import urllib3

from console.notify.mutes import Matcher, Mute, mutes
from console.notify.receiver import DeliveryError
from schemas.records import AlertState
from slo import metrics
from slo.silence import NO_DATA
from slo.suppression import Suppressions

_TIMEOUT_S = 10.0
_REFRESHES_MISSED = 4
"""An alert that was not said again for so many refreshes counts as resolved."""
_AUTHOR = "photonwatch"


@dataclass(frozen=True, slots=True)
class AlertmanagerReceiver:
    """What fires is said again before it would count as resolved; beside it an alert that always fires, whose absence tells a
    dead man's receiver that photonwatch itself is dead. Exclusions become silences of all that is not critical.
    """

    url: str
    page_url: str
    now: Callable[[], datetime]
    pool: urllib3.PoolManager
    refresh_s: float | None = 30.0
    name: str = "alertmanager"
    suppresses: bool = False

    def tell(self, transitions: Sequence[AlertState], context: Suppressions) -> str:
        last = {state.alert: state for state in transitions}
        self._ask("POST", "alerts", [self._alert(state, context) for state in last.values()])
        return f"{len(last)} alerts"

    def refresh(self, context: Suppressions, *, hears: bool) -> None:
        alerts = [self._alert(state, context) for state in context.firing]
        if hears:
            alerts.append(
                {
                    "labels": {"alertname": metrics.DEAD_MAN, metrics.SEVERITY: "none"},
                    "annotations": {"summary": "photonwatch hears and notifies. If this alert is missing, it does not."},
                    "endsAt": _text(self._silent_at),
                }
            )
        self._ask("POST", "alerts", alerts)
        self._mute(mutes(context.surroundings, self.now()))

    def _mute(self, wanted: Sequence[Mute]) -> None:
        """Make the silences that are photonwatch's those that are wanted; one that changed is replaced."""
        standing = {
            each.comment: each
            for each in self._silences()
            if each.createdBy.startswith(_AUTHOR) and each.status["state"] != "expired"
        }
        for mute in wanted:
            known = standing.pop(mute.comment, None)
            silence = {
                "matchers": list(mute.matchers),
                "startsAt": _text(mute.start),
                "endsAt": _text(mute.end),
                "createdBy": f"{_AUTHOR}: {mute.who}" if mute.who else _AUTHOR,
                "comment": mute.comment,
            }
            if known is None:
                self._ask("POST", "silences", silence)
            elif _differs(known, mute):
                self._ask("POST", "silences", {**silence, "id": known.id})
        for known in standing.values():
            self._ask("DELETE", f"silence/{known.id}", None)

    def _silences(self) -> "list[_Silence]":
        answer = self._ask("GET", "silences", None)
        try:
            return msgspec.json.decode(answer, type=list[_Silence])
        except msgspec.DecodeError as error:
            raise DeliveryError(f"{self.url} answers as no Alertmanager does: {error}") from error

    @property
    def _silent_at(self) -> datetime:
        return self.now() + timedelta(seconds=_REFRESHES_MISSED * (self.refresh_s or 0.0))

    def _alert(self, state: AlertState, context: Suppressions) -> dict[str, object]:
        since = datetime.fromtimestamp(state.since_unix_s, UTC)
        annotations = {
            "summary": state.text,
            "run": state.run,
            "firmware": state.firmware,
            "burn_rate": state.burn_rate or "",
            "budget_remaining": state.budget_remaining or "",
            "runbook": context.runbook(state),
            "cause": str(context.cause(state) or ""),
            "looks_like": ", or ".join(map(str, context.looks_like(state))),
        }
        labels = {
            "alertname": metrics.ALERT,
            metrics.OBJECTIVE: state.objective,
            metrics.SUBJECT: state.subject,
            metrics.SEVERITY: state.severity,
            **({metrics.TIER: NO_DATA} if state.alert.endswith(f"/{NO_DATA}") else {}),
            **({metrics.CRITICAL: "true"} if context.is_critical(state) else {}),
        }
        times = {"startsAt": _text(since), "endsAt": _text(self._silent_at)} if state.firing else {"endsAt": _text(since)}
        return {
            "labels": labels,
            "annotations": {name: text for name, text in annotations.items() if text},
            **times,
            **({"generatorURL": f"{self.page_url}/devices/{quote(state.subject, safe='')}"} if self.page_url else {}),
        }

    def _ask(self, method: str, path: str, body: object) -> bytes:
        try:
            response = self.pool.request(
                method,
                f"{self.url.rstrip('/')}/api/v2/{path}",
                body=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
                timeout=_TIMEOUT_S,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise DeliveryError(f"{self.url}: {error}") from error
        if response.status >= 300:
            raise DeliveryError(f"{self.url}: {response.status} {response.data[:200].decode(errors='replace')}")
        return bytes(response.data)


class _Silence(msgspec.Struct):
    """One that stands; named as the API names it."""

    id: str
    comment: str
    createdBy: str  # noqa: N815
    endsAt: datetime  # noqa: N815
    matchers: list[dict[str, str | bool]]
    status: dict[str, str]


def _differs(known: _Silence, mute: Mute) -> bool:
    """When a silence begins is the Alertmanager's affair once it has begun."""
    moved = abs((known.endsAt - mute.end).total_seconds()) >= 1
    return moved or sorted(known.matchers, key=_name) != sorted(mute.matchers, key=_name)


def _name(matcher: Matcher) -> str:
    return str(matcher["name"])


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
