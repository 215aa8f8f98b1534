"""A laboratory on loopback: small servers that speak SCPI over sockets, and can hang, lie, dawdle and vanish when asked to."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib import resources
from typing import Self

import msgspec
import yaml

from producers.instruments.profile import Instrument, shipped_profiles
from schemas.ids import DeviceId


class Manner(StrEnum):
    """How a server behaves."""

    HONEST = "honest"
    HANG = "hang"
    GARBAGE = "garbage"
    SLOW = "slow"
    DISCONNECT = "disconnect"


SLOW_S = 1.2
_GARBAGE = b"\xff\xfe###,,?\n"
_HOUR_S = 3600.0


class DemoInstrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one instrument answers to each question: mean, scatter, drift an hour."""

    device: DeviceId
    profile: str
    answers: dict[str, tuple[float, float, float]]
    greeting: str = ""


def demo_instruments() -> tuple[DemoInstrument, ...]:
    """The laboratory that comes with the package."""
    text = (resources.files("producers.instruments") / "demo_instruments.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text)["instruments"], tuple[DemoInstrument, ...])


class DemoLaboratory:
    """Serves instruments, each on a port of its own; an async context manager. ``manners`` may be changed while it runs."""

    def __init__(
        self, instruments: Sequence[DemoInstrument], *, seed: int = 1, manners: Mapping[str, Manner] | None = None
    ) -> None:
        self.manners: dict[str, Manner] = dict(manners or {})
        """By ``device/profile``."""
        self.asked: list[str] = []
        """Every line that came, as it came."""
        self._instruments = instruments
        self._random = random.Random(seed)
        self._began_s = time.monotonic()
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()
        self.site: tuple[Instrument, ...] = ()

    async def __aenter__(self) -> Self:
        site = []
        for one in self._instruments:
            server = await asyncio.start_server(lambda r, w, one=one: self._serve(one, r, w), "127.0.0.1", 0)  # type: ignore[misc]
            self._servers.append(server)
            port = server.sockets[0].getsockname()[1]
            site.append(Instrument(device=one.device, profile=one.profile, resource=f"TCPIP::127.0.0.1::{port}::SOCKET"))
        self.site = tuple(site)
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for writer in tuple(self._open):
            writer.close()
        for server in self._servers:
            await server.wait_closed()

    async def _serve(self, one: DemoInstrument, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ending = shipped_profiles()[one.profile].termination.encode()
        self._open.add(writer)
        try:
            writer.write(one.greeting.encode())
            while line := await reader.readuntil(ending):
                question = line.removesuffix(ending).decode("ascii", "replace")
                self.asked.append(question)
                manner = self.manners.get(f"{one.device}/{one.profile}", Manner.HONEST)
                if manner is Manner.DISCONNECT:
                    return
                if manner is Manner.SLOW:
                    await asyncio.sleep(SLOW_S)
                if manner is Manner.GARBAGE:
                    writer.write(_GARBAGE)
                elif manner is not Manner.HANG:
                    writer.write(self._answer(one, question).encode() + ending)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, one: DemoInstrument, question: str) -> str:
        """Unknown questions get what such instruments say: nothing useful."""
        if question not in one.answers:
            return '-113,"Undefined header"'
        mean, scatter, drift = one.answers[question]
        hours = (time.monotonic() - self._began_s) / _HOUR_S
        return f"{self._random.gauss(mean + drift * hours, scatter):+.9E}"
