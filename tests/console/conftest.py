"""A store with a small fleet in it, and the page over it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from console.cli import run as run_here
from console.notify.outlook import StoredOutlook
from console.web.app import build_app
from console.web.observatory import Observatory
from schemas.panes import PaneParameters
from slo.definitions import Definitions, load
from slo.schedule import Schedule
from slo.topology import Topology
from storage.client import StoreAddress
from storage.reader import Reader
from tests.console import seeded
from tests.console.command_line import Said
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated


@pytest.fixture(scope="module")
def now_s() -> int:
    """When the fleet is looked at: UTC seconds."""
    return int(time.time())


@pytest.fixture(scope="module")
def fleet_store(engine: EmbeddedEngine, now_s: int, request: pytest.FixtureRequest) -> StoreAddress:
    """A migrated database of its own, with the seeded fleet as of now."""
    database = f"console_{request.node.path.stem}"
    address = migrated(engine, database)
    recent = [
        seeded.Second(device, second, purity)
        for second in range(now_s - 90, now_s)
        for device, purity in ((seeded.GOOD, 0.02), (seeded.BAD, 0.8))
    ]
    quiet = [seeded.Second(seeded.QUIET, second, 0.1) for second in range(now_s - 3_700, now_s - 3_600)]
    seeded.store(address, [*quiet, *recent], 0)
    seeded.judge_fleet(address, now_s)
    seeded.tell(address, now_s)
    return address


def observatory(reader: Reader, now_s: int, definitions: Definitions | None = None) -> Observatory:
    """Looks at the store as if it were ``now_s``, under the shipped definitions or others."""
    under = definitions or load()
    outlook = StoredOutlook(reader, under, Topology(), Schedule(()), clock_ns=lambda: now_s * 10**9)
    return Observatory(reader, under, PaneParameters(), outlook, clock=lambda: float(now_s))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """A real server over ``app``; its address. Live connections are cut when it ends."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def site(fleet_store: StoreAddress, engine: EmbeddedEngine, now_s: int) -> Iterator[str]:
    """The page over that store, as the read-only user, served by a real server; its address."""
    reader_address = StoreAddress(engine.host, engine.port, engine.readonly_user, engine.readonly_password, fleet_store.database)
    with Reader(reader_address) as reader, served(build_app(observatory(reader, now_s), version="0")) as address:
        yield address


@pytest.fixture
def web(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=20) as client:
        yield client


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """The command line in this process: a process of its own for every refusal would take minutes."""
    monkeypatch.setenv("PHOTONWATCH_HOME", str(tmp_path))

    def run_it(*arguments: str) -> Said:
        code = run_here(arguments)
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return run_it
