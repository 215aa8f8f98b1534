"""Bytes a tag on the wire, and how fast blocks are written and read."""

import statistics
import time
from collections.abc import Callable

from benchmarks.result import Result, at_least, at_most
from benchmarks.synthetic import blocks
from schemas import wire
from streams.kernels.unwrap import unwrap


def measure() -> list[Result]:
    made = list(blocks("bench", 4e6, 1, origin_unix_ns=0))
    messages = [wire.encode(block) for block in made]
    tags = sum(block.tags for block in made)

    def rate(work: Callable[[], object]) -> float:
        times = []
        for _ in range(9):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        return tags / statistics.median(times) / 1e6

    unwrap(made[0].gaps, made[0].channel, 0)
    decoded = [wire.decode(message) for message in messages]
    return [
        at_most("wire: bytes a tag at 4 Mcps", sum(map(len, messages)) / tags, "B", 3.6),
        at_least("wire: decode, one core", rate(lambda: [wire.decode(message) for message in messages]), "Mtags/s", 200),
        Result("wire: encode, one core", f"{rate(lambda: [wire.encode(block) for block in made]):.3g} Mtags/s"),
        Result(
            "wire: gaps to times, one core",
            f"{rate(lambda: [unwrap(b.gaps, b.channel, b.context.start_ps) for b in decoded]):.3g} Mtags/s",
        ),
    ]
