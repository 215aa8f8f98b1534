"""Who only listens is not ready."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from embedded.probes import FileNames, HttpAnswers, KafkaAnswers, Probe, Running


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as started:
        yield f"127.0.0.1:{started.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nOk.", True),
        (b"HTTP/1.0 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 503 Busy\r\n\r\n", False),
        (b"", False),
    ],
)
async def test_http(answer: bytes, ready: bool) -> None:
    async with server(answer) as address:
        assert await HttpAnswers(address, "/ping").answers(1) is ready


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(10), b"\0\0\0\6\0\0\0\1\0\43"])
async def test_what_is_no_broker_does_not_answer_as_one(answer: bytes) -> None:
    async with server(answer) as address:
        assert not await KafkaAnswers(address).answers(1)


async def test_nobody_there() -> None:
    assert not await KafkaAnswers("127.0.0.1:1").answers(1)
    assert not await HttpAnswers("127.0.0.1:1").answers(1)


async def test_file_of_another_process_does_not_count(tmp_path: Path) -> None:
    probe = FileNames(str(tmp_path / "ready"))
    assert not await probe.answers(7)
    (tmp_path / "ready").write_text("7\n")
    assert await probe.answers(7)
    assert not await probe.answers(8)
    assert not await probe.answers(None)


async def test_running() -> None:
    assert await Running().answers(7)
    assert not await Running().answers(None)


@pytest.mark.parametrize("probe", [KafkaAnswers("h:1"), HttpAnswers("h:1", "/p"), FileNames("/f"), Running()])
def test_probes_come_back_from_the_state_file(probe: Probe) -> None:
    assert msgspec.json.decode(msgspec.json.encode(probe), type=Probe) == probe
