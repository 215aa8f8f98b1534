"""`photonwatch slo …` as a script and as a person meets it."""

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from console.refusal import ExitCode
from tests.console.command_line import Said, run
from tests.console.written import AVAILABILITY

START = 1_767_225_600


def test_rules_for_kubernetes_and_an_alertmanager_that_knows_the_fleet(here: Callable[..., Said], tmp_path: Path) -> None:
    said = here("slo", "rules", "--format", "prometheusrule", "--namespace", "monitoring", "--label", "release=prometheus")
    resources = list(yaml.safe_load_all(said.out))
    assert {(each["kind"], each["metadata"]["namespace"]) for each in resources} == {("PrometheusRule", "monitoring")}
    assert all(each["metadata"]["labels"]["release"] == "prometheus" for each in resources)
    refused = here("slo", "rules", "--namespace", "monitoring")
    assert (refused.code, "add --format prometheusrule" in refused.err) == (ExitCode.USAGE, True)
    receivers = ("--receiver", "page=http://127.0.0.1:1/p", "--receiver", "ticket=http://127.0.0.1:1/t")
    assert 'subject="cryostat-borealis"' in here("slo", "alertmanager", *receivers).out
    (tmp_path / "topology.yaml").write_text("a: {depends_on: [b]}\nb: {depends_on: [a]}\n", encoding="utf-8")
    looped = here("--set", f"objectives.topology={tmp_path / 'topology.yaml'}", "slo", "alertmanager", *receivers)
    assert "topology.yaml:1:4): take one of the dependencies" in looped.err


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    file = tmp_path / "plain.yaml"
    file.write_text(AVAILABILITY, encoding="utf-8")
    return file


def series(tmp_path: Path, rows: list[tuple[int, int, int]]) -> Path:
    file = tmp_path / "series.csv"
    file.write_text("time,good,bad\n" + "".join(f"{time},{good},{bad}\n" for time, good, bad in rows), encoding="utf-8")
    return file


def minutes(count: int, first_bad: int) -> list[tuple[int, int, int]]:
    return [(START + 60 * index, 10 - (index >= first_bad), int(index >= first_bad)) for index in range(count)]


def test_a_foreign_objective_over_a_series_of_ones_own(tmp_path: Path, plain: Path) -> None:
    rows = minutes(1_000, 940)
    random.Random(5).shuffle(rows)
    found = run(
        tmp_path, "slo", "evaluate", str(plain), "--events", str(series(tmp_path, rows)), "--transitions", "--json"
    ).document
    assert {key: found[key] for key in ("objective", "period_s", "at")} == {
        "objective": "999/1000",
        "period_s": 2_592_000,
        "at": START + 60_000,
    }
    assert list(found["windows"]) == ["300", "1800", "3600", "7200", "21600", "86400", "259200", "2592000"]
    assert found["windows"]["3600"] == {"good": 540, "bad": 60, "error_ratio": "1/10", "burn_rate": "100"}
    assert found["budget"] == {
        "total": "10",
        "used": 60,
        "remaining_ratio": "-5",
        "remaining_events": "-50",
        "exhausted_in_s": "0",
        "exhausted_in_s_interval": ["0", "0"],
    }
    assert [(tier["name"], tier["factor"], tier["threshold"], tier["firing"], tier["suppressed"]) for tier in found["tiers"]] == [
        ("page-quick", "72/5", "9/625", True, False),
        ("page-slow", "6", "3/500", True, False),
        ("ticket-quick", "3", "3/1000", True, False),
        ("ticket-slow", "1", "1/1000", True, False),
    ]
    assert found["alerts"] == ["page", "ticket"]
    quick = next(minute for minute in range(1, 60) if minute / 600 > 14.4 / 1000)
    slow = next(minute for minute in range(1, 60) if minute / 3600 > 6 / 1000)
    assert found["transitions"][0] == {"alert": "page", "time": START + 60 * (940 + min(quick, slow)), "firing": True}
    assert found["slices"] == {"good": None, "bad": None, "empty": 0, "excluded": 0}


def test_as_of_an_earlier_time_with_exclusions_and_minimum_events(tmp_path: Path, plain: Path) -> None:
    events = str(series(tmp_path, minutes(1_000, 940)))
    out = tmp_path / "out.csv"
    out.write_text(f"start,end,reason\n{START + 60 * 940},{START + 60 * 1000},new pump\n", encoding="utf-8")
    said = run(tmp_path, "slo", "evaluate", str(plain), "--events", events, "--exclude", str(out), "--json").document
    assert (said["alerts"], said["budget"]["used"], said["slices"]["excluded"]) == ([], 0, 60)
    assert said["excluded"]["share"] == "1/720"
    assert said["excluded"]["windows"][0]["reason"] == "new pump"
    before = run(tmp_path, "slo", "evaluate", str(plain), "--events", events, "--at", str(START + 60 * 940), "--json").document
    assert (before["at"], before["alerts"]) == (START + 60 * 940, [])
    few = run(tmp_path, "slo", "evaluate", str(plain), "--events", events, "--minimum-events", "601", "--json").document
    assert [(tier["firing"], tier["suppressed"]) for tier in few["tiers"]][:2] == [(False, True), (True, False)]


def test_times_are_answered_as_they_are_asked(tmp_path: Path, plain: Path) -> None:
    file = tmp_path / "iso.csv"
    file.write_text("time,good,bad\n2026-01-01T00:00:00Z,0,1\n2026-01-01T00:01:00Z,1,0\n", encoding="utf-8")
    said = run(tmp_path, "slo", "evaluate", str(plain), "--events", str(file), "--transitions", "--json").document
    assert said["at"] == "2026-01-01T00:02:00Z"
    assert said["transitions"][0]["time"] == "2026-01-01T00:01:00Z"


def test_no_events_are_undefined_and_not_zero(tmp_path: Path, plain: Path) -> None:
    said = run(tmp_path, "slo", "evaluate", str(plain), "--events", str(series(tmp_path, [])), "--json")
    assert said.document["at"] is None
    assert said.document["windows"]["300"] == {"good": 0, "bad": 0, "error_ratio": None, "burn_rate": None}
    assert said.document["budget"]["remaining_ratio"] is None
    assert "holds no rows" in said.err


def test_people_read_it_too(tmp_path: Path, plain: Path) -> None:
    said = run(tmp_path, "slo", "evaluate", str(plain), "--events", str(series(tmp_path, minutes(1_000, 940))), "--transitions")
    assert "99.9 % of 30 d" in said.out
    assert "60 of 10 bad events spent, -500 % left; nothing is left" in said.out
    assert "page fires" in said.out


@pytest.mark.parametrize(
    ("change", "arguments", "code", "words"),
    [
        (("target: 0.999", "target: 0.9"), ("--minimum-events", "-1"), ExitCode.USAGE, "minimum-events"),
        (("target: 0.999", "targetPercent: 100"), (), ExitCode.BAD_INPUT, "leaves no budget to judge by"),
        (("", ""), ("--at", "soon"), ExitCode.USAGE, "neither ISO 8601"),
        (("", ""), ("--objective", "x"), ExitCode.NOT_FOUND, "name one of: availability"),
        (("{target: 0.999}", "{target: 0.999}, {target: 0.99}"), (), ExitCode.USAGE, "availability.1, availability.2"),
        (("  timeWindow: [{duration: 30d, isRolling: true}]\n", ""), (), ExitCode.BAD_INPUT, "names no timeWindow"),
    ],
)
def test_refusals_of_evaluate(
    tmp_path: Path, plain: Path, change: tuple[str, str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    plain.write_text(AVAILABILITY.replace(*change), encoding="utf-8")
    said = run(tmp_path, "slo", "evaluate", str(plain), "--events", str(series(tmp_path, minutes(9, 3))), *arguments)
    assert said.code == code, said.err
    assert words in said.err
    assert said.err.count("\n") == 1 or code == ExitCode.USAGE


def test_an_objective_of_90_percent_gets_the_tiers_that_can_fire(tmp_path: Path, plain: Path) -> None:
    plain.write_text(AVAILABILITY.replace("0.999", "0.9"), encoding="utf-8")
    (explained,) = run(tmp_path, "slo", "explain", str(plain), "--json").document["objectives"]
    assert [tier["name"] for tier in explained["tiers"]] == ["page-slow", "ticket-quick", "ticket-slow"]
    assert [(tier["name"], tier["can_fire"]) for tier in explained["unreachable"]] == [("page-quick", False)]
    assert (
        "page-quick can never fire: its threshold is 1.44; a factor below 10" in run(tmp_path, "slo", "explain", str(plain)).out
    )


def test_a_tier_that_can_never_fire_is_refused_where_it_was_asked_for(tmp_path: Path, plain: Path) -> None:
    asked = "\n  alertPolicies: [page-quick, ticket-slow]\n"
    plain.write_text(AVAILABILITY.rstrip().replace("0.999", "0.9") + asked, encoding="utf-8")
    said = run(tmp_path, "slo", "validate", str(plain), "--json")
    assert said.code == ExitCode.BAD_INPUT
    assert not said.document["valid"]
    (error,) = said.document["errors"]
    assert (error["file"], error["line"]) == (str(plain), 16)
    assert "the burn rate is at most 1/B = 10" in error["what"]
    assert "a factor below 10 works, with this factor an objective above 67/72 (about 0.9306)" in error["do"]
    (explained,) = run(tmp_path, "slo", "explain", str(plain), "--json").document["objectives"]
    assert [tier["name"] for tier in explained["unreachable"]] == ["page-quick"]


def test_validate_says_everything_and_strictness_refuses_more(tmp_path: Path, plain: Path) -> None:
    lenient = run(tmp_path, "slo", "validate", str(plain), "--json")
    assert (lenient.code, lenient.document["valid"], lenient.document["objectives"]) == (0, True, ["availability"])
    assert [remark["what"] for remark in lenient.document["remarks"]] == ["there is no Service `web`"]
    strict = run(tmp_path, "slo", "validate", str(plain), "--strict", "--json")
    assert strict.code == ExitCode.BAD_INPUT
    assert strict.document["error"]["what"] == "there is no Service `web`"
    assert "define it, or name one of" in strict.err
    assert run(tmp_path, "slo", "validate", "--strict").code == 0


COMPOSITE = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: link, annotations: {photonwatch.dev/composite: serial}}
spec:
  service: links
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {target: 0.99, indicator: {metadata: {name: a}, spec: {thresholdMetric: {metricSource: {type: X, spec: {}}}}}}
    - {target: 0.98, indicator: {metadata: {name: b}, spec: {thresholdMetric: {metricSource: {type: X, spec: {}}}}}}
"""


def test_a_composite_of_two_series(tmp_path: Path) -> None:
    definition, one, other = tmp_path / "link.yaml", tmp_path / "a.csv", tmp_path / "b.csv"
    definition.write_text(COMPOSITE, encoding="utf-8")
    one.write_text("time,good,bad\n0,9,1\n60,10,0\n", encoding="utf-8")
    other.write_text("time,good,bad\n0,10,0\n60,8,2\n", encoding="utf-8")
    series = ("--events", f"link.1={one}", "--events", f"link.2={other}")
    found = run(tmp_path, "slo", "evaluate", str(definition), *series, "--transitions", "--json").document
    whole = 1 - Fraction(19, 20) * Fraction(18, 20)
    assert found["windows"]["2592000"]["error_ratio"] == str(whole)
    assert found["budget"]["remaining_ratio"] == str(1 - whole / (1 - Fraction("0.99") * Fraction("0.98")))
    assert found["parts"]["link.1"] == {"good": None, "bad": None, "error_ratio": "1/20", "burn_rate": "5"}
    assert found["transitions"][0] == {"alert": "ticket", "time": 60, "firing": True}
    said = run(tmp_path, "slo", "evaluate", str(definition), *series)
    assert "serial composite" in said.out
    missing = run(tmp_path, "slo", "evaluate", str(definition), "--events", str(one))
    assert missing.code == ExitCode.USAGE
    assert "--events link.1=FILE --events link.2=FILE" in missing.err
