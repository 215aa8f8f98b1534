"""Generated rules: golden text, promtool's check, and firing times against the stream."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from schemas.records import Verdict
from slo.definitions import load
from slo.evaluation import Evaluator
from slo.objective import Objective
from slo.period import RollingWindow
from slo.rules import duration_text, groups, rule_file
from slo.tiers import Tier
from tests.slo.samples import SUBJECT, definitions, objective, sample

GOLDEN = Path(__file__).parent / "golden"
STEP_S = 10
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian's package prometheus has it)"
)


def weekly() -> Objective:
    """A period whose factors do not end as decimals, and a name that needs quoting."""
    tiers = (Tier("quick", "page", 300, 3_600, Fraction("3.36")), Tier("slow", "ticket", 21_600, 259_200, Fraction(7, 30)))
    return replace(objective(tiers, name='odd "name"', target=Fraction("0.95")), window=RollingWindow(604_800), runbook="")


def purity() -> tuple[Objective, ...]:
    """The shipped objectives of g²(0)."""
    return tuple(each for each in load().objectives if each.name.endswith("g2-zero"))


@pytest.mark.parametrize(("name", "under"), [("shipped", purity()), ("weekly", (weekly(),))])
def test_golden(name: str, under: Sequence[Objective]) -> None:
    """To accept a change: write ``rule_file(...)`` to the golden file and read the difference."""
    assert rule_file(under) == (GOLDEN / f"{name}.rules.yaml").read_text("utf-8")


def test_the_numbers_are_exact() -> None:
    text = rule_file(load().objectives)
    assert "vector(0.999)" in text
    assert "vector(0.001)" in text
    for threshold in ("0.0144", "0.006", "0.003", "0.001"):
        assert f"> {threshold} and" in text
    assert "> (7 / 600) and" in rule_file([weekly()])


def test_only_what_photonwatch_measures_has_rules() -> None:
    foreign = replace(objective(), criterion=None)
    assert [group["name"] for group in groups([foreign, objective()])] == ["photonwatch-slo-purity"]
    assert groups([foreign]) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(10, "10s"), (90, "90s"), (300, "5m"), (86_400, "1d"), (2_592_000, "30d"), (604_800, "1w")]
)
def test_durations(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


@needs_promtool
@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.rules.yaml")), ids=lambda path: path.stem)
def test_promtool_accepts_them(golden: Path) -> None:
    checked = subprocess.run(["promtool", "check", "rules", golden], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "SUCCESS" in checked.stdout


@needs_promtool
def test_silence_and_a_dead_worker_fire_in_time(tmp_path: Path) -> None:
    """The device is heard for ten minutes, the worker for twenty."""
    under = replace(objective(name="cryo"), no_data_alerts=(("page", 300),), critical=True)
    (tmp_path / "rules.yaml").write_text(rule_file([under]), "utf-8")
    heard, labels = "0+1x60 60x60 _x120", f'{{objective="cryo", subject="{SUBJECT}"}}'

    def firing(at: str, *alerts: str) -> dict[str, object]:
        samples = [{"labels": each, "value": 1} for each in alerts]
        expression = 'sum by (alertname, severity, tier, subject, critical) (ALERTS{alertstate="firing", severity!="none"})'
        return {"expr": expression, "eval_time": at, "exp_samples": samples}

    silent = f'{{alertname="PhotonwatchBudgetBurn", severity="page", tier="no-data", subject="{SUBJECT}", critical="true"}}'
    blind = '{alertname="PhotonwatchBlind", severity="page", critical="true"}'
    counters = [f"photonwatch_sli_{kind}_total{labels}" for kind in ("bad", "insufficient", "excluded")]
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "10s",
        "tests": [
            {
                "interval": "10s",
                "input_series": [
                    {"series": f"photonwatch_sli_good_total{labels}", "values": heard},
                    *({"series": each, "values": "0x120 _x120"} for each in counters),
                    {"series": "photonwatch_stored_offset", "values": "0+5x120 _x120"},
                    {"series": "photonwatch_messages_total", "values": "0+5x120 _x120"},
                ],
                "promql_expr_test": [
                    firing("14m50s"),
                    firing("15m10s", silent),
                    firing("20m", silent),
                    firing("29m50s"),
                    firing("30m20s", blind),
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document), "utf-8")
    tested = subprocess.run(["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def series(*stretches: tuple[Verdict, int]) -> list[Verdict]:
    return [verdict for verdict, count in stretches for _ in range(count)]


G, B, N = Verdict.GOOD, Verdict.BAD, Verdict.INSUFFICIENT


@pytest.mark.slow
@needs_promtool
@pytest.mark.parametrize(
    "found",
    [
        series((G, 400), (B, 5), (G, 60), (N, 12), (B, 30), (G, 250)),
        series((B, 3), (G, 90), (B, 1), (G, 200), (B, 40), (G, 100)),
        [B if slice_ % 50 == 0 else N if slice_ % 7 == 0 else G for slice_ in range(700)],
    ],
    ids=["breaks-and-mends", "young", "steady-two-percent"],
)
def test_prometheus_fires_when_the_stream_does(found: list[Verdict], tmp_path: Path) -> None:
    """The same series through the stream and through Prometheus: the same tiers fire at the same slices, equal budgets."""
    tie = Tier("tie", "ticket", 50, 100, Fraction(100), minimum_events=4)  # one bad of ten is exactly at the threshold
    shipped = next(each for each in load().objectives if each.name == "sps-g2-zero")
    under = replace(shipped, tiers=(*shipped.tiers, tie))
    evaluator = Evaluator(definitions(under))
    state, tests, good, bad = evaluator.initial(), [], [0], [0]
    for slice_, verdict in enumerate(found, 1):
        _, evaluation = evaluator.step(state, sample(slice_ * STEP_S, verdict))
        good.append(good[-1] + evaluation.judged[0].counts.good)
        bad.append(bad[-1] + evaluation.judged[0].counts.bad)
        standings = state.tracks[SUBJECT, under.name].standings
        firing = [(severity, tier) for severity, standing in standings.items() for tier in standing.tiers]
        tests.append(
            {
                "expr": 'sum by (severity, tier) (ALERTS{alertstate="firing",tier!=""})',
                "eval_time": duration_text(slice_ * STEP_S),
                "exp_samples": [{"labels": f'{{severity="{severity}", tier="{tier}"}}', "value": 1} for severity, tier in firing],
            }
        )
        if slice_ % 100 == 0:
            ratio = evaluation.budgets[0].error_ratio(under.period_s)
            assert ratio is not None
            tests.append(
                {
                    "expr": "sum(photonwatch:slo_error_budget_remaining:ratio)",
                    "eval_time": duration_text(slice_ * STEP_S),
                    "exp_samples": [{"value": 1 - float(ratio) / 0.001}],
                }
            )
    assert any(each["exp_samples"] and "labels" in each["exp_samples"][0] for each in tests)
    labels = f'{{objective="{under.name}", subject="{SUBJECT}"}}'
    (tmp_path / "rules.yaml").write_text(rule_file([under]), "utf-8")
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": f"{STEP_S}s",
        "tests": [
            {
                "interval": f"{STEP_S}s",
                "input_series": [
                    {"series": f"photonwatch_sli_{kind}_total{labels}", "values": " ".join(map(str, values))}
                    for kind, values in (("good", good), ("bad", bad))
                ],
                "promql_expr_test": tests,
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document), "utf-8")
    tested = subprocess.run(["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, (tested.stdout + tested.stderr)[-4_000:]
