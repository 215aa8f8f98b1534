"""Tells receivers of alerts: each transition once, in order, whatever dies or is away in between.

What was told stands in the store. A crash between telling and noting may tell once more; nothing is ever skipped.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from console.notify.receiver import DeliveryError, Receiver
from schemas.records import AlertState
from slo.alerts import rank
from storage.client import Unavailable
from storage.notifications import NotificationLog

POLL_S = 1.0
_RETRY_FIRST_S, _RETRY_LAST_S = 1.0, 60.0
_log = structlog.get_logger(__name__)


class Notifier:
    """``firing`` asks which alerts fire now.

    People are not told of an alert while a more severe one of the same objective and subject fires: it waits, and is told when
    that one has cleared, unless it cleared itself before.
    """

    def __init__(self, log: NotificationLog, receivers: Sequence[Receiver], firing: Callable[[], Sequence[AlertState]]) -> None:
        self._log = log
        self._receivers = receivers
        self._firing = firing

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
        attempts, begun, refreshed = 0, False, float("-inf")
        while not stop.is_set():
            delay_s = POLL_S
            try:
                if not begun:
                    await asyncio.to_thread(self._log.begin, receiver.name)
                    begun = True
                await asyncio.to_thread(self._turn, receiver, attempts + 1)
                if receiver.refresh_s is not None and loop.time() - refreshed >= receiver.refresh_s:
                    await asyncio.to_thread(lambda: receiver.refresh(self._firing()))
                    refreshed = loop.time()
                attempts = 0
            except (DeliveryError, Unavailable) as error:
                delay_s = min(_RETRY_FIRST_S * 2**attempts, _RETRY_LAST_S)
                attempts += 1
                _log.warning("not-notified", receiver=receiver.name, attempts=attempts, retry_in_s=delay_s, error=str(error))
            await _stopped(stop, delay_s)

    def _turn(self, receiver: Receiver, attempts: int) -> None:
        pending = self._log.pending(receiver.name)
        if not pending:
            return
        waiting, silenced = _inhibited(pending, self._firing()) if receiver.refresh_s is None else (set(), set())
        if silenced:
            self._log.done(receiver.name, [state for state in pending if state.alert in silenced], "inhibited", "", 0)
        by_subject: dict[str, list[AlertState]] = {}
        for state in pending:
            if state.alert not in waiting | silenced:
                by_subject.setdefault(state.subject, []).append(state)
        for states in by_subject.values():
            title = receiver.tell(states)
            self._log.done(receiver.name, states, "sent", title, attempts)
            _log.info("notified", receiver=receiver.name, message=title, transitions=len(states))


def _inhibited(pending: Sequence[AlertState], firing: Sequence[AlertState]) -> tuple[set[str], set[str]]:
    """Alerts that wait for a more severe one to clear, and those that came and went in its shadow."""
    known = [*pending, *firing]
    newest = {state.alert: state for state in pending}
    waiting, silenced = set(), set()
    for name, state in newest.items():
        above = [
            other
            for other in known
            if (other.objective, other.subject) == (state.objective, state.subject)
            and rank(other.severity) < rank(state.severity)
            and other.firing
        ]
        if not above:
            continue
        if state.firing:
            if any(other in firing for other in above):
                waiting.add(name)
        elif any(earlier.alert == name and earlier.firing for earlier in pending):
            silenced.add(name)
    return waiting, silenced


async def _stopped(stop: asyncio.Event, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await stop.wait()
    except TimeoutError:
        return
