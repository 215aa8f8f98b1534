"""Tells receivers of alerts: each transition once, in order, whatever dies or is away in between.

What was told stands in the store. A crash between telling and noting may tell once more; nothing is ever skipped.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from console.notify.receiver import DeliveryError, Receiver
from console.notify.triage import Triage
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo import metrics
from slo.instant import NS
from slo.suppression import Hints, Suppressions, Surroundings
from slo.tiers import SEVERITIES
from storage.client import Unavailable
from storage.notifications import NotificationLog

POLL_S = 1.0
BLIND_ALERT = f"{metrics.BLIND}/photonwatch/{SEVERITIES[0]}"
_LOOK_S = 10.0
_RETRY_FIRST_S, _RETRY_LAST_S = 1.0, 60.0
_log = structlog.get_logger(__name__)


class Outlook(Protocol):
    """What the notifier asks about alerts that fire. Raises StoreError."""

    def firing(self) -> Sequence[AlertState]:
        """Those that fire now."""

    def surroundings(self) -> Surroundings:
        """What they stand in."""

    def hints(self, alerts: Sequence[AlertState]) -> Hints:
        """What those that fire look like."""

    def now_ns(self) -> int:
        """UTC."""

    def deaf_since(self) -> int | None:
        """Since when nothing came that could be judged, if that is too long ago; a platform that hears nothing watches nobody."""

    def has_listened(self) -> bool:
        """Whether it is there for long enough that silence means something."""


class Notifier:
    """People are not told of an alert while it is suppressed (slo.suppression): it waits, and is told when nothing suppresses it
    any more, unless it cleared before.
    """

    def __init__(
        self,
        log: NotificationLog,
        receivers: Sequence[Receiver],
        outlook: Outlook,
        patience_s: float = 0.0,
        look_s: float = _LOOK_S,
    ) -> None:
        """``patience_s``: see ``Triage``. ``look_s``: how often it looks whether the platform itself lives."""
        self._log = log
        self._receivers = receivers
        self._outlook = outlook
        self._patience_s = patience_s
        self._look_s = look_s
        self._last = Suppressions((), Surroundings(), 0)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell everyone until ``stop`` is set; a receiver that hangs keeps no other waiting.

        Raises:
            Refused: the store refuses, which no retry mends.
        """
        async with asyncio.TaskGroup() as tasks:
            for receiver in self._receivers:
                tasks.create_task(self._serve(receiver, stop), name=f"notify-{receiver.name}")

    async def _serve(self, receiver: Receiver, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        attempts, begun, refreshed, looks = 0, False, float("-inf"), float("-inf")
        triage = Triage(self._patience_s)
        while not stop.is_set():
            delay_s, troubles = POLL_S, list[Exception]()
            try:
                if not begun:
                    await asyncio.to_thread(self._log.begin, receiver.name)
                    begun = True
                await asyncio.to_thread(self._turn, receiver, triage, attempts + 1, loop.time())
                if receiver.suppresses and loop.time() >= looks:
                    await asyncio.to_thread(self._look_at_itself, receiver, attempts + 1)
                    looks = loop.time() + self._look_s
            except (DeliveryError, Unavailable) as error:
                troubles.append(error)
            if receiver.refresh_s is not None and loop.time() - refreshed >= receiver.refresh_s:
                try:
                    await asyncio.to_thread(self._refresh, receiver)
                    refreshed = loop.time()
                except DeliveryError as error:
                    troubles.append(error)
            attempts = attempts + 1 if troubles else 0
            for trouble in troubles:
                delay_s = min(_RETRY_FIRST_S * 2 ** (attempts - 1), receiver.refresh_s or _RETRY_LAST_S, _RETRY_LAST_S)
                _log.warning("not-notified", receiver=receiver.name, attempts=attempts, retry_in_s=delay_s, error=str(trouble))
            await _stopped(stop, delay_s)

    def _refresh(self, receiver: Receiver) -> None:
        """While the store is away, what fired last is said again: it must not look resolved."""
        try:
            firing = self._outlook.firing()
            surroundings, hints = self._outlook.surroundings(), self._outlook.hints(firing)
            self._last = Suppressions(firing, surroundings, self._outlook.now_ns(), hints)
            hears = self._outlook.deaf_since() is None
        except Unavailable:
            hears = False
        if not hears:
            _log.warning("nothing-is-heard", receiver=receiver.name)
        receiver.refresh(self._last, hears=hears)

    def _look_at_itself(self, receiver: Receiver, attempts: int) -> None:
        """People are told that nothing is judged, and that it is again; an Alertmanager misses ``DEAD_MAN`` then."""
        deaf_since = self._outlook.deaf_since()
        deaf = deaf_since is not None
        if (deaf and not self._outlook.has_listened()) or deaf == self._log.fires(receiver.name, BLIND_ALERT):
            return
        state = _blind(deaf_since, self._outlook.now_ns() // NS)
        title = receiver.tell([state], Suppressions([state], Surroundings(), self._outlook.now_ns()))
        self._log.done(receiver.name, [state], "sent", title, attempts)

    def _turn(self, receiver: Receiver, triage: Triage, attempts: int, now_s: float) -> None:
        pending = self._log.pending(receiver.name)
        if not pending:
            return
        surroundings = self._outlook.surroundings()
        firing, now_ns = self._outlook.firing(), self._outlook.now_ns()
        context = Suppressions(firing, surroundings, now_ns)
        told = pending
        if receiver.suppresses:
            decision = triage.decide(pending, context, surroundings, now_s)
            told = list(decision.tell)
            for held in decision.waiting:
                self._log.wait(receiver.name, held.state, str(held.suppression))
            for held in decision.silenced:
                self._log.done(receiver.name, [held.state], held.suppression.kind, str(held.suppression), 0)
        context = Suppressions(firing, surroundings, now_ns, self._outlook.hints(told))
        for states in context.together(told):
            title = receiver.tell(states, context)
            self._log.done(receiver.name, states, "sent", title, attempts)
            _log.info("notified", receiver=receiver.name, message=title, transitions=len(states))


def _blind(deaf_since: int | None, now_unix_s: int) -> AlertState:
    silent = "" if deaf_since is None else datetime.fromtimestamp(deaf_since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return AlertState(
        alert=BLIND_ALERT,
        objective=metrics.BLIND,
        subject=SubjectId("photonwatch"),
        severity=SEVERITIES[0],
        firing=deaf_since is not None,
        since_unix_s=now_unix_s,
        tiers=(),
        text=(
            f"photonwatch judges nothing: nothing was stored since {silent}. No alert on a device can fire. Look at "
            "`photonwatch status` and at the logs of worker and Kafka."
            if silent
            else "photonwatch stores and judges again."
        ),
        burn_rate=None,
        budget_remaining=None,
        run=RunId(""),
    )


async def _stopped(stop: asyncio.Event, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await stop.wait()
    except TimeoutError:
        return
