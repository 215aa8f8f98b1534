"""The notifier against a real store and a real webhook: each transition once, through restarts and outages."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import msgspec
import pyarrow as pa
import pytest

from console.notify.notifier import Notifier
from console.notify.outlook import StoredOutlook
from console.notify.receiver import PersonalReceiver
from schemas.exclusion import ExclusionNotice
from schemas.exercise import exercise_name
from schemas.ids import SubjectId
from schemas.records import AlertState
from slo.definitions import load
from slo.schedule import Schedule
from slo.topology import Topology
from storage import tables
from storage.batch import Batch
from storage.client import Client
from storage.notifications import NotificationLog
from storage.reader import Reader
from storage.writer import Writer
from tests.console.notify.test_message import state

pytestmark = pytest.mark.stack
NOBODY = Topology()


class Hook:
    """A webhook: what it was sent, and whether it takes anything now."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.away = False
        self.refused = 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if hook.away:
                    hook.refused += 1
                else:
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
def notifying(
    client: Client,
    reader: Reader,
    hook: Hook,
    topology: Topology = NOBODY,
    patience_s: float = 0.0,
    deaf_after_s: float = 1_000.0,
) -> Iterator[None]:
    """A notifier at work in a thread of its own."""
    receiver = PersonalReceiver(f"json://127.0.0.1:{hook.port}/alerts", "")
    outlook = StoredOutlook(reader, load(), topology, Schedule(()), deaf_after_s=deaf_after_s)
    notifier = Notifier(NotificationLog(client), [receiver], outlook, patience_s, look_s=0.5)
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
        self._store({tables.ALERTS: tables.alert_rows(states)})

    def exclude(self, *notices: ExclusionNotice) -> None:
        self._store({tables.EXCLUSIONS: tables.exclusion_rows(notices)})

    def _store(self, rows: dict[str, pa.Table]) -> None:
        self._writer.write(Batch("slo-1", self._device, 0, self._lo, self._lo + 1, rows, 1, self._lo, b""))
        self._lo += 1


@pytest.fixture
def alerts(writer: Writer, device: str) -> Alerts:
    return Alerts(writer, device)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = threading.Event()
    for _ in range(1_200):
        if condition():
            return
        deadline.wait(0.05)
    raise AssertionError(f"waited a minute for {what}")


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
        until(lambda: hook.refused > 0, "a message that nobody took")
    with notifying(client, reader, hook):
        alerts.happen(state(device, "page", 1_790_000_500, firing=True))
        threading.Event().wait(1.5)
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


def test_exercises_call_nobody_and_stand_on_no_page(client: Client, reader: Reader, alerts: Alerts, device: str) -> None:
    log, exercise = NotificationLog(client), exercise_name(device, "k3f9")
    log.begin(f"receiver of {device}")
    alerts.happen(state(exercise, "page", 1_790_000_100, firing=True), state(device, "page", 1_790_000_100, firing=True))
    assert [each.subject for each in log.pending(f"receiver of {device}") if each.subject in {device, exercise}] == [device]
    assert exercise not in {each.subject for each in reader.alerts()}
    assert exercise in {each.subject for each in reader.alert_history(1_790_000_000)}


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


@pytest.mark.slow
def test_a_cryostat_under_six_devices_is_one_page_and_who_stays_bad_pages_then(
    client: Client, reader: Reader, hook: Hook, alerts: Alerts, device: str
) -> None:
    receiver = PersonalReceiver(f"json://127.0.0.1:{hook.port}/alerts", "").name
    cryostat, devices = SubjectId(f"cryostat-{device}"), [SubjectId(f"qdp-{number}-{device}") for number in range(6)]
    topology = Topology(dict.fromkeys(devices, (cryostat,)))
    with notifying(client, reader, hook, topology, patience_s=1.5):
        until(lambda: _begun(client, receiver), "the receiver to be known")
        alerts.happen(
            *(state(each, "page", 1_790_000_100, firing=True) for each in devices),
            state(cryostat, "page", 1_790_000_110, firing=True, objective="cryostat"),
        )
        until(lambda: len(hook.sent) == 1, "the page")
        assert hook.sent[0]["title"] == f"[page] {cryostat}: cryostat fires"
        assert "silent meanwhile, because they depend on it: " + ", ".join(devices) in hook.sent[0]["message"]
        until(lambda: _outcomes(client, receiver).get("waits") == 6, "the log to say why six are silent")
        alerts.happen(
            state(cryostat, "page", 1_790_000_500, firing=False, objective="cryostat"),
            *(state(each, "page", 1_790_000_501, firing=False) for each in devices[:5]),
        )
        until(lambda: len(hook.sent) == 3, "the end of it, and the device that is still bad")
    assert hook.sent[1]["title"] == f"[page] {cryostat}: cryostat cleared"
    assert hook.sent[2]["title"] == f"[page] {devices[5]}: g2 fires"
    assert _outcomes(client, receiver) == {"begun": 1, "waits": 6, "inhibited": 10, "sent": 3}
    reasons = client.query(
        "SELECT DISTINCT message FROM notifications WHERE outcome IN ('waits', 'inhibited') AND receiver = {r:String}",
        {"r": receiver},
    )
    assert reasons.to_pylist() == [{"message": f"inhibited by cryostat/{cryostat}/page"}]


@pytest.mark.slow
def test_maintenance_is_silent_but_not_about_what_is_critical(
    client: Client, reader: Reader, hook: Hook, alerts: Alerts, device: str
) -> None:
    receiver = PersonalReceiver(f"json://127.0.0.1:{hook.port}/alerts", "").name
    notice = ExclusionNotice(
        subject=SubjectId(device), start_unix_ns=0, end_unix_ns=None, reason="maintenance: mirror", who="gpb"
    )
    with notifying(client, reader, hook):
        until(lambda: _begun(client, receiver), "the receiver to be known")
        alerts.exclude(notice)
        alerts.happen(state(device, "page", 1_790_000_100, firing=True, objective="qdp-g2-zero"))
        alerts.happen(state(device, "page", 1_790_000_100, firing=True, objective="qic-cryostat"))
        until(lambda: len(hook.sent) == 1 and "waits" in _outcomes(client, receiver), "the page about the cryostat alone")
        assert hook.sent[0]["title"] == f"[page] {device}: qic-cryostat fires"
        alerts.exclude(msgspec.structs.replace(notice, end_unix_ns=time.time_ns()))
        until(lambda: len(hook.sent) == 2, "what is still bad after it")
    assert hook.sent[1]["title"] == f"[page] {device}: qdp-g2-zero fires"


@pytest.mark.slow
def test_people_are_told_once_that_nothing_is_judged_any_more(
    client: Client, reader: Reader, hook: Hook, alerts: Alerts, device: str
) -> None:
    alerts.happen(state(device, "page", 1_790_000_100, firing=True))
    for _ in range(2):
        with notifying(client, reader, hook, deaf_after_s=2.0):
            until(lambda: len(hook.sent) == 1, "that nothing was stored for two seconds")
            threading.Event().wait(3)
    assert hook.sent[0]["title"] == "[page] photonwatch: PhotonwatchBlind fires"
    with notifying(client, reader, hook, deaf_after_s=1_000.0):
        until(lambda: len(hook.sent) == 2, "that something is stored again")
    assert hook.sent[1]["title"] == "[page] photonwatch: PhotonwatchBlind cleared"


def _outcomes(client: Client, receiver: str) -> dict[str, int]:
    rows = client.query(
        "SELECT outcome, count() AS n FROM notifications WHERE receiver = {r:String} GROUP BY outcome", {"r": receiver}
    )
    return {row["outcome"]: row["n"] for row in rows.to_pylist()}


def test_an_address_that_is_none_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match="no address of a service") as refused:
        PersonalReceiver("nonsense://user:secret@host", "")
    assert "secret" not in str(refused.value)


def _begun(client: Client, receiver: str) -> bool:
    rows = client.query("SELECT count() AS n FROM notifications WHERE receiver = {r:String}", {"r": receiver})
    return bool(rows["n"][0].as_py())
