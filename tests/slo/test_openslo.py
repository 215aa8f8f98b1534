"""The kinds of the standard as other tools write them."""

from datetime import datetime
from fractions import Fraction

import pytest

from slo.errors import DefinitionError
from slo.openslo import AlertCondition, AlertPolicy, DataSource, Reference, Service, Sli, Slo
from slo.period import CalendarWindow, RollingWindow
from tests.slo.samples import read_strictly

FOREIGN = """
apiVersion: openslo/v1
kind: Service
metadata:
  name: shop
  labels: {team: [a, b], tier: one}
  annotations: {example.org/owner: somebody}
spec:
  description: sells things
---
- apiVersion: openslo/v1
  kind: DataSource
  metadata: {name: metrics}
  spec:
    type: Prometheus
    connectionDetails: {url: "http://example.org", anything: [1, {deep: yes}]}
- apiVersion: openslo/v1
  kind: AlertNotificationTarget
  metadata: {name: mail}
  spec: {target: email, description: a mail}
- apiVersion: openslo/v1
  kind: AlertCondition
  metadata: {name: burning}
  spec:
    severity: sev1
    condition: {kind: burnrate, op: gte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}
- apiVersion: openslo/v1
  kind: AlertPolicy
  metadata: {name: loud}
  spec:
    alertWhenNoData: true
    conditions: [{conditionRef: burning}]
    notificationTargets:
      - targetRef: mail
      - kind: AlertNotificationTarget
        metadata: {name: chat}
        spec: {target: slack}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: answered}
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {metricSourceRef: metrics, spec: {query: 'sum(ok)'}}}
    total: {metricSource: {metricSourceRef: metrics, spec: {query: 'sum(all)'}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: calendar}
spec:
  service: shop
  indicatorRef: answered
  timeWindow:
    - duration: 1M
      calendar: {startTime: 2026-01-01 12:30:00, timeZone: America/New_York}
  budgetingMethod: Timeslices
  objectives:
    - {displayName: Good, op: gt, target: 0.995, timeSliceTarget: 0.95, timeSliceWindow: 1m}
  alertPolicies: [{alertPolicyRef: loud}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: inline}
spec:
  service: shop
  indicator:
    metadata: {name: own}
    spec:
      ratioMetric:
        rawType: failure
        raw: {metricSource: {type: CSV, spec: {path: x}}}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: RatioTimeslices
  objectives:
    - {targetPercent: 99.95, timeSliceWindow: 5}
  alertPolicies:
    - kind: AlertPolicy
      metadata: {name: own}
      spec:
        conditions:
          - kind: AlertCondition
            metadata: {name: own}
            spec:
              severity: page
              condition: {threshold: 14.4, lookbackWindow: 1h, alertAfter: 0m}
        notificationTargets: []
"""


def test_files_of_the_standard_load_unchanged() -> None:
    service, source, _, condition, policy, sli, calendar, inline = read_strictly(FOREIGN, "foreign.yaml")
    assert isinstance(service, Service)
    assert service.metadata.annotations["example.org/owner"].text() == "somebody"
    assert isinstance(source, DataSource)
    assert isinstance(condition, AlertCondition)
    assert (condition.threshold, condition.lookback_s, condition.alert_after_s) == (2, 3_600, 300)
    assert isinstance(policy, AlertPolicy)
    assert (policy.when_breaching, policy.when_resolved, policy.when_no_data) == (True, False, True)
    assert [type(target).__name__ for target in policy.targets] == ["Reference", "NotificationTarget"]
    assert isinstance(sli, Sli)
    assert sli.metric == "ratioMetric"
    assert isinstance(calendar, Slo)
    assert isinstance(calendar.indicator, Reference)
    assert calendar.window == CalendarWindow(1, "M", datetime(2026, 1, 1, 12, 30), "America/New_York")  # noqa: DTZ001
    assert (calendar.targets[0].ratio, calendar.targets[0].slice_ratio, calendar.targets[0].slice_s) == (
        Fraction("0.995"),
        Fraction("0.95"),
        60,
    )
    assert isinstance(inline, Slo)
    assert isinstance(inline.indicator, Sli)
    assert inline.window == RollingWindow(2_419_200)
    assert (inline.targets[0].ratio, inline.targets[0].slice_s) == (Fraction("0.9995"), 300)
    assert isinstance(inline.policies[0], AlertPolicy)


def test_percent_is_exact() -> None:
    text = FOREIGN.replace("targetPercent: 99.95", "targetPercent: 99.9")
    inline = read_strictly(text, "f.yaml")[-1]
    assert isinstance(inline, Slo)
    assert inline.targets[0].ratio == Fraction(999, 1000)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "openslo/v1\nkind: Service",
            "openslo/v1alpha\nkind: Service",
            "f.yaml:2:13: apiVersion is `openslo/v1alpha`; write `openslo/v1`",
        ),
        ("kind: Service", "kind: Servce", "kind is `Servce`; write one of"),
        ("kind: Service\n", "", "lacks `kind`; add `kind:` to it"),
        ("  name: shop\n", "", "metadata lacks `name`"),
        ("name: shop\n", "name: my shop\n", "write a name without blanks"),
        ("type: Prometheus", "typ: Prometheus", "spec.typ is not a field of OpenSLO v1; did you mean `type`?"),
        ("threshold: 2,", "treshold: 2,", "did you mean `threshold`?"),
        ("threshold: 2,", "threshold: 0,", "write a burn rate above 0"),
        ("kind: burnrate, op: gte", "kind: latency, op: gte", "write `burnrate`"),
        ("op: gte", "op: above", "write lt, lte, gt or gte"),
        ("ratioMetric:\n    counter: true", "fooMetric:\n    counter: true", "spec.fooMetric is not a field"),
        ("target: 0.995,", "target: 1,", "leaves no budget to judge by; write a target above 0 and below 1"),
        ("target: 0.995,", "target: 0,", "an objective of nothing"),
        ("target: 0.995,", "target: -0.5,", "an objective of nothing"),
        ("target: 0.995,", "", "must have one of target and targetPercent"),
        ("target: 0.995,", "target: 0.995, targetPercent: 99.5,", "must have one of target and targetPercent"),
        ("targetPercent: 99.95", "targetPercent: 100", "an objective of everything"),
        ("op: gt,", "op: gt or so,", "write lt, lte, gt or gte"),
        ("timeSliceTarget: 0.95,", "", "lacks timeSliceTarget, which Timeslices needs"),
        ("timeSliceTarget: 0.95,", "timeSliceTarget: 95,", "write a ratio from 0 to 1"),
        (", timeSliceWindow: 5}", "}", "lacks timeSliceWindow, which RatioTimeslices needs"),
        (", timeSliceWindow: 5}", ", timeSliceWindow: 0}", "write a duration such as 1m"),
        ("budgetingMethod: Timeslices", "budgetingMethod: Guess", "write Occurrences, Timeslices or RatioTimeslices"),
        ("duration: 1M", "duration: M", "days, weeks, months, quarters or years, as 1M"),
        ("America/New_York", "Mars/Olympus", "not a known time zone"),
        ("2026-01-01 12:30:00", "soon", "write for example 2026-01-01 00:00:00"),
        ("2026-01-01 12:30:00", "'2026-01-01T12:30:00Z'", "put the zone into timeZone"),
        ("{duration: 4w, isRolling: true}", "{duration: 4w, isRolling: true}, {duration: 1w}", "keep exactly one"),
        ("{duration: 4w, isRolling: true}", "{duration: 4w, isRolling: false}", "lacks `calendar`"),
        ("{duration: 4w, isRolling: true}", "{duration: 4w, isRolling: true, calendar: {}}", "stands in a rolling window"),
        ("indicatorRef: answered", "indicatorRef: answered\n  indicator: {}", "keep one of the two"),
        ("  objectives:\n    - {targetPercent: 99.95, timeSliceWindow: 5}", "  objectives: []", "spec.objectives is empty"),
        ("{conditionRef: burning}", "{conditionRef: burning, extra: 1}", "is not a field"),
    ],
)
def test_refusals_say_where_and_what_to_do(old: str, new: str, message: str) -> None:
    assert FOREIGN.count(old) == 1
    with pytest.raises(DefinitionError) as caught:
        read_strictly(FOREIGN.replace(old, new), "f.yaml")
    assert message in str(caught.value)
    assert caught.value.place.line > 1


@pytest.mark.parametrize(("duration", "days"), [("1M", 30), ("2Q", 180), ("1Y", 365), ("36h", 1.5)])
def test_rolling_months_have_a_nominal_length(duration: str, days: float) -> None:
    inline = read_strictly(FOREIGN.replace("{duration: 4w,", f"{{duration: {duration},"), "f")[-1]
    assert isinstance(inline, Slo)
    assert inline.window == RollingWindow(int(days * 86_400))


def test_what_files_in_the_wild_leave_out_or_shorten() -> None:
    text = FOREIGN.replace("  budgetingMethod: Timeslices\n", "").replace("[{alertPolicyRef: loud}]", "[loud]")
    slo = read_strictly(text, "f")[-2]
    assert isinstance(slo, Slo)
    assert slo.method == "Occurrences"
    assert [policy.name for policy in slo.policies if isinstance(policy, Reference)] == ["loud"]
    below = read_strictly(FOREIGN.replace("op: gte", "op: lte"), "f")[3]
    assert isinstance(below, AlertCondition)
    assert below.operator == "lte"
