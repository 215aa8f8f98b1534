"""Composites in the stream: of one subject, along a path, of other composites."""

from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from schemas.ids import SubjectId
from schemas.records import IndicatorSample, Verdict
from slo.composite_watch import member_of, whole_of
from slo.definitions import load
from slo.errors import DefinitionError
from slo.evaluation import Evaluation, Evaluator, EvaluatorState
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.topology import Topology
from tests.slo.samples import sample

PATH = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: path
  annotations: {photonwatch.dev/composite: serial, photonwatch.dev/subjects: "link-*"}
spec:
  service: links
  timeWindow: [{duration: 1h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - indicator:
        metadata: {name: purity, annotations: {photonwatch.dev/indicator: sps.M1}}
        spec: {thresholdMetric: {metricSource: {type: photonwatch, spec: {}}}}
      op: lt
      value: 0.5
      target: 0.9
      compositeWeight: 2
  alertPolicies:
    - kind: AlertPolicy
      metadata: {name: own}
      spec:
        conditions:
          - kind: AlertCondition
            metadata: {name: quick}
            spec: {severity: page, condition: {threshold: 2, lookbackWindow: 10m, alertAfter: 1m}}
        notificationTargets: []
"""
NESTED = """
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: other, annotations: {photonwatch.dev/objective: OTHER}}
spec: {thresholdMetric: {metricSource: {type: photonwatch, spec: {}}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: outer, annotations: {photonwatch.dev/composite: worst}}
spec:
  service: links
  timeWindow: [{duration: 1h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{indicatorRef: other, target: 0.8}]
  alertPolicies: []
"""
LINK, A, B = SubjectId("link-ab"), SubjectId("sps-a"), SubjectId("sps-b")
TOPOLOGY = Topology({}, {LINK: (A, B)})


def evaluator(tmp_path: Path, text: str = PATH) -> Evaluator:
    file = tmp_path / "own.yaml"
    file.write_text(text, "utf-8")
    return Evaluator(load([file], shipped=False), topology=TOPOLOGY)


def feed(one: Evaluator, state: EvaluatorState, given: IndicatorSample) -> list[Evaluation]:
    """A sample, and what becomes of it as a part of wholes."""
    found = [one.step(state, given)[1]]
    return found + [one.step(state, part)[1] for _, part in one.as_member(given)]


def test_a_link_is_as_good_as_all_its_parts(tmp_path: Path) -> None:
    one = evaluator(tmp_path)
    state = one.initial()
    alerts = []
    for end in range(10, 1_210, 10):
        for subject, verdict in ((A, Verdict.GOOD), (B, Verdict.BAD if 600 < end <= 900 else Verdict.GOOD)):
            own, part = feed(one, state, sample(end, verdict, subject=subject))
            assert own.composites == ()
            assert part.budgets == ()
            alerts += part.alerts
            (snapshot,) = part.composites
    assert (snapshot.subject, snapshot.objective.name, snapshot.at_unix_s) == (LINK, "path", 1_200)
    period = snapshot.windows[-1][1]
    assert period.reading is not None
    assert period.reading.error_ratio == Fraction(30, 120)
    assert period.reading.budget == 1 - Fraction("0.81")
    assert snapshot.remaining_ratio == 1 - Fraction(1, 4) / Fraction("0.19")
    assert period.counts[:2] == (210, 30)
    assert [(alert.alert, alert.firing) for alert in alerts] == [("path/link-ab/page", True), ("path/link-ab/page", False)]
    assert alerts[0].tiers == ("quick",)
    assert alerts[0].text.startswith("Path of link-ab breaks its objective")
    assert alerts[0].burn_rate is not None
    assert Fraction(alerts[0].burn_rate) > 2
    assert {budget.subject for budget in one.budgets(state)} == {A, B}


def test_maintenance_of_the_whole_takes_its_parts_out(tmp_path: Path) -> None:
    one = evaluator(tmp_path)
    state = one.initial()
    for end in range(10, 310, 10):
        for subject in (A, B):
            feed(one, state, sample(end, Verdict.BAD, subject=subject))
    _, evaluation = one.exclude(state, Exclusion(0, 200 * NS, "new fibre", subject=LINK))
    snapshot = evaluation.composites[-1]
    assert snapshot.windows[-1][1].counts == (0, 20, 0, 40)
    assert {budget.period.excluded for budget in one.budgets(state)} == {0}


def test_only_whom_a_composite_is_about(tmp_path: Path) -> None:
    one = evaluator(tmp_path)
    assert [whole for whole, _ in one.as_member(sample(10, subject=A))] == [LINK]
    (_, part) = one.as_member(sample(10, subject=A))[0]
    assert (part.subject, whole_of(part.subject), part.device) == (member_of(LINK, A), LINK, A)
    assert one.as_member(part) == []
    other = evaluator(tmp_path, PATH.replace('"link-*"', '"route-*"'))
    assert other.as_member(sample(10, subject=A)) == []
    assert one.as_member(msgspec.structs.replace(sample(10, subject=A), indicator="sps.M2")) == []  # type: ignore[arg-type]


def test_composites_of_composites(tmp_path: Path) -> None:
    one = evaluator(tmp_path, PATH.replace('photonwatch.dev/subjects: "link-*"', "") + NESTED.replace("OTHER", "path"))
    state = one.initial()
    one.step(state, sample(10, Verdict.GOOD))
    _, evaluation = one.step(state, sample(20, Verdict.BAD))
    outer, inner = evaluation.composites
    assert (outer.objective.name, inner.objective.name) == ("outer", "path")
    assert outer.burn_rate(3_600) == Fraction(1, 2) / Fraction("0.2")
    assert inner.burn_rate(3_600) == Fraction(1, 2) / Fraction("0.1")


def test_alerts_on_composites_survive_a_restart(tmp_path: Path) -> None:
    one = evaluator(tmp_path)
    state = one.initial()
    for end in range(10, 310, 10):
        feed(one, state, sample(end, Verdict.BAD, subject=A))
    standings = {key: dict(each) for key, each in state.composites.items()}
    assert standings[LINK, "path"]["page"].firing
    again = one.restore(one.initial(), [], composites=standings)
    (_, part) = feed(one, again, sample(310, Verdict.BAD, subject=A))
    assert part.alerts == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PATH + NESTED.replace("OTHER", "outer"), r"own\.yaml:\d+:\d+: composite `outer` → `outer` contains itself; take one"),
        (PATH + NESTED.replace("OTHER", "nobody"), "there is no objective `nobody`; name one of: outer, path"),
        (
            PATH + NESTED.replace("OTHER", "path").replace("duration: 1h", "duration: 2h"),
            r"`outer` counts 7200 s, its part `path.1` only 3600 s; give the part a timeWindow as long",
        ),
        (PATH.replace("serial", "parallel"), "is `parallel`; write one of weighted, worst, serial"),
        (PATH.replace("serial,", 'serial, photonwatch.dev/event-window: "9",'), "stands at a composite"),
        (PATH.replace("compositeWeight: 2", "compositeWeight: 0"), "write a weight above 0"),
        (PATH.replace("threshold: 2,", "threshold: 10,"), "can never fire for SLO `path`: its factor is 10"),
    ],
)
def test_refusals(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        evaluator(tmp_path, text)
