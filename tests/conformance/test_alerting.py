"""The generated files in the programs that they are for: a breach goes through Prometheus and Alertmanager to a webhook, once."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3
import yaml
from prometheus_client import CollectorRegistry, Counter, start_http_server

from console.notify.alertmanager import AlertmanagerReceiver
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo import metrics
from slo.alertmanager import Webhooks, configuration
from slo.diagnosis import Hint
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.rules import rule_file
from slo.suppression import Suppressions, Surroundings
from slo.tiers import Tier
from slo.topology import Topology
from tests.live import until
from tests.slo.samples import objective
from tests.slo.test_diagnosis import WORN

CRYOSTAT, DEVICES = SubjectId("cryostat-1"), (SubjectId("qdp-1"), SubjectId("qdp-2"))
TOPOLOGY = Topology(dict.fromkeys(DEVICES, (CRYOSTAT,)))
HERE = Surroundings(TOPOLOGY)
PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("alertmanager") or shutil.which("prometheus-alertmanager")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PROMETHEUS and ALERTMANAGER),
        reason="Prometheus and Alertmanager are not installed (Debian's packages prometheus, prometheus-alertmanager)",
    ),
]


class Inbox:
    """A webhook that keeps what Alertmanager sends, by path."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, object]]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                inbox.messages.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def about(self, path: str, status: str) -> list[dict[str, object]]:
        return [message for where, message in self.messages if where == path and message["status"] == status]


@contextmanager
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(name: str, home: Path, *arguments: str, ready: str) -> Iterator[None]:
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd=home)
    try:

        def answers() -> bool:
            try:
                return bool(urllib3.request("GET", ready, timeout=1.0, retries=False).status == 200)
            except urllib3.exceptions.HTTPError:
                assert process.poll() is None, (home / f"{name}.log").read_text()
                return False

        until(answers, 30, f"{name} to be ready")
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def hooks() -> Iterator[Inbox]:
    with inbox() as made:
        yield made


@pytest.fixture
def alertmanager(tmp_path: Path, hooks: Inbox) -> Iterator[str]:
    """A running Alertmanager under the generated configuration, with its waiting times cut to seconds."""
    webhooks = Webhooks({"page": f"{hooks.url}/page", "ticket": f"{hooks.url}/ticket"}, f"{hooks.url}/alive")
    document = yaml.safe_load(configuration([burning()], webhooks, TOPOLOGY))
    routes = [document["route"], *document["route"]["routes"]]
    for route in routes:
        route |= {"group_wait": "2s", "group_interval": "3s"}
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(document))
    port = free_port()
    arguments = (
        str(ALERTMANAGER),
        "--config.file=alertmanager.yml",
        "--storage.path=am",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    url = f"http://127.0.0.1:{port}"
    with running("alertmanager", tmp_path, *arguments, ready=f"{url}/-/ready"):
        yield url


def state(subject: str, severity: str, *, firing: bool, objective: str = "g2") -> AlertState:
    return AlertState(
        alert=f"{objective}/{subject}/{severity}",
        objective=objective,
        subject=SubjectId(subject),
        severity=severity,
        firing=firing,
        since_unix_s=int(time.time()),
        tiers=("quick",),
        text="g2 burns",
        burn_rate="20",
        budget_remaining="1/2",
        run=RunId("r"),
    )


def burning():
    """An objective whose windows are seconds."""
    tiers = (
        Tier("quick", "page", 4, 12, Fraction("14.4")),
        Tier("slow", "ticket", 6, 30, Fraction(3)),
    )
    made = objective(tiers, target=Fraction("0.99"))
    assert made.criterion
    return replace(made, criterion=replace(made.criterion, integration_s=1))


def test_a_breach_seen_by_prometheus_arrives_once_grouped_and_resolves(tmp_path: Path, hooks: Inbox, alertmanager: str) -> None:
    registry = CollectorRegistry()
    labels = (metrics.OBJECTIVE, metrics.SUBJECT)
    good, bad = (
        Counter(name.removesuffix("_total"), "events", labels, registry=registry)
        for name in (metrics.GOOD_TOTAL, metrics.BAD_TOTAL)
    )
    name = burning().name
    exporter, thread = start_http_server(0, "127.0.0.1", registry)
    (tmp_path / "rules.yml").write_text(rule_file([burning()]))
    prometheus = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}]},
        "scrape_configs": [{"job_name": "worker", "static_configs": [{"targets": [f"127.0.0.1:{exporter.server_port}"]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(prometheus))
    port = free_port()
    arguments = (
        str(PROMETHEUS),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    broken = threading.Event()
    stop = threading.Event()

    def measure() -> None:
        while not stop.wait(0.2):
            good.labels(name, "sps-well").inc()
            (bad if broken.is_set() else good).labels(name, "sps-ill").inc()
            bad.labels(name, "sps-well")

    with ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(exporter.server_close)
        stack.callback(exporter.shutdown)
        stack.enter_context(running("prometheus", tmp_path, *arguments, ready=f"http://127.0.0.1:{port}/-/ready"))
        measuring = threading.Thread(target=measure)
        measuring.start()
        stack.callback(measuring.join)
        stack.callback(stop.set)
        time.sleep(8)
        assert not hooks.about("/page", "firing")
        broken.set()
        until(lambda: hooks.about("/page", "firing"), 60, "the page")
        time.sleep(5)
        broken.clear()
        until(lambda: hooks.about("/page", "resolved"), 60, "the page to resolve")
    (page,) = hooks.about("/page", "firing")
    assert page["groupLabels"] == {metrics.SUBJECT: "sps-ill"}
    assert all(alert["labels"]["subject"] == "sps-ill" for _, message in hooks.messages for alert in message["alerts"])
    tickets = [alert for message in hooks.about("/ticket", "firing") for alert in message["alerts"]]
    assert not [alert for alert in tickets if alert["startsAt"] < page["alerts"][0]["startsAt"]]


def receiver_of(alertmanager: str) -> AlertmanagerReceiver:
    return AlertmanagerReceiver(
        alertmanager, "http://127.0.0.1:8060", lambda: datetime.now(UTC), urllib3.PoolManager(), refresh_s=2.0
    )


def test_a_cryostat_under_devices_is_one_page_and_who_stays_bad_pages_then(hooks: Inbox, alertmanager: str) -> None:
    receiver, context = receiver_of(alertmanager), Suppressions((), HERE, 0)
    cryostat, devices = state("cryostat-1", "page", firing=True), [state(each, "page", firing=True) for each in DEVICES]
    receiver.tell([*devices, cryostat], context)
    until(lambda: hooks.about("/page", "firing"), 60, "the page")
    time.sleep(4)
    assert {alert["labels"]["subject"] for message in hooks.about("/page", "firing") for alert in message["alerts"]} == {
        "cryostat-1"
    }
    receiver.tell([state("cryostat-1", "page", firing=False), state(DEVICES[0], "page", firing=False)], context)
    receiver.refresh(Suppressions(devices[1:], HERE, 0), hears=True)
    until(lambda: subjects_paged(hooks) == {"cryostat-1", DEVICES[1]}, 60, "the page about who is still bad")


def subjects_paged(hooks: Inbox) -> set[str]:
    return {
        alert["labels"]["subject"]
        for message in hooks.about("/page", "firing")
        for alert in message["alerts"]
        if alert["status"] == "firing"
    }


def test_maintenance_is_silent_but_not_about_what_is_critical(hooks: Inbox, alertmanager: str) -> None:
    now_ns = time.time_ns()
    objectives = {"g2": objective(name="g2"), "cryostat": replace(objective(name="cryostat"), critical=True)}
    begun = Exclusion(now_ns - 10**10, now_ns + 3_600 * NS, "maintenance: mirror", "gpb", CRYOSTAT)
    during = replace(HERE, objectives=objectives, exclusions=(begun,))
    receiver = receiver_of(alertmanager)
    device, cryostat = state(DEVICES[0], "page", firing=True), state("cryostat-1", "page", firing=True, objective="cryostat")
    receiver.refresh(Suppressions([], during, 0), hears=True)
    receiver.refresh(Suppressions([], during, 0), hears=True)
    (silence,) = urllib3.request("GET", f"{alertmanager}/api/v2/silences").json()
    assert (silence["createdBy"], silence["status"]["state"]) == ("photonwatch: gpb", "active")
    receiver.refresh(Suppressions([device, state("cryostat-1", "page", firing=True)], during, 0), hears=True)
    time.sleep(4)
    assert not hooks.about("/page", "firing")
    receiver.refresh(Suppressions([device, cryostat], during, 0), hears=True)
    until(lambda: subjects_paged(hooks) == {"cryostat-1"}, 60, "the page about the cryostat")
    receiver.tell([state("cryostat-1", "page", firing=False, objective="cryostat")], Suppressions((), during, 0))
    receiver.tell([state("cryostat-1", "page", firing=False)], Suppressions((), during, 0))
    receiver.refresh(Suppressions([device], replace(during, exclusions=(replace(begun, end_ns=time.time_ns()),)), 0), hears=True)
    until(lambda: DEVICES[0] in subjects_paged(hooks), 60, "what is still bad after it")


def test_the_notifier_speaks_to_it(hooks: Inbox, alertmanager: str) -> None:
    receiver = receiver_of(alertmanager)
    both = [state("sps-1", "page", firing=True), state("sps-1", "ticket", firing=True)]
    worn = (Hint(WORN, Fraction(1), ("light",), (), ()),)
    context = Suppressions(both, HERE, 0, {(both[0].alert, both[0].since_unix_s): worn})
    receiver.tell(both, context)
    receiver.refresh(context, hears=True)
    until(lambda: hooks.about("/page", "firing"), 60, "the page")
    until(lambda: hooks.about("/alive", "firing"), 60, "that somebody watches")
    assert not hooks.about("/ticket", "firing")  # the page inhibits it
    receiver.tell([state("sps-1", "page", firing=False), state("sps-1", "ticket", firing=False)], context)
    until(lambda: hooks.about("/page", "resolved"), 60, "the page to resolve")
    (page,) = hooks.about("/page", "firing")
    annotations = page["alerts"][0]["annotations"]
    assert annotations["summary"] == "g2 burns"
    assert (annotations["looks_like"], annotations["runbook"]) == ("worn (worn): light down", "docs/runbooks/worn.md")
