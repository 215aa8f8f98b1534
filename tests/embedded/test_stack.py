"""Kafka and the engine over one home: ready, found again, and looked at from outside."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
import pytest

from embedded.leftovers import leftovers
from embedded.stack import StackStatus, status
from embedded.state import PartState, read_state
from tests.embedded.messages import consume, create, produce
from tests.embedded.parts import is_in, until

pytestmark = pytest.mark.stack


@dataclass(frozen=True)
class RunningStack:
    process: asyncio.subprocess.Process
    kafka: str
    store: str
    user: str
    password: str

    def ask(self, statement: str) -> str:
        host, port = self.store.split(":")
        with clickhouse_connect.get_client(host=host, port=int(port), username=self.user, password=self.password) as client:
            return str(client.command(statement))

    async def end(self, number: signal.Signals) -> str:
        """What it says on stderr while it ends."""
        self.process.send_signal(number)
        assert self.process.stderr is not None
        async with asyncio.timeout(60):
            said = await self.process.stderr.read()
            await self.process.wait()
        return said.decode()


@asynccontextmanager
async def stack(home: Path, *arguments: str) -> AsyncIterator[RunningStack]:
    argv = (sys.executable, "-m", "tests.embedded.one_stack", str(home), *arguments)
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        said = await process.stdout.readline()
        assert said, (await process.stderr.read()).decode()
        yield RunningStack(process, **json.loads(said))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def seen(found: StackStatus) -> dict[str, PartState]:
    return {part.name: part.state for part in found.parts}


@pytest.mark.slow
async def test_killed_stack_starts_again_with_its_data_and_stops_clean(tmp_path: Path) -> None:
    values = [bytes([number]) * 100 for number in range(20)]
    async with stack(tmp_path) as first:
        await create(first.kafka, "kept")
        await produce(first.kafka, "kept", values)
        for statement in (
            "CREATE DATABASE photonwatch",
            "CREATE TABLE photonwatch.kept (x Int32) ENGINE = MergeTree ORDER BY x",
            "INSERT INTO photonwatch.kept VALUES (7)",
        ):
            await asyncio.to_thread(first.ask, statement)
        found = await status(tmp_path)
        assert found.ready
        assert found.supervisor is not None
        assert found.supervisor.pid == first.process.pid
        await first.end(signal.SIGKILL)
    await until(lambda: leftovers(tmp_path, read_state(tmp_path)) == (), "parts die with their supervisor")
    found = await status(tmp_path)
    assert (found.supervisor, found.ready) == (None, False)
    assert seen(found) == {"kafka": PartState.GONE, "clickhouse": PartState.GONE}
    kafka_port = int(first.kafka.split(":")[1])
    with socket.create_server(("127.0.0.1", kafka_port)):
        async with stack(tmp_path) as second:
            assert second.kafka != first.kafka, "its port was taken"
            assert (second.store, second.password) == (first.store, first.password)
            assert await consume(second.kafka, "kept", len(values)) == values
            assert await asyncio.to_thread(second.ask, "SELECT x FROM photonwatch.kept") == "7"
            await second.end(signal.SIGTERM)
    assert leftovers(tmp_path, None) == ()
    assert seen(await status(tmp_path)) == {"kafka": PartState.STOPPED, "clickhouse": PartState.STOPPED}


async def test_address_replaces_the_embedded_kafka(tmp_path: Path, broker: str) -> None:
    async with stack(tmp_path, broker) as running:
        assert running.kafka == broker
        found = await status(tmp_path)
        assert found.ready
        assert seen(found) == {"kafka": PartState.EXTERNAL, "clickhouse": PartState.READY}
        assert [part.process is None for part in found.parts] == [True, False]
        await running.end(signal.SIGINT)
    assert running.process.returncode == 0


async def test_second_signal_does_not_wait_for_a_part_that_is_slow_to_stop(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WITH_DEAF_PART", "1")
    async with stack(tmp_path, broker) as running:
        running.process.send_signal(signal.SIGINT)
        await until(lambda: is_in(tmp_path, "deaf", PartState.STOPPING), "it waits for the deaf part")
        await running.end(signal.SIGINT)
    assert running.process.returncode == 0
    assert leftovers(tmp_path, None) == ()


async def test_silent_address_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"no kafka answers at the address that was given \(127\.0\.0\.1:1\): start it"):
        async with stack(tmp_path, "127.0.0.1:1"):
            raise NotImplementedError


async def test_status_of_a_home_where_nothing_ever_ran(tmp_path: Path) -> None:
    found = await status(tmp_path)
    assert (found.supervisor, found.parts, found.ready) == (None, (), False)
