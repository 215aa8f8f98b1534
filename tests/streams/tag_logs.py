"""Logs of tag blocks for tests: as a broker would hold them, with everything that can go wrong in one."""

import msgspec
import numpy as np

from schemas import wire
from schemas.block import BlockContext, Channel, TagBlock
from schemas.ids import IndicatorId
from schemas.panes import PaneParameters
from schemas.topics import TICK
from streams.log import Message
from streams.tag_stream import Sampling, TagAnalysis

ORIGIN_NS = 1_800_000_000_250_000_000
SPAN_PS = 100_000_000_000
ANALYSIS = TagAnalysis(PaneParameters(1_000, 20_000, 1_000), lambda _device: Sampling(IndicatorId("sps.M1"), 2))


def blocks(
    seed: int, count: int, *, device: str = "sps-a", tags: int = 60, final: bool = True, span_ps: int = SPAN_PS
) -> list[TagBlock]:
    """One source's run: ``count`` blocks of ``span_ps`` with about ``tags`` tags each, in bursts so that pairs occur."""
    rng = np.random.default_rng(seed)
    made = []
    for sequence in range(count):
        start = sequence * span_ps
        bursts = rng.integers(0, span_ps - 100_000, rng.integers(0, tags // 3 + 1))
        time_ps = np.sort(start + (bursts[:, None] + rng.integers(0, 30_000, (bursts.size, 3))).ravel())
        context = BlockContext(
            domain=device,
            source=f"{device}/r{seed}",
            device=device,
            run=f"r{seed}",
            sequence=sequence,
            origin_unix_ns=ORIGIN_NS,
            start_ps=start,
            reached_ps=start + span_ps,
            channels=(Channel(0), Channel(1)),
            final=final and sequence == count - 1,
        )
        made.append(TagBlock.from_times(context, time_ps, rng.integers(0, 2, time_ps.size).astype(np.uint8)))
    return made


def log(values: list[bytes], *, seed: int = 0, start: int = 0, step_ms: tuple[int, int] = (0, 120)) -> list[Message]:
    """Messages at random, never decreasing broker times."""
    rng = np.random.default_rng(seed)
    now_ms = ORIGIN_NS // 1_000_000 + 600_000
    messages = []
    for index, value in enumerate(values):
        now_ms += int(rng.integers(*step_ms))
        messages.append(Message(start + index, now_ms, value))
    return messages


def hostile_log(seed: int) -> list[Message]:
    """Two devices interleaved, with duplicates, swapped and missing blocks, junk, ticks, a silence and a late return."""
    rng = np.random.default_rng(seed)
    values: list[bytes] = []
    sources = [blocks(seed, 20, final=bool(seed % 2)), blocks(seed + 1, 20, device="qdp-b")]
    queues = [[wire.encode(block) for block in source] for source in sources]
    withheld: list[bytes] = []
    while any(queues):
        queue = queues[rng.integers(len(queues))]
        if not queue:
            continue
        match rng.integers(12):
            case 0 if len(queue) > 1:
                queue[0], queue[1] = queue[1], queue[0]
            case 1:
                values.append(queue[0])  # and once more below
            case 2:
                values.append(b"junk")
            case 3:
                withheld.append(queue.pop(0))
                continue
            case 4:
                values.append(TICK)
        values.append(queue.pop(0))
    values += [TICK] * 50
    values += withheld
    values += [TICK] * 5
    return log(values, seed=seed, step_ms=(0, 900))


def damaged(block: TagBlock) -> bytes:
    message = bytearray(wire.encode(block))
    message[40] ^= 1
    return bytes(message)


def renamed(block: TagBlock, **changes: object) -> TagBlock:
    return TagBlock(msgspec.structs.replace(block.context, **changes), block.gaps, block.channel)
