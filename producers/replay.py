"""Replays a recording into Kafka, as fast as it goes or at the pace at which it was recorded."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from producers.batching import Batcher
from producers.errors import RecordingError
from producers.publisher import Publisher
from producers.recording import Recording
from producers.run_ids import new_run, source_of
from schemas.block import BlockContext, TagBlock
from schemas.ids import DeviceId, DomainId, RunId, SourceId

Pace = Literal["file", "recorded"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is."""

    tags: int
    of_tags: int
    event_ps: int
    of_event_ps: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What was sent, all of it acknowledged."""

    tags: int
    blocks: int
    sent_bytes: int
    seconds: float
    domain: DomainId
    source: SourceId
    run: RunId
    origin_unix_ns: int


async def replay(
    recording: Recording,
    publisher: Publisher,
    device: DeviceId,
    *,
    domain: DomainId | None = None,
    run: RunId | None = None,
    pace: Pace = "file",
    origin_unix_ns: int | None = None,
    firmware: str = "",
    progress: Callable[[Progress], None] | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
) -> ReplayResult:
    """Send a recording as one run of ``device`` (its domain is the device's own where none is named), and wait for the broker.

    ``origin_unix_ns`` is the UTC that the recording's start is given. By default a recording sent at file pace ends now, so that
    no photon is from the future, and one sent at recorded pace starts now: each block leaves when its event time has passed.

    Raises:
        RecordingError: the file changed since it was opened.
        PublishError: the broker stayed away too long or refused.
    """
    run = run or new_run(clock_ns)
    now_ns = clock_ns()
    if origin_unix_ns is None:
        origin_unix_ns = now_ns if pace == "recorded" else now_ns - -(-recording.duration_ps // 1000)
    context = context_of(recording, device, run, origin_unix_ns, domain=domain, firmware=firmware)
    started_s = time.monotonic()
    total = sum(recording.tags.values())
    tags = blocks = sent_bytes = 0
    cut = blocks_of(recording, context)
    while (block := await asyncio.to_thread(next, cut, None)) is not None:
        if pace == "recorded":
            await asyncio.sleep(max(0.0, (now_ns + block.context.reached_ps // 1000 - clock_ns()) / 1e9))
        sent_bytes += await publisher.send_block(block)
        tags += block.tags
        blocks += 1
        if progress is not None:
            progress(Progress(tags, total, block.context.reached_ps, recording.duration_ps, sent_bytes))
    await publisher.flush()
    if tags != total:
        raise RecordingError(
            f"{recording.path}: {tags} tags were sent, {total} counted when it was opened: it changed; replay again"
        )
    return ReplayResult(
        tags=tags,
        blocks=blocks,
        sent_bytes=sent_bytes,
        seconds=time.monotonic() - started_s,
        domain=context.domain,
        source=context.source,
        run=run,
        origin_unix_ns=origin_unix_ns,
    )


def context_of(
    recording: Recording, device: DeviceId, run: RunId, origin_unix_ns: int, *, domain: DomainId | None = None, firmware: str = ""
) -> BlockContext:
    """What the blocks of a recording say of themselves, before the first one."""
    labels = {"file": recording.path.name, "format": recording.format}
    if recording.clock_start_ps:
        labels["clock_start_ps"] = str(recording.clock_start_ps)
    return BlockContext(
        domain=domain or DomainId(device),
        source=source_of(device, run),
        device=device,
        run=run,
        sequence=0,
        origin_unix_ns=origin_unix_ns,
        start_ps=0,
        reached_ps=0,
        channels=recording.channels,
        firmware=firmware,
        period_ps=recording.period_ps,
        resolution_ps=recording.resolution_ps,
        labels=labels,
    )


def blocks_of(recording: Recording, context: BlockContext) -> Iterator[TagBlock]:
    """The blocks of a whole recording: what ``replay`` sends, and what an offline run reads."""
    batcher = Batcher(context)
    for chunk in recording.chunks():
        yield from batcher.add(chunk)
    yield from batcher.close(recording.duration_ps)
