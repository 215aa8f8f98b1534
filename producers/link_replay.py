"""Replays the recordings of a link's two nodes into Kafka side by side: one domain, one run, two clocks."""

import asyncio
import time
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import repeat

import msgspec

from producers.errors import RecordingError
from producers.publisher import Publisher
from producers.recording import Recording
from producers.replay import ReplayResult, blocks_of, context_of
from producers.run_ids import new_run
from schemas.block import BlockContext, TagBlock
from schemas.ids import DeviceId, SourceId


async def replay_link(
    nodes: tuple[Recording, Recording],
    publisher: Publisher,
    link: DeviceId,
    *,
    origin_unix_ns: int | None = None,
    progress: Callable[[int], None] | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
) -> tuple[ReplayResult, ReplayResult]:
    """Send both recordings as one run of ``link``, in order of event time, and wait for the broker.

    The first one's start is given the UTC ``origin_unix_ns`` (by default so that the last tag is of now). The second one's start
    lies where its file's clock has it, if the files' clocks have any time in common, and else at the same UTC: how far the clocks
    really are apart is for the worker to find. Blocks name the clocks ``a`` and ``b``. ``progress`` is told the tags sent.

    Raises:
        RecordingError: both nodes have a channel of the same number, or a file changed since it was opened.
        PublishError: the broker stayed away too long or refused.
    """
    if common := sorted(nodes[0].tags.keys() & nodes[1].tags.keys()):
        raise RecordingError(f"{nodes[1].path}: it shares channels {common} with {nodes[0].path}; give them other numbers")
    run, started_s = new_run(clock_ns), time.monotonic()
    behind_ns = _behind_ps(*nodes) // 1000
    if origin_unix_ns is None:
        longest_ps = max(nodes[0].duration_ps, nodes[1].duration_ps + behind_ns * 1000)
        origin_unix_ns = clock_ns() - -(-longest_ps // 1000)
    origins = origin_unix_ns, origin_unix_ns + behind_ns
    sources = SourceId(f"{link}/{run}/a"), SourceId(f"{link}/{run}/b")
    contexts = [
        msgspec.structs.replace(
            context_of(node, link, run, origin), source=source, clock=source.rpartition("/")[2], members=sources
        )
        for node, source, origin in zip(nodes, sources, origins, strict=True)
    ]
    tags, blocks, sent_bytes = [0, 0], [0, 0], [0, 0]
    cut = _side_by_side(nodes, contexts)
    while (each := await asyncio.to_thread(next, cut, None)) is not None:
        which, block = each
        sent_bytes[which] += await publisher.send_block(block)
        tags[which] += block.tags
        blocks[which] += 1
        if progress is not None:
            progress(sum(tags))
    await publisher.flush()
    for node, count in zip(nodes, tags, strict=True):
        if count != sum(node.tags.values()):
            raise RecordingError(f"{node.path}: {count} tags were sent, it changed since it was opened; replay again")
    seconds = time.monotonic() - started_s
    first, second = (
        ReplayResult(tags[i], blocks[i], sent_bytes[i], seconds, contexts[i].domain, sources[i], run, origins[i])
        for i in range(2)
    )
    return first, second


def _behind_ps(first: Recording, second: Recording) -> int:
    """How much later the second recording began by the files' clocks; 0 where these have no time in common."""
    begins = first.clock_start_ps, second.clock_start_ps
    in_common = max(begins) < min(begins[0] + first.duration_ps, begins[1] + second.duration_ps)
    return begins[1] - begins[0] if in_common else 0


def _side_by_side(nodes: tuple[Recording, Recording], contexts: list[BlockContext]) -> Iterator[tuple[int, TagBlock]]:
    """Blocks of both, by the time that they reach."""
    feeds = [zip(repeat(i), blocks_of(node, contexts[i]), strict=False) for i, node in enumerate(nodes)]
    return merge(*feeds, key=lambda each: each[1].context.origin_unix_ns + each[1].context.reached_ps // 1000)
