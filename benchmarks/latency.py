"""How long a photon takes to a row that can be asked for, and to the page, at the demo fleet's pace: all parts real."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx

from benchmarks.paced import platform, send_paced
from benchmarks.result import Result, at_most
from embedded.launch import launched
from embedded.ports import Ports
from schemas.topics import TIMETAGS
from storage.client import Client, connect
from tests.live import LivePlatform, until

DEVICES = tuple(f"sps-pace-{number}" for number in range(TIMETAGS.partitions))
RATE_HZ = 2e5
WARM_S = 10
"""Before latencies count: the worker starts while the devices already send."""
PHOTONS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Photons lie anywhere between a block's, or a second's, first moment and its last."""


def measure(seconds: int = 40) -> list[Result]:
    with platform() as live, _page(live) as address, _Viewer(f"{address}/live/devices/{DEVICES[0]}") as viewer:
        worker = live.worker("worker-latency")
        asyncio.run(send_paced(live, DEVICES, RATE_HZ, seconds))
        with connect(live.store) as client:
            until(
                lambda: client.query("SELECT count() AS n FROM blocks WHERE final")["n"][0].as_py() == len(DEVICES),
                120,
                "all blocks",
            )
            rows, stored_s = _row_delays(client), _seconds_stored(client)
        worker.kill()
    told_s = viewer.told_s
    warm = [second for second in sorted(told_s) if second >= min(stored_s) + WARM_S]
    shown = [told_s[second] - second - share for second in warm for share in PHOTONS]
    after = [told_s[second] - stored_s[second] for second in warm]
    return [
        Result("photon to queryable row, p50", f"{statistics.median(rows):.2f} s"),
        at_most("photon to queryable row, p99", _p99(rows), "s", 2.0),
        Result("photon to console, p50", f"{statistics.median(shown):.2f} s"),
        Result("photon to console, p99, the end of its second awaited", f"{_p99(shown):.2f} s"),
        at_most("… of which after the row, p99", _p99(after), "s", 1.0),
    ]


def _p99(delays: Sequence[float]) -> float:
    return sorted(delays)[int(0.99 * len(delays))]


def _row_delays(client: Client) -> list[float]:
    """From photons to the rows of their blocks, s."""
    rows = client.query(
        "SELECT toUnixTimestamp64Milli(stored_at) AS at, (origin_unix_ns + intDiv(start_ps, 1000)) / 1e6 AS first, "
        f"(origin_unix_ns + intDiv(reached_ps, 1000)) / 1e6 AS last FROM blocks WHERE start_ps >= {WARM_S} * 1e12"
    ).to_pylist()
    return [(row["at"] - row["first"] - share * (row["last"] - row["first"])) / 1e3 for row in rows for share in PHOTONS]


def _seconds_stored(client: Client) -> dict[int, float]:
    """When each second of the viewed device was stored whole, UTC seconds."""
    rows = client.query(
        "SELECT toUnixTimestamp(time) AS second, toUnixTimestamp64Milli(max(stored_at)) / 1e3 AS at FROM panes_1s "
        "WHERE device = {device:String} GROUP BY second",
        {"device": DEVICES[0]},
    ).to_pylist()
    return {row["second"]: row["at"] for row in rows}


@contextmanager
def _page(live: LivePlatform) -> Iterator[str]:
    """``photonwatch page`` over the platform's store; its address."""
    port, engine = Ports(live.home).choose("page"), live.engine
    given = {
        "HOME": str(live.home / "page"),
        "STORE_ADDRESS": f"{engine.host}:{engine.port}",
        "STORE_READONLY_USER": engine.readonly_user,
        "STORE_READONLY_PASSWORD": engine.readonly_password,
        "PAGE_PORT": str(port),
    }
    environment = {**os.environ, **{f"PHOTONWATCH_{name}": value for name, value in given.items()}}
    log = live.home / "page.log"
    with log.open("wb") as sink:
        page = subprocess.Popen(
            launched([sys.executable, "-m", "console", "page"]),
            stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment, cwd=Path(__file__).parents[1],
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(f"{address}/healthz"), 120, f"the page ({log})")
        yield address
    finally:
        page.terminate()
        page.wait(20)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).is_success
    except httpx.TransportError:
        return False


class _Viewer:
    """Follows a device's event stream, as a browser does. ``told_s``: when a second was first told, by its start."""

    def __init__(self, address: str) -> None:
        self.told_s: dict[int, float] = {}
        self._address = address
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._over.is_set():
            try:
                with httpx.stream("GET", self._address, timeout=5) as response:
                    for line in response.iter_lines():
                        self._take(line)
                        if self._over.is_set():
                            return
            except httpx.TransportError:
                time.sleep(0.1)  # an answer that took too long

    def _take(self, line: str) -> None:
        if not line.startswith('data: {"fragments"'):
            return
        now_s = time.time()
        for second in json.loads(line.removeprefix("data: "))["charts"]["rates"]["unix_s"][-3:]:
            self.told_s.setdefault(second, now_s)
