"""Series stay as many as objectives times subjects, whatever runs, firmware, values and texts come by."""

import msgspec
from prometheus_client import CollectorRegistry

from schemas.records import Verdict
from slo.counts import Counts
from slo.evaluation import Judged
from streams.metrics import WorkerMetrics
from tests.streams.tag_logs import log
from tests.streams.test_slo_pipeline import DEFINITIONS, pipeline, run, sample

BOUNDED = {"topic", "partition", "outcome", "table", "reason", "fate", "state", "objective", "subject", "severity"}
SUBJECTS = ("sps-a", "sps-b")


def series(registry: CollectorRegistry) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {
        (one.name, tuple(sorted(one.labels.items())))
        for family in registry.collect()
        for one in family.samples
        if not one.name.endswith("_created")
    }


def test_runs_and_firmware_make_no_series() -> None:
    under = pipeline()

    def values(first: int) -> list[bytes]:
        said = []
        for index in range(first, first + 60):
            one = msgspec.json.decode(sample(index, 0.9 if index % 3 else 0.1, subject=SUBJECTS[index % 2]))
            said.append(msgspec.json.encode(one | {"run": f"run-{index}", "firmware": f"2.{index}"}))
        return said

    messages = log([*values(1), b"{no json", *values(100), b"{worse"], step_ms=(150, 160))
    run(under, messages[:61])
    early = series(under._metrics.registry)
    run(under, messages[61:])
    late = series(under._metrics.registry)
    assert early == late
    assert {name for _, labels in late for name, _ in labels} <= BOUNDED
    assert not [value for _, labels in late for _, value in labels if "run-" in value or value.startswith("2.")]
    of_subjects = [labels for _, labels in late if "subject" in dict(labels)]
    assert 0 < len(of_subjects) <= len(SUBJECTS) * len(DEFINITIONS.objectives) * 8


def test_whoever_names_subjects_without_end_fills_no_registry() -> None:
    metrics = WorkerMetrics(CollectorRegistry(), most_subjects=3)
    for index in range(10):
        judged = Judged("purity", f"sps-{index}", "sps.M1", "r", 10, Verdict.GOOD, Counts(good=1))  # type: ignore[arg-type]
        metrics.judged(judged)
    shown = {dict(labels)["subject"] for _, labels in series(metrics.registry) if "subject" in dict(labels)}
    assert shown == {"sps-0", "sps-1", "sps-2"}
    assert metrics.registry.get_sample_value("photonwatch_not_shown_total") == 7
    metrics.forget("purity", "sps-0")
    metrics.judged(judged)
    assert metrics.registry.get_sample_value("photonwatch_sli_good_total", {"objective": "purity", "subject": "sps-9"}) == 1
