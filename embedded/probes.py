"""How to see that a part is ready. A probe is plain data, so that ``status`` in another process can ask again."""

import asyncio
import struct
from collections.abc import Coroutine
from pathlib import Path

import msgspec

_API_VERSIONS = struct.pack(">ihhih2s", 12, 18, 0, 1, 2, b"pw")  # size, key, version, correlation, client id
_TIMEOUT_S = 2.0


class KafkaAnswers(msgspec.Struct, frozen=True, tag="kafka"):
    """A broker at ``address`` answers an ApiVersions request without an error.

    A connection alone would prove nothing: the kernel accepts it for a stopped broker, and anybody may listen there.
    """

    address: str

    async def answers(self, pid: int | None) -> bool:  # noqa: ARG002  every probe is asked alike
        return await _within(self._ask())

    async def _ask(self) -> bool:
        reader, writer = await asyncio.open_connection(*_split(self.address))
        try:
            writer.write(_API_VERSIONS)
            _size, correlation, error = struct.unpack(">iih", await reader.readexactly(10))
            return (correlation, error) == (1, 0)
        finally:
            writer.close()


class HttpAnswers(msgspec.Struct, frozen=True, tag="http"):
    """``GET path`` at ``address`` gives status 200."""

    address: str
    path: str = "/"

    async def answers(self, pid: int | None) -> bool:  # noqa: ARG002
        return await _within(self._ask())

    async def _ask(self) -> bool:
        reader, writer = await asyncio.open_connection(*_split(self.address))
        try:
            writer.write(f"GET {self.path} HTTP/1.1\r\nHost: {self.address}\r\nConnection: close\r\n\r\n".encode())
            return (await reader.readexactly(12))[9:] == b"200"  # HTTP/1.1 200
        finally:
            writer.close()


class FileNames(msgspec.Struct, frozen=True, tag="file"):
    """The file holds the part's own pid: a part writes it when it is ready, and an older run's file does not count."""

    path: str

    async def answers(self, pid: int | None) -> bool:
        return pid is not None and self._content() == str(pid).encode()

    def _content(self) -> bytes:
        try:
            return Path(self.path).read_bytes().strip()
        except OSError:  # not there yet
            return b""


class Running(msgspec.Struct, frozen=True, tag="running"):
    """Nothing to ask: the part is ready when its process is there."""

    async def answers(self, pid: int | None) -> bool:
        return pid is not None


Probe = KafkaAnswers | HttpAnswers | FileNames | Running


async def _within(asked: Coroutine[None, None, bool]) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await asked
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
