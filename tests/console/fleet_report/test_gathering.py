"""Reports and spending over a store that a stream filled, by their commands."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from console.budget_views import apply_views
from console.refusal import ExitCode
from schemas.exclusion import ExclusionNotice
from schemas.records import Annotation, Verdict
from slo.definitions import load
from slo.evaluation import Evaluator
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.schedule import Schedule
from storage import tables
from storage.client import StoreAddress, connect
from storage.migrate import migrate
from storage.writer import Writer
from streams.slo_rows import SloRows
from tests.console.command_line import Said
from tests.fixtures_engine import EmbeddedEngine
from tests.slo.samples import sample
from tests.storage.tables.test_judgements import stored

pytestmark = [pytest.mark.stack, pytest.mark.slow]
T = 1_790_000_000
HOUR = 360
"""Samples of an hour."""


def filled(address: StoreAddress) -> None:
    """Two hours of two sources. One is bad in the second hour for five minutes after a deploy, and for two in a maintenance; each
    has a sample that decides nothing.
    """
    migrate(address)
    definitions = load()
    objectives = {each.name: each for each in definitions.objectives}
    evaluator = Evaluator(replace(definitions, objectives=(objectives["sps-g2-zero"],)))
    state, rows = evaluator.initial(), SloRows(objectives)
    out = Exclusion((T + 10 * 600) * NS, (T + 10 * 620) * NS, "maintenance", "gpb")
    state, evaluation = evaluator.exclude(state, out)
    notice = ExclusionNotice(
        subject=out.subject, start_unix_ns=out.start_ns, end_unix_ns=out.end_ns, reason=out.reason, who=out.who
    )
    rows.exclude(notice, evaluation)
    for index in range(2 * HOUR):
        for subject in ("sps-one", "sps-two"):
            bad = subject == "sps-one" and (400 <= index < 430 or 604 <= index < 616)
            verdict = Verdict.BAD if bad else Verdict.INSUFFICIENT if index == 500 else Verdict.GOOD
            one = sample(T + 10 * index, verdict, subject=subject, run="night" if index < 410 else "morning")
            one = msgspec.structs.replace(one, firmware="2.4.1" if index < 400 else "2.5.0")
            state, evaluation = evaluator.step(state, one)
            rows.add(one, evaluation)
    deploy = Annotation(
        kind="deploy", subject=sample(0, subject="sps-one").subject, start_unix_s=T + 3_990, text="2.5.0", end_unix_s=T + 4_190
    )
    writer = Writer(address, "a-worker")
    writer.write(stored("indicators", 0, **rows.tables()))
    writer.write(stored("annotations", 0, **{tables.ANNOTATIONS: tables.annotation_rows([deploy])}))
    writer.close()
    with connect(address) as client:
        apply_views(client, definitions, Schedule(()), T)


@pytest.fixture(scope="module")
def fleet(engine: EmbeddedEngine) -> StoreAddress:
    address = StoreAddress(engine.host, engine.port, engine.user, engine.password, "fleet_report")
    filled(address)
    return address


@pytest.fixture
def ask(
    here: Callable[..., Said], fleet: StoreAddress, engine: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    secret = tmp_path / "secret"
    secret.write_text(engine.readonly_password, encoding="utf-8")
    monkeypatch.setenv("PHOTONWATCH_STORE_ADDRESS", f"{fleet.host}:{fleet.port}")
    monkeypatch.setenv("PHOTONWATCH_STORE_DATABASE", fleet.database)
    monkeypatch.setenv("PHOTONWATCH_STORE_READONLY_USER", engine.readonly_user)
    monkeypatch.setenv("PHOTONWATCH_STORE_READONLY_PASSWORD_FILE", str(secret))
    return here


SECOND_HOUR = ("--period", f"{T + 3_600}/{T + 7_200}")


def test_a_report_says_what_was_promised_and_what_came_of_it(ask: Callable[..., Said], tmp_path: Path) -> None:
    said = ask("slo", "report", *SECOND_HOUR, "--json")
    assert said.code == 0, said.err
    found = said.document
    assert (found["from"], found["to"]) == ("2026-09-21T15:13:20Z", "2026-09-21T16:13:20Z")
    assert (found["kept"], found["broken"]) == (1, 1)
    broken, kept = found["promises"]
    assert (broken["subject"], broken["good"], broken["bad"], broken["attained"]) == ("sps-one", "308", "30", "154/169")
    assert (broken["samples"], broken["insufficient"], broken["excluded"]) == (359, 1, 20)
    assert broken["attained_interval"] == pytest.approx([308 / 339, 309 / 339])
    assert (broken["budget_used"], broken["attained_before"], kept["attained"]) == (str(Fraction(15_000, 169)), "1", "1")
    assert Fraction(broken["budget_remaining"]) == 1 - Fraction(30, 699) * 1_000
    assert found["alerts"]["page"] == 1
    page = next(each for each in found["incidents"] if each["severity"] == "page")
    assert (page["fired"], page["detect_s"]) == ("2026-09-21T15:20:10Z", 10)
    assert found["excluded"] == [{"subject": "*", "reason": "maintenance", "who": "gpb", "seconds": 200}]
    shares = {by: [(share["name"], share["bad"]) for share in of["sps-g2-zero"]] for by, of in found["spent"].items()}
    assert shares == {
        "cause": [("deploy: 2.5.0", 20), ("unknown", 10)],
        "device": [("sps-one", 30)],
        "run": [("morning", 20), ("night", 10)],
        "firmware": [("2.5.0", 30)],
    }
    rows = list(csv.DictReader(io.StringIO(ask("slo", "report", *SECOND_HOUR, "--format", "csv").out)))
    assert [(row["subject"], row["kept"], row["bad"]) for row in rows] == [("sps-one", "no", "30.0"), ("sps-two", "yes", "0.0")]
    text = ask("slo", "report", *SECOND_HOUR).out
    assert "**1 of 2 promises were kept; 1 was broken.**" in text
    assert "| ▲ broken | ↓ worse, was 100 % |" in text
    assert "deploy: 2.5.0 66.67 % (20); unknown 33.33 % (10)" in text
    page_file = tmp_path / "report.html"
    assert ask("slo", "report", *SECOND_HOUR, "--format", "html", "--out", str(page_file)).out == ""
    html = page_file.read_text(encoding="utf-8")
    assert html.count("<tr>") > 8
    assert "http" not in html.replace("http-equiv", "")


def test_spent_by_what_and_what_is_refused(ask: Callable[..., Said]) -> None:
    said = ask("slo", "spent", *SECOND_HOUR, "--by", "run", "--json").document
    assert said == {
        "by": "run",
        "spent": {"sps-g2-zero": [{"name": "morning", "bad": 20, "share": "2/3"}, {"name": "night", "bad": 10, "share": "1/3"}]},
    }
    assert "deploy: 2.5.0" in ask("slo", "spent", *SECOND_HOUR).out
    assert "nothing bad was counted" in ask("slo", "spent", "--period", f"{T}/{T + 100}").out
    for arguments, what in (
        (("spent", "--by", "moon"), "“moon” is nothing to tell by (--by): write cause, device, run, firmware"),
        (("report", "--period", "year"), "“year” is no period (--period): write month or quarter"),
        (("report", "--period", "5/4"), "“5/4” ends before it begins"),
        (("report", "--period", "x/4"), "`x` is neither ISO 8601"),
    ):
        refused = ask("slo", *arguments)
        assert (refused.code, refused.out) == (ExitCode.USAGE, "")
        assert what in refused.err
    nothing = ask("slo", "report", "--period", "1/2").out
    assert "Nothing was judged in this time." in nothing


def test_what_a_plan_takes_out_with_its_source_was_not_spent(
    ask: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plan.csv").write_text(f"start,end,reason,subject\n{T + 3_990},{T + 4_190},pump,cryo\n", encoding="utf-8")
    (tmp_path / "topology.yaml").write_text("sps-one: {depends_on: [cryo]}\n", encoding="utf-8")
    monkeypatch.setenv("PHOTONWATCH_OBJECTIVES_EXCLUSIONS", str(tmp_path / "plan.csv"))
    monkeypatch.setenv("PHOTONWATCH_OBJECTIVES_TOPOLOGY", str(tmp_path / "topology.yaml"))
    (share,) = ask("slo", "spent", *SECOND_HOUR, "--by", "device", "--json").document["spent"]["sps-g2-zero"]
    assert share["bad"] == 10


def test_a_store_without_the_views_says_how_they_are_made(
    ask: Callable[..., Said], fleet: StoreAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = replace(fleet, database="fleet_report_bare")
    migrate(bare)
    monkeypatch.setenv("PHOTONWATCH_STORE_DATABASE", bare.database)
    said = ask("slo", "report", *SECOND_HOUR)
    assert (said.code, "photonwatch slo views --apply" in said.err) == (ExitCode.UNAVAILABLE, True)
