"""Memory of a worker with 64 domains: devices that send in real time, the worker's resident memory meanwhile."""

import asyncio
import re
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paced import platform, send_paced
from benchmarks.result import Result, at_most

DOMAINS = 64
RATE_HZ = 2e4
SECONDS = 45
WARM_S = 15.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident, in MiB: now, and at most since the process began."""

    now: float
    most: float


def memory_mib(pid: int) -> Memory:
    """Of a process of this machine."""
    told = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE))
    return Memory(int(told["VmRSS"]) / 1024, int(told["VmHWM"]) / 1024)


def measure() -> list[Result]:
    with platform() as live:
        worker = live.worker("worker-memory")
        seen: list[float] = []
        over = threading.Event()

        def watch() -> None:
            time.sleep(WARM_S)
            while not over.wait(0.5):
                seen.append(memory_mib(worker.pid).now)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            asyncio.run(send_paced(live, [f"sps-many-{number}" for number in range(DOMAINS)], RATE_HZ, SECONDS))
        finally:
            over.set()
            watching.join()
        most = memory_mib(worker.pid).most
        worker.kill()
    half = len(seen) // 2
    grown = statistics.median(seen[half:]) / statistics.median(seen[:half]) - 1
    return [
        at_most(f"memory of a worker with {DOMAINS} domains of {RATE_HZ / 1e3:.0f} kcps", most, "MiB", 1024),
        at_most(f"… its growth from one {(SECONDS - WARM_S) / 2:.0f} s to the next", 100 * grown, "%", 2),
    ]
