"""Whoever is told: anything that Apprise can reach (webhook, mail, chat), or an Alertmanager."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import apprise
import urllib3

from console.notify.message import Message, messages
from schemas.records import AlertState
from slo import metrics

_TIMEOUT_S = 10.0
_REFRESHES_MISSED = 4
"""An alert that was not said again for so many refreshes counts as resolved."""
_SEVERE = frozenset({"page"})


class DeliveryError(Exception):
    """A receiver did not take a message; it will be tried again."""


class Receiver(Protocol):
    """Someone who is told."""

    @property
    def name(self) -> str:
        """Written to the log: no secret stands in it."""

    @property
    def refresh_s(self) -> float | None:
        """How often it must hear what still fires; None: once is enough, and what a more severe alert says is not said again."""

    def tell(self, transitions: Sequence[AlertState]) -> str:
        """Tell of transitions; returns the title. Raises DeliveryError: none of them is known to be told."""

    def refresh(self, firing: Sequence[AlertState]) -> None:
        """Say what fires now. Raises DeliveryError."""


class PersonalReceiver:
    """One Apprise address: ``json://host/path`` (a webhook), ``mailtos://…``, ``slack://…`` and many more."""

    refresh_s: float | None = None

    def __init__(self, url: str, page_url: str) -> None:
        """
        Raises:
            ValueError: no service that Apprise knows; the text does not repeat the address, which may hold a password.
        """
        self._apprise = apprise.Apprise()
        parts = urlsplit(url)
        self.name = f"{parts.scheme}://{parts.hostname or ''}#{hashlib.sha256(url.encode()).hexdigest()[:8]}"
        self._page_url = page_url
        if not self._apprise.add(url):
            raise ValueError(f"“{parts.scheme}://…” is no address of a service; write for example json://host:port/path")

    def tell(self, transitions: Sequence[AlertState]) -> str:
        titles = []
        for message in messages(transitions, self._page_url):
            kind = apprise.NotifyType.SUCCESS if not message.firing else _kind_of(message)
            if not self._apprise.notify(title=message.title, body=message.body, notify_type=kind):
                raise DeliveryError(f"{self.name} did not take “{message.title}”")
            titles.append(message.title)
        return "; ".join(titles)

    def refresh(self, firing: Sequence[AlertState]) -> None:
        del firing


def _kind_of(message: Message) -> apprise.NotifyType:
    return apprise.NotifyType.FAILURE if message.severity in _SEVERE else apprise.NotifyType.WARNING


@dataclass(frozen=True, slots=True)
class AlertmanagerReceiver:
    """An Alertmanager's API v2. What fires is said again before it would count as resolved; beside it an alert that always fires,
    whose absence tells a dead man's receiver that photonwatch itself is dead.
    """

    url: str
    page_url: str
    now: Callable[[], datetime]
    pool: urllib3.PoolManager
    refresh_s: float | None = 30.0
    name: str = "alertmanager"

    def tell(self, transitions: Sequence[AlertState]) -> str:
        last = {state.alert: state for state in transitions}
        self._post([self._alert(state) for state in last.values()])
        return f"{len(last)} alerts"

    def refresh(self, firing: Sequence[AlertState]) -> None:
        alive: dict[str, object] = {
            "labels": {"alertname": metrics.DEAD_MAN, metrics.SEVERITY: "none"},
            "annotations": {"summary": "photonwatch notifies. If this alert is missing, it does not."},
            "endsAt": _text(self._silent_at),
        }
        self._post([alive, *(self._alert(state) for state in firing)])

    @property
    def _silent_at(self) -> datetime:
        return self.now() + timedelta(seconds=_REFRESHES_MISSED * (self.refresh_s or 0.0))

    def _alert(self, state: AlertState) -> dict[str, object]:
        since = datetime.fromtimestamp(state.since_unix_s, UTC)
        annotations = {
            "summary": state.text,
            "run": state.run,
            "firmware": state.firmware,
            "burn_rate": state.burn_rate or "",
            "budget_remaining": state.budget_remaining or "",
            "runbook": state.runbook,
        }
        times = {"startsAt": _text(since), "endsAt": _text(self._silent_at)} if state.firing else {"endsAt": _text(since)}
        return {
            "labels": {
                "alertname": metrics.ALERT,
                metrics.OBJECTIVE: state.objective,
                metrics.SUBJECT: state.subject,
                metrics.SEVERITY: state.severity,
            },
            "annotations": {name: text for name, text in annotations.items() if text},
            **times,
            **({"generatorURL": f"{self.page_url}/devices/{state.subject}"} if self.page_url else {}),
        }

    def _post(self, alerts: list[dict[str, object]]) -> None:
        try:
            response = self.pool.request(
                "POST",
                f"{self.url.rstrip('/')}/api/v2/alerts",
                body=json.dumps(alerts).encode(),
                headers={"Content-Type": "application/json"},
                timeout=_TIMEOUT_S,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise DeliveryError(f"{self.url}: {error}") from error
        if response.status >= 300:
            raise DeliveryError(f"{self.url}: {response.status} {response.data[:200].decode(errors='replace')}")


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
