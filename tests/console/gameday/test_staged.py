"""A game day on the platform: its names, its times, what is sent; and once through broker, worker and store."""

from collections.abc import Iterator

import msgspec
import pytest

from console.gameday.plan import Plan
from console.gameday.staged import MARGIN_S, play, staged
from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet, scaled
from schemas import topics
from schemas.block import TagBlock
from schemas.exercise import is_exercise
from schemas.records import Annotation
from schemas.topics import Topic
from tests.e2e.running import Running

FAILURES = load_failures()
NOW = 1_800_000_000


class Kept:
    """A way to the broker that ends here: keeps what is handed over, as a list."""

    def __init__(self) -> None:
        self.blocks: list[TagBlock] = []
        self.records: list[tuple[str, str, msgspec.Struct]] = []

    async def send_block(self, block: TagBlock) -> int:
        self.blocks.append(block)
        return 0

    async def send_record(self, topic: Topic, key: str, record: msgspec.Struct) -> None:
        self.records.append((topic.name, key, record))


async def test_everybody_takes_part_under_another_name_and_all_is_over_before_now() -> None:
    plan = Plan(healthy_s=30, lasts_s=30)
    stage = staged(scaled(demo_fleet(), 0.1), FAILURES["qic.F2"], "qic-relay-01", plan, token="k3f9", now_unix_s=NOW, live=False)
    assert stage.target == "qic-exercise-k3f9-relay-01"
    assert "link-exercise-k3f9-helios-relay" in stage.reached
    assert len(stage.fleet.devices) == 2
    sent, told = Kept(), list[float]()
    await play(stage, sent, unix_s=lambda: float(NOW), progress=told.append)
    assert told == [float(second) for second in range(1, 61)]
    assert all(is_exercise(key) for _, key, _ in sent.records)
    assert all(is_exercise(block.context.device) for block in sent.blocks)
    latest = max(block.context.origin_unix_ns // 10**9 + block.context.reached_ps // 10**12 for block in sent.blocks)
    assert latest == NOW - MARGIN_S
    notes = [one for name, _, one in sent.records if name == topics.ANNOTATIONS.name and isinstance(one, Annotation)]
    assert {note.start_unix_s for note in notes if note.kind == "exercise"} == {float(stage.onset_unix_s)}
    assert sum(block.context.final for block in sent.blocks) == 2


def test_a_live_one_begins_so_that_the_failure_comes_now() -> None:
    plan = Plan(healthy_s=600, lasts_s=300)
    stage = staged(demo_fleet(), FAILURES["sps.F6"], "sps-helios-01", plan, token="x", now_unix_s=NOW, live=True)
    assert stage.onset_unix_s == NOW


@pytest.fixture
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("gameday") / "home")
    try:
        running.start("--no-simulate")
        yield running
    finally:
        running.stop()


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_through_broker_worker_and_store_it_is_noticed_and_nobody_is_called(platform: Running) -> None:
    answer = platform.json(
        "gameday", "--fault", "qic.F2", "--healthy", "12min", "--lasts", "3min", "--neighbours", "0", timeout_s=400.0
    )
    (score,) = answer["scores"]
    assert score["faults"] == []
    assert (score["indicator"], score["severity"]) == ("qic.M3", "page")
    assert 0 < score["after_s"] <= 150
    assert score["suggestions"][0]["runbook"] == "docs/runbooks/qic.F2.md"
    assert platform.rows("SELECT count() AS n FROM alert_transitions WHERE firing")[0]["n"] > 0
    assert platform.json("status")["state"] == "ready"
