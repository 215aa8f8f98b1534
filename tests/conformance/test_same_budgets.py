"""One series of events through the stream, through SQL and through Prometheus: equal budgets, equal alerts."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pytest
import urllib3
import yaml

from schemas.exclusion import ExclusionNotice
from schemas.records import Verdict
from slo import metrics
from slo.budget import BudgetSnapshot
from slo.budget_views import view_statements
from slo.evaluation import Evaluator
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.rules import rule_file
from slo.tiers import Tier
from storage.client import connect
from storage.writer import Writer
from streams.slo_rows import SloRows
from tests.conformance.test_alerting import PROMETHEUS, free_port, running
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.slo.samples import definitions, objective, sample
from tests.storage.tables.test_judgements import stored

PROMTOOL = shutil.which("promtool")
pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PROMETHEUS and PROMTOOL), reason="Prometheus is not installed (Debian's package prometheus brings promtool, too)"
    ),
]
STEP = 10
T = 1_790_000_000
"""A multiple of the step, as all times of the series are."""
PERIOD = 3_600
UNDER = objective(
    (
        Tier("quick", "page", 60, 300, Fraction(6)),
        Tier("slow", "page", 120, 600, Fraction(3)),
        Tier("crawl", "ticket", 300, 1_200, Fraction(3, 2), minimum_events=40),
    ),
    target=Fraction(95, 100),
    period_s=PERIOD,
)
COUNT = 500
"""Samples: more than a period."""
OUT = Exclusion((T + 200 * STEP) * NS, (T + 230 * STEP) * NS, "maintenance", "gpb")


def said(index: int) -> Verdict | None:
    """Breaches, a silence, samples that decide nothing, a breach that maintenance hides."""
    if 120 <= index < 150:
        return None
    if index % 41 == 7:
        return Verdict.INSUFFICIENT
    bad = 60 <= index < 68 or 205 <= index < 225 or 300 <= index < 340 or (index > 380 and index % 9 == 0)
    return Verdict.BAD if bad else Verdict.GOOD


LATE = {20: 23, 70: 71, 400: 402}
"""These samples, good ones, come after others that end later."""


@dataclass
class Streamed:
    """What the evaluator said, and what a worker's counters stood at when each step was over."""

    budget: BudgetSnapshot
    turns: list[tuple[str, int, bool]]
    counters: list[tuple[int, int, int]]
    rows: SloRows


@pytest.fixture(scope="module")
def streamed() -> Streamed:
    evaluator = Evaluator(definitions(UNDER))
    state, turns, rows = evaluator.initial(), [], SloRows({UNDER.name: UNDER})
    state, evaluation = evaluator.exclude(state, OUT)
    notice = ExclusionNotice(
        subject=OUT.subject, start_unix_ns=OUT.start_ns, end_unix_ns=OUT.end_ns, reason=OUT.reason, who=OUT.who
    )
    rows.exclude(notice, evaluation)
    due: dict[int, list[int]] = {}
    for index in range(COUNT):
        due.setdefault(LATE.get(index, index), []).append(index)
    good = bad = 0
    counters = []
    for now in range(COUNT):
        for index in due.get(now, ()):
            verdict = said(index)
            if verdict is None:
                continue
            one = sample(T + STEP * index, verdict, run="late" if index in LATE else "run")
            state, evaluation = evaluator.step(state, one)
            rows.add(one, evaluation)
            turns += [(each.severity, each.since_unix_s, each.firing) for each in evaluation.alerts]
            for judged in evaluation.judged:
                if judged.verdict is not Verdict.EXCLUDED:
                    good, bad = good + int(judged.counts.good), bad + int(judged.counts.bad)
        counters.append((T + STEP * now, good, bad))
    (budget,) = evaluator.budgets(state)
    return Streamed(budget, turns, counters, rows)


def test_sql_says_the_same(streamed: Streamed, engine: EmbeddedEngine) -> None:
    address = migrated(engine, "same_budgets")
    writer = Writer(address, "a-worker")
    writer.write(stored("indicators", 0, **streamed.rows.tables()))
    writer.close()
    with connect(address) as client:
        for statement in view_statements([UNDER], [], T):
            client.command(statement)
        windows = client.query("SELECT window_s, toUnixTimestamp(at) AS at, good, bad, burn_rate FROM slo_windows").to_pylist()
        tiers = client.query("SELECT tier FROM slo_tiers WHERE fires ORDER BY tier").to_pylist()
    found = {row["window_s"]: Fraction(row["burn_rate"]) for row in windows}
    assert found == {window: streamed.budget.burn_rate(window) for window, _ in streamed.budget.windows}
    assert {row["at"] for row in windows} == {streamed.budget.at_unix_s}
    firing = {severity for severity, _, fires in streamed.turns if fires} - {
        severity
        for severity, at, fires in streamed.turns
        if not fires and at == max(t for s, t, _ in streamed.turns if s == severity)
    }
    assert {UNDER.tiers[[each.name for each in UNDER.tiers].index(row["tier"])].severity for row in tiers} == firing


@pytest.fixture(scope="module")
def prometheus(streamed: Streamed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that scraped the worker every ten seconds, for a period before the first sample and to the last one."""
    home = tmp_path_factory.mktemp("prometheus")
    early = [(T - PERIOD - 600 + STEP * index, 0, 0) for index in range((PERIOD + 600) // STEP)]
    labels = f'{metrics.OBJECTIVE}="{UNDER.name}",{metrics.SUBJECT}="sps-helios-01"'
    with (home / "scraped.txt").open("w") as sink:
        for name, column in ((metrics.GOOD_TOTAL, 1), (metrics.BAD_TOTAL, 2)):
            sink.write(f"# TYPE {name.removesuffix('_total')} counter\n")
            sink.writelines(f"{name}{{{labels}}} {row[column]} {row[0]}\n" for row in (*early, *streamed.counters))
        sink.write("# EOF\n")
    subprocess.run(
        [str(PROMTOOL), "tsdb", "create-blocks-from", "openmetrics", "scraped.txt", "tsdb"],
        cwd=home,
        check=True,
        capture_output=True,
    )
    (home / "prometheus.yml").write_text("global: {}\n")
    port = free_port()
    arguments = (
        str(PROMETHEUS),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with running("prometheus", home, *arguments, ready=f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


def rules() -> list[dict[str, str]]:
    groups = yaml.safe_load(rule_file([UNDER]))["groups"]
    return next(each["rules"] for each in groups if each["name"].endswith(f"-{UNDER.name}"))


def inlined(expression: str) -> str:
    """An expression of the rules with the recorded series that it names written out: the past has no recordings."""
    label = f'{{{metrics.OBJECTIVE}="{UNDER.name}"}}'
    for rule in reversed(rules()):
        if "record" in rule:
            expression = expression.replace(f"{rule['record']}{label}", f"({rule['expr']})")
    return expression


def asked(url: str, path: str, **parameters: object) -> list[dict[str, object]]:
    fields = {name: str(value) for name, value in parameters.items()}
    found = urllib3.request("GET", f"{url}/api/v1/{path}", fields=fields, timeout=60.0).json()
    assert found["status"] == "success", found
    return found["data"]["result"]


def test_prometheus_counts_the_same(streamed: Streamed, prometheus: str) -> None:
    at = streamed.budget.at_unix_s
    for rule in rules():
        if rule.get("record") == metrics.REMAINING:
            (found,) = asked(prometheus, "query", query=inlined(rule["expr"]), time=at)
            assert streamed.budget.remaining_ratio is not None
            assert float(found["value"][1]) == pytest.approx(float(streamed.budget.remaining_ratio), rel=1e-12)
    for window_s, counts in streamed.budget.windows:
        ratio = metrics.ERROR_RATIO.format(window=f"{window_s // 60}m" if window_s < PERIOD else "1h")
        (rule,) = [each for each in rules() if each.get("record") == ratio]
        (found,) = asked(prometheus, "query", query=inlined(rule["expr"]), time=at)
        assert float(found["value"][1]) == pytest.approx(counts.bad / (counts.good + counts.bad), rel=1e-12)


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_prometheus_fires_and_clears_at_the_same_times(streamed: Streamed, prometheus: str, severity: str) -> None:
    alerts = [each for each in rules() if each.get("labels", {}).get(metrics.SEVERITY) == severity and "alert" in each]
    fires: set[int] = set()
    for rule in alerts:
        for series in asked(
            prometheus, "query_range", query=inlined(rule["expr"]), start=T, end=streamed.budget.at_unix_s, step=STEP
        ):
            fires |= {int(at) for at, _ in series["values"]}
    turns, before = [], False
    for at in range(T, streamed.budget.at_unix_s + 1, STEP):
        if (at in fires) != before:
            before = not before
            turns.append((severity, at, before))
    assert turns == [each for each in streamed.turns if each[0] == severity]
    assert len(turns) >= 2
