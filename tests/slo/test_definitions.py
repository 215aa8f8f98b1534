import re
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import pytest

from schemas.ids import IndicatorId
from slo.catalogue import catalogue
from slo.definitions import Definitions, examine, load
from slo.errors import DefinitionError
from slo.objective import EventCounts, Objective
from slo.openslo import AlertCondition
from slo.period import CalendarWindow, RollingWindow
from slo.tiers import factor_of_share
from tests.slo.samples import bound, read_strictly
from tests.slo.test_openslo import FOREIGN

DAY = 86_400
MINE = """
apiVersion: openslo/v1
kind: SLI
metadata:
  name: purity
  annotations:
    photonwatch.dev/indicator: sps.M1
    photonwatch.dev/unit: "1"
    photonwatch.dev/integration: 10s
spec:
  thresholdMetric: {metricSource: {type: photonwatch, spec: {}}}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: strict-purity
  annotations:
    photonwatch.dev/systems: sps, qdp
    photonwatch.dev/runbook: runbook.md
spec:
  service: sources
  indicatorRef: purity
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {op: lt, value: 0.05, targetPercent: 99.9}
  alertPolicies:
    - alertPolicyRef: page-quick
    - alertPolicyRef: ticket-slow
"""


def loaded(tmp_path: Path, text: str = MINE, *, shipped: bool = True) -> Definitions:
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    return load([file], shipped=shipped)


def only(definitions: Definitions, name: str) -> Objective:
    return next(each for each in definitions.objectives if each.name == name)


def test_every_indicator_has_its_objective_at_its_starting_target() -> None:
    known = catalogue()
    objectives = load(strict=True).objectives
    assert [each.name for each in objectives] == sorted(each.name for each in objectives)
    by_indicator = {each.criterion.indicator: each for each in objectives if each.criterion}
    assert {indicator for indicator, row in known.items() if not row.derived_from} <= set(by_indicator) <= set(known)
    assert len(by_indicator) == len(objectives)
    for indicator, objective in by_indicator.items():
        criterion, row = objective.criterion, known[indicator]
        assert criterion is not None
        assert criterion.systems == (indicator.partition(".")[0],)
        assert criterion.operator.value.startswith("g") == (row.better == "higher")
        if row.target is not None:
            assert (criterion.operator, criterion.threshold) == (row.target.operator, row.target.threshold)
        assert objective.window == RollingWindow(30 * DAY)
        assert objective.tiers
        assert objective.unreachable == ()
        assert re.fullmatch(r"docs/runbooks/(sp[ics]|qic|qdp)\.F[1-8]\.md", objective.runbook)
        assert {severity for severity, _ in objective.exhaustion_alerts} == {"ticket"}
        assert bool(objective.no_data_alerts) == (objective.name.endswith("uptime") or objective.critical)
        for tier in objective.tiers:
            if tier.name != "page-flash":  # one bad sample alone, in a history that is still short, wakes nobody
                events = tier.minimum_events
                assert Fraction(1, events) <= tier.threshold(objective.budget) < Fraction(1, events - 1)


def test_purity_pages_within_a_minute() -> None:
    for objective in load().objectives:
        if objective.name in ("qdp-g2-zero", "sps-g2-zero"):
            assert (objective.target, objective.budget) == (Fraction(999, 1000), Fraction(1, 1000))
            shape = [(t.name, t.severity, t.short_s, t.long_s, t.factor, t.budget_share(30 * DAY)) for t in objective.tiers]
            assert shape == [
                ("page-flash", "page", 60, 900, Fraction("14.4"), Fraction("0.005")),
                ("page-quick", "page", 300, 3_600, Fraction("14.4"), Fraction("0.02")),
                ("page-slow", "page", 1_800, 21_600, Fraction(6), Fraction("0.05")),
                ("ticket-quick", "ticket", 7_200, DAY, Fraction(3), Fraction("0.1")),
                ("ticket-slow", "ticket", 21_600, 3 * DAY, Fraction(1), Fraction("0.1")),
            ]
            assert objective.windows_s[-1] == objective.period_s == 30 * DAY
            assert [tier.minimum_events for tier in objective.tiers] == [6, 70, 167, 334, 1000]


def test_a_cryostat_is_safety() -> None:
    assert [each.name for each in load().objectives if each.critical] == ["qic-cryostat"]


def test_a_ratio_counts_its_own_events() -> None:
    found = {each.name: each.criterion.events for each in load().objectives if each.criterion and each.criterion.events}
    assert found == {name: EventCounts("trials", "successes") for name in ("qic-command-success", "qdp-calibration-success")}


def test_half_a_budget_in_six_hours_is_what_the_preset_says() -> None:
    preset = files("slo").joinpath("presets", "fast-loss.yaml")
    found = {each.metadata.name: each for each in read_strictly(preset.read_text("utf-8")) if isinstance(each, AlertCondition)}
    half = found["half-budget"]
    assert half.threshold == factor_of_share(Fraction(1, 2), 30 * DAY, half.lookback_s)
    assert (found["threefold-burn"].threshold, found["fourfold-burn"].threshold) == (3, 4)


def test_own_definitions_stand_beside_or_in_place_of_the_shipped(tmp_path: Path) -> None:
    definitions = loaded(tmp_path)
    assert len(definitions.objectives) == len(load().objectives) + 1
    mine = only(definitions, "strict-purity")
    assert mine.criterion is not None
    assert (mine.criterion.threshold, mine.criterion.systems) == (Fraction(1, 20), ("sps", "qdp"))
    assert [tier.name for tier in mine.tiers] == ["page-quick", "ticket-slow"]
    own = loaded(tmp_path, MINE.replace("strict-purity", "sps-g2-zero"))
    assert len(own.objectives) == len(load().objectives)
    assert only(own, "sps-g2-zero").runbook == "runbook.md"
    assert [each.name for each in loaded(tmp_path, shipped=False).objectives] == ["strict-purity"]
    assert [each.name for each in load([tmp_path], shipped=False).objectives] == ["strict-purity"]


def test_who_judges_what(tmp_path: Path) -> None:
    definitions = loaded(tmp_path)
    assert [each.name for each in definitions.about(IndicatorId("sps.M1"), "sps")] == ["sps-g2-zero", "strict-purity"]
    assert [each.name for each in definitions.about(IndicatorId("sps.M1"), "qdp")] == ["strict-purity"]
    assert definitions.about(IndicatorId("sps.M2"), "qdp") == ()


def test_another_period_rescales_the_presets(tmp_path: Path) -> None:
    mine = only(loaded(tmp_path, MINE.replace("30d", "28d")), "strict-purity")
    assert [tier.factor for tier in mine.tiers] == [Fraction("13.44"), Fraction(14, 15)]


def test_minimum_events(tmp_path: Path) -> None:
    key = "photonwatch.dev/systems: sps, qdp"
    every = only(loaded(tmp_path, MINE.replace(key, key + "\n    photonwatch.dev/minimum-events: 6")), "strict-purity")
    assert [tier.minimum_events for tier in every.tiers] == [6, 6]
    one = only(loaded(tmp_path, MINE.replace(key, key + "\n    photonwatch.dev/minimum-events: ticket-slow=9")), "strict-purity")
    assert [tier.minimum_events for tier in one.tiers] == [0, 9]


def test_default_tiers_look_back_less_than_a_calendars_period(tmp_path: Path) -> None:
    silent = MINE[: MINE.index("  alertPolicies:")]
    rolling = silent.replace("duration: 30d", "duration: 1d")
    calendar = rolling.replace("true}", "false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}")
    longest = {
        name: max(tier.long_s for tier in only(loaded(tmp_path, text), "strict-purity").tiers)
        for name, text in (("rolling", rolling), ("calendar", calendar))
    }
    assert longest == {"rolling": DAY, "calendar": 6 * 3_600}


def test_several_targets_are_several_objectives(tmp_path: Path) -> None:
    more = MINE.replace("99.9}", "99.9}\n    - {displayName: Loose, op: lte, value: 0.5, target: 0.99}")
    definitions = loaded(tmp_path, more.replace("    - alertPolicyRef: page-quick\n", ""), shipped=False)
    assert [(each.name, each.display_name, each.target) for each in definitions.objectives] == [
        ("strict-purity.1", "strict-purity.1", Fraction("0.999")),
        ("strict-purity.2", "Loose", Fraction("0.99")),
    ]


def test_foreign_definitions_are_objectives_that_nobody_here_measures() -> None:
    definitions = bound(FOREIGN)
    assert [(each.name, each.criterion) for each in definitions.objectives] == [("calendar", None), ("inline", None)]
    calendar, inline = definitions.objectives
    assert isinstance(calendar.window, CalendarWindow)
    assert calendar.period_s == 30 * DAY
    assert [(tier.short_s, tier.long_s, tier.severity) for tier in calendar.tiers] == [(300, 3_600, "sev1")]
    assert [(tier.short_s, tier.long_s, tier.factor) for tier in inline.tiers] == [(300, 3_600, Fraction("14.4"))]
    assert [each.metadata.name for each in definitions.services] == ["shop"]


def test_what_loads_but_cannot_be_judged_says_why() -> None:
    windowless = FOREIGN.replace("  timeWindow: [{duration: 4w, isRolling: true}]\n", "")
    assert [(each.slo, each.reason, each.place.line) for each in bound(windowless).unevaluated] == [
        ("inline", "it names no timeWindow, and a budget needs one", 64)
    ]


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("sps.M1", "sps.M77", ":7:32:", "no indicator that photonwatch knows; name one of: spi.M1"),
        ('unit: "1"', "unit: Hz", ":8:27:", "sps.M1 (g²(0)) comes in `1`; convert the threshold and write `1`"),
        ("{op: lt, value: 0.05, ", "{", ":26:7:", "needs `op` and `value`"),
        (
            "indicatorRef: purity",
            "indicatorRef: impurity",
            ":22:17:",
            "there is no SLI `impurity`; define it, or name one of: purity",
        ),
        ("alertPolicyRef: page-quick", "alertPolicyRef: page-quik", ":28:23:", "there is no AlertPolicy `page-quik`"),
        ("alertPolicyRef: page-quick", "alertPolicyRef: ticket-slow", "", "has the tier `ticket-slow` twice"),
        (
            "photonwatch.dev/runbook",
            "photonwatch.dev/runbok",
            "",
            "is no annotation of kind SLO; known here: photonwatch.dev/systems",
        ),
        ("photonwatch.dev/runbook: runbook.md", "photonwatch.dev/minimum-events: slow=3", "", "with tiers out of: page-quick"),
        (
            "photonwatch.dev/runbook: runbook.md",
            "photonwatch.dev/minimum-events: 1.5",
            "",
            "write a number, auto, or `tier=number`",
        ),
        ("duration: 30d", "duration: 1d", "", "looks back 259200 s, longer than the 86400 s of SLO `strict-purity`"),
        (
            "{duration: 30d, isRolling: true}",
            "{duration: 3d, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}",
            "",
            "looks back 259200 s, no less than the 259200 s of SLO `strict-purity`",
        ),
        ("targetPercent: 99.9", "targetPercent: 100", ":26:44:", "leaves no budget to judge by"),
        ("  indicatorRef: purity\n", "", "", "names no indicator; add `indicatorRef:`"),
    ],
)
def test_refusals(tmp_path: Path, old: str, new: str, place: str, message: str) -> None:
    assert MINE.count(old) == 1
    with pytest.raises(DefinitionError) as caught:
        loaded(tmp_path, MINE.replace(old, new), shipped=False)
    assert message in str(caught.value)
    assert f"mine.yaml{place}" in str(caught.value)


def test_what_strictness_refuses_is_otherwise_remarked(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE.replace("  service: sources", "  service: sources\n  colour: blue"), "utf-8")
    examined = examine([file])
    assert not examined.findings.errors
    assert [(remark.place.line, remark.what) for remark in examined.findings.remarks] == [
        (22, "spec.colour is not a field of OpenSLO v1"),
        (21, "there is no Service `sources`"),
    ]
    assert [each.name for each in examined.objectives] == ["strict-purity"]
    with pytest.raises(DefinitionError, match=r"mine\.yaml:22:3: spec\.colour is not a field"):
        load([file], strict=True)


def test_every_mistake_is_found_at_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE.replace("sps.M1", "sps.M77") + MINE[MINE.index("---") :].replace("99.9}", "100}"), "utf-8")
    assert [error.what for error in examine([file]).findings.errors] == [
        "spec.objectives[0].targetPercent is 100: an objective of everything leaves no budget to judge by"
    ]
    file.write_text(MINE.replace("sps.M1", "sps.M77") + MINE[MINE.index("---") :], "utf-8")
    whats = [error.what for error in examine([file]).findings.errors]
    assert "no indicator that photonwatch knows" in whats[1]
    assert "stands already" in whats[0]


def test_a_tier_that_can_never_fire_is_refused_with_what_would_work(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        loaded(tmp_path, MINE.replace("99.9}", "90}"))
    assert (
        "tier `page-quick` can never fire for SLO `strict-purity`: its factor is 14.4, but at an objective of 0.9 the burn "
        "rate is at most 1/B = 10; with this objective a factor below 10 works, with this factor an objective above 67/72"
    ) in str(caught.value)


CONDITION = """
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: mine}
spec:
  severity: page
  condition: {kind: burnrate, threshold: 3, lookbackWindow: 1h, alertAfter: 5m}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: mine}
spec:
  conditions: [{conditionRef: mine}]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("alertAfter: 5m", "alertAfter: 1h", "make alertAfter (the short window) shorter than lookbackWindow"),
        ("alertAfter: 5m", "alertAfter: 2h", "short window of 7200 s and a long one of 3600 s"),
        ("kind: burnrate,", "kind: burnrate, op: lt,", "an alert is about burning too fast"),
        ("severity: page", "severity: sev1", "has the severity `sev1`; write one of page, ticket"),
        ("threshold: 3", "threshold: 1000", "a factor below 1000 works"),
        ("{name: mine}\nspec:\n  conditions", "{name: other}\nspec:\n  conditions", "there is no AlertPolicy `mine`"),
    ],
)
def test_refused_tiers(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (MINE + CONDITION).replace("alertPolicyRef: page-quick", "alertPolicyRef: mine")
    assert CONDITION.count(old) == 1
    with pytest.raises(DefinitionError) as caught:
        loaded(tmp_path, text.replace(old, new))
    assert message in str(caught.value)
    assert only(loaded(tmp_path, text), "strict-purity").tiers[0].factor == 3


def test_duplicate_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        loaded(tmp_path, MINE + "---" + MINE)
    assert "mine.yaml:34:9: SLI `purity` stands already at" in str(caught.value)
    second = MINE[MINE.index("---") :].replace("strict-purity", "strict-purity.1")
    several = MINE.replace("99.9}", "99.9}\n    - {op: lte, value: 0.5, target: 0.999}")
    with pytest.raises(DefinitionError, match=r"objective `strict-purity\.1` has the name of the one at"):
        loaded(tmp_path, several + second)


def test_a_policy_that_does_not_alert_on_breach_makes_no_tier(tmp_path: Path) -> None:
    text = MINE.replace("alertPolicyRef: page-quick", "alertPolicyRef: mine") + CONDITION
    silent = text.replace("spec:\n  conditions", "spec:\n  alertWhenBreaching: false\n  conditions")
    assert [tier.name for tier in only(loaded(tmp_path, silent), "strict-purity").tiers] == ["ticket-slow"]


def test_a_policy_that_alerts_without_data_watches_for_silence(tmp_path: Path) -> None:
    text = MINE.replace("alertPolicyRef: page-quick", "alertPolicyRef: mine") + CONDITION
    assert only(loaded(tmp_path, text), "strict-purity").no_data_alerts == ()
    watching = text.replace("spec:\n  conditions", "spec:\n  alertWhenNoData: true\n  conditions")
    under = only(loaded(tmp_path, watching), "strict-purity")
    assert under.no_data_alerts == (("page", under.tiers[0].short_s),)
    only_silence = watching.replace("alertWhenNoData", "alertWhenBreaching: false\n  alertWhenNoData")
    silent = only(loaded(tmp_path, only_silence), "strict-purity")
    assert (silent.no_data_alerts, [tier.name for tier in silent.tiers]) == (under.no_data_alerts, ["ticket-slow"])
    said = watching.replace("photonwatch.dev/runbook: runbook.md", 'photonwatch.dev/no-data-alert: "ticket>10m"')
    assert only(loaded(tmp_path, said), "strict-purity").no_data_alerts == (("ticket", 600),)
    with pytest.raises(DefinitionError, match=r"has the severity `sev1`"):
        loaded(tmp_path, only_silence.replace("severity: page", "severity: sev1"))


def test_objectives_are_compared_by_what_they_say_not_by_where(tmp_path: Path) -> None:
    here = only(loaded(tmp_path), "strict-purity")
    there = only(loaded(tmp_path, "\n\n" + MINE), "strict-purity")
    assert here == there
    assert here != replace(there, target=Fraction(1, 2))


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml"):
        load([tmp_path / "nowhere.yaml"])
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00PTU")
    with pytest.raises(DefinitionError, match=r"binary\.yaml:1:1: not text"):
        load([tmp_path])
