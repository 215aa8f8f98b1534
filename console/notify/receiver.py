"""Whoever is told. People: by anything that Apprise can reach (webhook, mail, chat)."""

import hashlib
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

import apprise

from console.notify.message import Message, messages
from schemas.records import AlertState
from slo.suppression import Suppressions

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
        """How often it must hear what still fires; None: once is enough."""

    @property
    def suppresses(self) -> bool:
        """Whether photonwatch decides what it is not told of; an Alertmanager decides itself."""

    def tell(self, transitions: Sequence[AlertState], context: Suppressions) -> str:
        """Tell of transitions; returns the title. Raises DeliveryError: none of them is known to be told."""

    def refresh(self, context: Suppressions, *, hears: bool) -> None:
        """Say what fires, and, where the platform ``hears`` anything, that somebody watches. Raises DeliveryError."""


class PersonalReceiver:
    """One Apprise address: ``json://host/path`` (a webhook), ``mailtos://…``, ``slack://…`` and many more."""

    refresh_s: float | None = None
    suppresses: bool = True

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

    def tell(self, transitions: Sequence[AlertState], context: Suppressions) -> str:
        titles = []
        for message in messages(transitions, self._page_url, context):
            kind = apprise.NotifyType.SUCCESS if not message.firing else _kind_of(message)
            if not self._apprise.notify(title=message.title, body=message.body, notify_type=kind):
                raise DeliveryError(f"{self.name} did not take “{message.title}”")
            titles.append(message.title)
        return "; ".join(titles)

    def refresh(self, context: Suppressions, *, hears: bool) -> None:
        del context, hears


def _kind_of(message: Message) -> apprise.NotifyType:
    return apprise.NotifyType.FAILURE if message.severity in _SEVERE else apprise.NotifyType.WARNING
