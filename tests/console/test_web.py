"""The pages, the JSON API and the metrics, over a real store."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from console.commands.page import application
from console.settings import Page
from slo.definitions import load
from storage.client import StoreAddress
from storage.reader import Reader
from tests.console import seeded
from tests.console.conftest import observatory, served
from tests.console.test_status import settings_of
from tests.console.written import purity
from tests.fixtures_engine import EmbeddedEngine

pytestmark = pytest.mark.stack
_OLD = "lab%20bench%2Fold%20%3C1%3E"


def test_the_fleet_page_says_how_each_device_stands(web: httpx.Client) -> None:
    page = web.get("/")
    assert page.status_code == 200
    assert "6 devices and 1 link: 1 bad, 1 silent, 2 not judged yet, 1 excluded, 2 good. 2 alerts firing." in page.text
    devices = {row["device"]: row for row in web.get("/api/v1/fleet").json()["devices"]}
    title = devices[seeded.BAD]["objectives"][0]["title"]
    for word in ("sps-good", "sps-bad", ">page<", "1.6 kHz", "\u221230", f"{title}, "):
        assert word in page.text
    assert "lab bench/old &lt;1&gt;" in page.text
    assert "<b>broke</b>" not in page.text


def test_those_that_send_no_tags_stand_there_with_what_they_have(web: httpx.Client) -> None:
    page = web.get("/").text
    devices = {row["device"]: row for row in web.get("/api/v1/fleet").json()["devices"]}
    stands_by = {name: [one["objective"] for one in row["objectives"]] for name, row in devices.items()}
    assert (stands_by[seeded.COUPLING], stands_by[seeded.NODE]) == (["spc-coupling-strength"], [])
    assert (stands_by[seeded.LINK], stands_by[seeded.CRYOSTAT]) == (["qic-entanglement-rate"], [])
    assert [devices[name]["speaker"] for name in (seeded.LINK, seeded.NODE)] == [seeded.NODE, seeded.NODE]
    assert "4.000&nbsp;MHz" in page
    assert f"{devices[seeded.COUPLING]['objectives'][0]['title']}, 3.600 … 4.400" in page
    assert f"by {seeded.NODE}" in page
    assert devices[seeded.QUIET]["last_seen_unix_s"] - devices[seeded.QUIET]["tags_seen_unix_s"] > 3_000
    assert "tags 60 min ago" in page
    assert all(devices[name]["tags_seen_unix_s"] is None for name in (seeded.COUPLING, seeded.NODE, seeded.LINK, seeded.CRYOSTAT))


def test_the_page_of_a_link_has_its_objectives_and_no_empty_charts(web: httpx.Client) -> None:
    page = web.get(f"/devices/{seeded.LINK}")
    assert page.status_code == 200
    assert f"{seeded.NODE}</a> speaks for it" in page.text
    assert "It sends no tags" in page.text
    assert "at or above 20 pairs/s" in page.text
    assert "rates-chart" not in page.text
    assert "at or above 1.000 MHz" in web.get(f"/devices/{seeded.COUPLING}").text
    view = web.get(f"/api/v1/devices/{seeded.LINK}").json()
    assert (view["recent"], view["whole"], view["rates"]["unix_s"]) == (None, None, [])


def test_whoever_sends_no_tags_falls_silent_later(fleet_store: StoreAddress, now_s: int) -> None:
    with Reader(fleet_store) as reader:
        soon, later = ({row.device: row.state for row in observatory(reader, now_s + s).fleet().devices} for s in (100, 7_200))
    assert (soon[seeded.LINK], soon[seeded.GOOD]) == ("good", "silent")
    assert set(later.values()) == {"silent"}


def test_every_answer_carries_the_security_headers(web: httpx.Client) -> None:
    for path in ("/", "/api/v1/fleet", "/static/live.js", "/absent"):
        headers = web.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert "style=" not in web.get("/").text
    assert "<script>" not in web.get("/").text


def test_an_undecided_sample_says_what_it_lacks_beside_its_verdict(web: httpx.Client) -> None:
    page = web.get(f"/devices/{seeded.BAD}").text
    assert "a verdict needs about 1,480 parallel more, 12.3 min at the present rate" in page
    objectives = web.get(f"/api/v1/devices/{seeded.BAD}").json()["row"]["objectives"]
    assert [one["lacks"] and one["lacks"]["more"] for one in objectives] == [None, {"parallel": 1_480}]


def test_other_hosts_are_refused(web: httpx.Client) -> None:
    assert web.get("/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("host", "hosts", "answered", "refused"),
    [
        (
            "127.0.0.1",
            "",
            {"127.0.0.1:8060", "localhost", "[::1]:8060"},
            {"evil.example", "127.0.0.1.evil.example", "", "0.0.0.0"},
        ),
        ("0.0.0.0", "", {"localhost:8060", "0.0.0.0:8060"}, {"evil.example", "192.0.2.7"}),
        (
            "fd00::5",
            "lab.example.org, *.example.com",
            {"[fd00::5]", "lab.example.org:8060", "LAB.EXAMPLE.ORG", "a.example.com"},
            {"example.com", "a.lab.example.org"},
        ),
        ("192.0.2.7", "*", {"192.0.2.7", "evil.example"}, set()),
    ],
)
def test_it_answers_only_under_names_of_its_own(
    fleet_store: StoreAddress,
    engine: EmbeddedEngine,
    tmp_path: Path,
    host: str,
    hosts: str,
    answered: set[str],
    refused: set[str],
) -> None:
    """Wherever it listens: a name that somebody points at this machine's address is no name of its own."""
    settings = replace(settings_of(fleet_store, engine, tmp_path), page=Page(host=host, allow_remote=True, hosts=hosts))
    with served(application(settings)) as address, httpx.Client(base_url=address) as client:
        said = {name: client.get("/static/live.js", headers={"Host": name}).status_code for name in answered | refused}
    assert said == dict.fromkeys(answered, 200) | dict.fromkeys(refused, 400)


def test_fleet_as_json(web: httpx.Client) -> None:
    devices = {row["device"]: row for row in web.get("/api/v1/fleet").json()["devices"]}
    assert {name: row["state"] for name, row in devices.items()} == {
        seeded.GOOD: "excluded",  # a mirror is being mended
        seeded.BAD: "bad",
        seeded.QUIET: "silent",  # its tags are; it beats
        seeded.COUPLING: "good",
        seeded.NODE: "unjudged",
        seeded.LINK: "good",
        seeded.CRYOSTAT: "unjudged",
    }
    bad = devices[seeded.BAD]
    assert bad["alerts"][0]["severity"] == "page"
    assert bad["objectives"][0]["verdict"] == "bad"
    assert bad["objectives"][0]["budget_remaining"] == -0.3
    assert bad["objectives"][0]["criterion"] == "g²(0) < 0.5"
    assert bad["rates_hz"] == {"0": 700.0, "1": 900.0}
    assert devices[seeded.GOOD]["alerts"] == []


def test_one_device_as_json_holds_exactly_what_was_stored(web: httpx.Client) -> None:
    view = web.get(f"/api/v1/devices/{seeded.BAD}").json()
    since = view["run_since_unix_s"]
    stored = sum(seeded.counts_of(seeded.Second(seeded.BAD, second, 0.8)).astype(int) for second in range(since, since + 90))
    assert view["whole"]["counts"] == stored.tolist()
    last_minute = sum(
        seeded.counts_of(seeded.Second(seeded.BAD, second, 0.8)).astype(int) for second in range(since + 30, since + 90)
    )
    assert view["recent"]["counts"] == last_minute.tolist()
    assert view["recent"]["to_unix_s"] - view["recent"]["from_unix_s"] == 60
    assert view["whole"]["estimate"]["value"] == pytest.approx(0.8, abs=0.15)
    assert view["whole"]["estimate"]["parameters"]["zero_delay_ps"] == pytest.approx(seeded.ZERO_PS, abs=100)
    assert view["rates"]["channels"]["1"] == [900.0] * 90
    g2 = web.get(f"/api/v1/devices/{seeded.BAD}/g2").json()
    assert g2["whole"] == view["whole"]


def test_a_device_page_escapes_what_people_named(web: httpx.Client) -> None:
    page = web.get(f"/devices/{_OLD}")
    assert page.status_code == 200
    assert "old &lt;1&gt;" in page.text
    assert "<1>" not in page.text


def test_an_unknown_device_is_said_so(web: httpx.Client) -> None:
    page = web.get("/devices/nobody")
    assert page.status_code == 404
    assert "No device “nobody” was heard" in page.text
    answer = web.get("/api/v1/devices/nobody")
    assert answer.status_code == 404
    assert answer.json()["error"]["what"] == "No device “nobody” was heard"
    assert answer.json()["error"]["do"]


def test_alerts_the_firing_ones_first(web: httpx.Client) -> None:
    alerts = web.get("/api/v1/alerts").json()["alerts"]
    assert [(alert["subject"], alert["firing"]) for alert in alerts] == [
        (seeded.BAD, True),
        (seeded.BAD, True),
        (seeded.GOOD, False),
    ]
    page = web.get("/alerts").text
    assert "2 alerts firing" in page
    assert page.index("Firing") < page.index("Resolved")


def test_an_alert_that_nobody_is_told_of_says_why(web: httpx.Client) -> None:
    alerts = {alert["severity"]: alert for alert in web.get("/api/v1/alerts").json()["alerts"] if alert["firing"]}
    assert {severity: alert["suppressed"] for severity, alert in alerts.items()} == {
        "page": "",
        "ticket": f"inhibited by sps-g2-zero/{seeded.BAD}/page",
    }
    for path in ("/", "/alerts", f"/devices/{seeded.BAD}"):
        assert f"Nobody is told: inhibited by sps-g2-zero/{seeded.BAD}/page" in web.get(path).text


def test_excluded_time_shows_its_share_who_and_why(web: httpx.Client) -> None:
    page = web.get(f"/devices/{seeded.GOOD}").text
    assert "<dt>Excluded share</dt><dd>25\u2009%</dd>" in page
    assert "until further notice" in page
    assert "maintenance: mirror &lt;1&gt;, says gpb" in page
    (exclusion,) = web.get(f"/api/v1/devices/{seeded.GOOD}").json()["exclusions"]
    assert (exclusion["reason"], exclusion["end_unix_s"]) == ("maintenance: mirror <1>", None)


def test_an_objective_shows_only_at_whom_it_is_about(fleet_store: StoreAddress, now_s: int, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(purity(f'subjects: "!{seeded.BAD}"'), encoding="utf-8")
    with Reader(fleet_store) as reader:
        rows = {row.device: row for row in observatory(reader, now_s, load([tmp_path / "own.yaml"])).fleet().devices}
    shown = {name: [one.objective for one in row.objectives if one.objective == seeded.OBJECTIVE] for name, row in rows.items()}
    assert (shown[seeded.GOOD], shown[seeded.BAD]) == ([seeded.OBJECTIVE], [])


def test_metrics_have_bounded_labels(web: httpx.Client) -> None:
    text = web.get("/metrics").text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert f'photonwatch_alert_firing{{objective="sps-g2-zero",severity="page",subject="{seeded.BAD}"}} 1.0' in lines
    assert f'photonwatch_error_budget_remaining_ratio{{objective="sps-g2-zero",subject="{seeded.BAD}"}} -0.3' in lines
    assert f'photonwatch_device_state{{device="{seeded.GOOD}",state="excluded"}} 1.0' in lines
    assert any(line.startswith("photonwatch_sample_age_seconds") for line in lines)
    assert seeded.RUN not in text


def test_health(web: httpx.Client) -> None:
    assert web.get("/healthz").text == "ok\n"
