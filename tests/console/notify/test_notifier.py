"""The notifier against a real store and a real webhook: each transition once, through restarts and outages."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import pytest

from console.notify.notifier import Notifier
from console.notify.receiver import PersonalReceiver
from schemas.records import AlertState
from storage import tables
from storage.batch import Batch
from storage.client import Client
from storage.notifications import NotificationLog
from storage.reader import Reader
from storage.writer import Writer
from tests.console.notify.test_message import state

pytestmark = pytest.mark.stack


class Hook:
    """A webhook: what it was sent, and whether it takes anything now."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.away = False
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not hook.away:
                    hook.sent.append(body)
                self.send_response(503 if hook.away else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as made:
        yield made


@contextmanager
def notifying(client: Client, reader: Reader, hook: Hook) -> Iterator[None]:
    """A notifier at work in a thread of its own."""
    receiver = PersonalReceiver(f"json://127.0.0.1:{hook.port}/alerts", "")
    notifier = Notifier(NotificationLog(client), [receiver], lambda: [one for one in reader.alerts() if one.firing])
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(notifier.run(stop)))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
        assert not thread.is_alive()


class Alerts:
    """Stores transitions as the worker would."""

    def __init__(self, writer: Writer, device: str) -> None:
        self._writer, self._device, self._lo = writer, device, 0

    def happen(self, *states: AlertState) -> None:
        rows = {tables.ALERTS: tables.alert_rows(states)}
        self._writer.write(Batch("slo-1", self._device, 0, self._lo, self._lo + 1, rows, 1, self._lo, b""))
        self._lo += 1


@pytest.fixture
def alerts(writer: Writer, device: str) -> Alerts:
    return Alerts(writer, device)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = threading.Event()
    for _ in range(400):
        if condition():
            return
        deadline.wait(0.05)
    raise AssertionError(f"waited 20 s for {what}")


@pytest.mark.slow
def test_told_once_through_a_restart_and_an_outage(
    client: Client, reader: Reader, hook: Hook, alerts: Alerts, device: str
) -> None:
    alerts.happen(state(device, "page", 1_790_000_000, firing=True, objective="before"))
    receiver = PersonalReceiver(f"json://127.0.0.1:{hook.port}/alerts", "").name
    with notifying(client, reader, hook):
        until(lambda: NotificationLog(client).pending(receiver) == [] and _begun(client, receiver), "the receiver to be known")
        alerts.happen(state(device, "page", 1_790_000_100, firing=True))
        until(lambda: len(hook.sent) == 1, "the first message")
    assert hook.sent[0]["title"] == f"[page] {device}: g2 fires"
    assert "before" not in json.dumps(hook.sent)  # what happened before anyone was to be told
    hook.away = True
    with notifying(client, reader, hook):
        alerts.happen(state(device, "page", 1_790_000_400, firing=False))
        alerts.happen(state(device, "page", 1_790_000_500, firing=True))
        threading.Event().wait(2.5)
        hook.away = False
        until(lambda: len(hook.sent) == 2, "what was missed, in one message")
        threading.Event().wait(2.5)
    with notifying(client, reader, hook):
        threading.Event().wait(2.5)
    assert len(hook.sent) == 2
    assert hook.sent[1]["message"].index("cleared") < hook.sent[1]["message"].index("fires")
    log = client.query(
        "SELECT outcome, count() AS n FROM notifications WHERE receiver = {r:String} GROUP BY outcome ORDER BY outcome",
        {"r": receiver},
    ).to_pylist()
    assert log == [{"outcome": "begun", "n": 1}, {"outcome": "sent", "n": 3}]


@pytest.mark.slow
def test_a_ticket_waits_behind_its_page(client: Client, reader: Reader, hook: Hook, alerts: Alerts, device: str) -> None:
    receiver = PersonalReceiver(f"json://127.0.0.1:{hook.port}/alerts", "").name
    with notifying(client, reader, hook):
        until(lambda: _begun(client, receiver), "the receiver to be known")
        alerts.happen(state(device, "page", 1_790_000_100, firing=True), state(device, "ticket", 1_790_000_100, firing=True))
        until(lambda: len(hook.sent) == 1, "the page")
        threading.Event().wait(2.5)
        assert len(hook.sent) == 1
        assert "ticket" not in hook.sent[0]["message"]
        alerts.happen(state(device, "page", 1_790_000_900, firing=False))
        until(lambda: any("[ticket]" in one["title"] for one in hook.sent), "the ticket, once the page has cleared")


def test_an_address_that_is_none_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match="no address of a service") as refused:
        PersonalReceiver("nonsense://user:secret@host", "")
    assert "secret" not in str(refused.value)


def _begun(client: Client, receiver: str) -> bool:
    rows = client.query("SELECT count() AS n FROM notifications WHERE receiver = {r:String}", {"r": receiver})
    return bool(rows["n"][0].as_py())
