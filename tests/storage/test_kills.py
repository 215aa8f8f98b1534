"""The store is killed (-9) again and again while batches are written; what it then holds is exact, roll-ups too."""

import os
import signal
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from storage.client import StoreAddress, connect
from storage.errors import Unavailable
from storage.ledger import Ledger
from storage.migrate import migrate
from storage.reader import Reader
from storage.writer import Batch, Writer
from tests.fixtures_engine import EmbeddedEngine
from tests.storage.conftest import address_of
from tests.storage.made import batch
from tests.storage.test_writer import assert_exact

pytestmark = [pytest.mark.stack, pytest.mark.slow]
KILLS = 8


@dataclass
class Worker:
    """Writes all batches in order, each until it is stored, as the worker does while the store is away."""

    address: StoreAddress
    batches: list[Batch]
    tokens: bool
    interrupted: int = 0
    outcomes: list[str] = field(default_factory=list)

    def run(self) -> None:
        writer = Writer(self.address, "a-worker", tokens=self.tokens)
        for one in self.batches:
            while True:
                try:
                    self.outcomes.append(writer.write(one).value)
                    break
                except Unavailable:
                    self.interrupted += 1
                    time.sleep(0.05)  # the caller's back-off
        writer.close()


def killed_while_writing(engine: EmbeddedEngine, worker: Worker, seed: int) -> None:
    random = np.random.default_rng(seed)
    thread = threading.Thread(target=worker.run)
    thread.start()
    for _ in range(KILLS):
        stored = len(worker.outcomes)
        while thread.is_alive() and len(worker.outcomes) < stored + 2:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.08))
        engine.kill()
        engine.start()
    thread.join()


def killed_at_each_token(engine: EmbeddedEngine, worker: Worker) -> int:
    """Kill the engine as each table's log of tokens grows; how often the token had come and its part had not."""
    thread, between = threading.Thread(target=worker.run), 0
    sizes = {log: log.stat().st_size for log in engine.data.rglob("deduplication_log_1.txt")}
    thread.start()
    while len(worker.outcomes) < 2:
        time.sleep(0.005)
    for log in [log for log, size in sizes.items() if log.stat().st_size > size]:
        path, pid, size = str(log), engine.pid, log.stat().st_size
        while os.stat(path).st_size == size and thread.is_alive():  # noqa: PTH116 - microseconds count
            pass
        os.kill(pid, signal.SIGKILL)
        engine.kill()
        part = log.read_text().splitlines()[-1].split("\t")[1]
        between += not (log.parents[1] / part).is_dir()
        engine.start()
    thread.join()
    return between


def test_a_token_that_came_without_its_rows_loses_nothing(own_engine: EmbeddedEngine) -> None:
    address = address_of(own_engine, "kills")
    migrate(address)
    batches = [batch("device", index, start_s=4 * index - 58) for index in range(30)]
    worker = Worker(address, batches, tokens=True)
    between = killed_at_each_token(own_engine, worker)
    print(f"{between} kills fell between a token and its rows")
    assert worker.interrupted >= KILLS, "the kills did not meet the writes"
    with Reader(address) as reader, connect(address) as client:
        assert_exact(reader, "device", batches)
        assert Ledger(client).audit() == []


@pytest.mark.parametrize("seed", [1, 2])
def test_batches_over_midnight_survive_kills(own_engine: EmbeddedEngine, seed: int) -> None:
    address = address_of(own_engine, "kills")
    migrate(address)
    batches = [batch("device", index, start_s=4 * index - 58) for index in range(30)]
    worker = Worker(address, batches, tokens=True)
    killed_while_writing(own_engine, worker, seed)
    assert worker.interrupted >= KILLS // 2, "the kills did not meet the writes"
    with Reader(address) as reader, connect(address) as client:
        assert_exact(reader, "device", batches)
        assert Ledger(client).audit() == []


def test_without_tokens_kills_count_twice(own_engine: EmbeddedEngine) -> None:
    address = address_of(own_engine, "kills")
    migrate(address)
    batches = [batch("device", index, start_s=4 * index - 58) for index in range(30)]
    worker = Worker(address, batches, tokens=False)
    killed_while_writing(own_engine, worker, 1)
    assert worker.interrupted >= KILLS // 2, "the kills did not meet the writes"
    with Reader(address) as reader, pytest.raises(AssertionError):
        assert_exact(reader, "device", batches)
