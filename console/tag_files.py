"""A file of tags as the segments that processors take."""

from collections.abc import Iterator

from rich.progress import track

from console.invocation import Invocation
from producers.recording import Recording
from producers.replay import blocks_of
from schemas.block import BlockContext
from schemas.ids import DeviceId, DomainId, RunId, SourceId
from streams.segment import Segment


def segments_of(invocation: Invocation, recording: Recording, *, quiet: bool) -> Iterator[Segment]:
    """The recording as the worker would see it, with a progress bar."""
    context = BlockContext(
        domain=DomainId("file"),
        source=SourceId("file"),
        device=DeviceId("file"),
        run=RunId("file"),
        sequence=0,
        origin_unix_ns=0,
        start_ps=0,
        reached_ps=0,
        channels=recording.channels,
        period_ps=recording.period_ps,
    )
    blocks = max(1, recording.duration_ps // 10**11)
    for block in track(
        blocks_of(recording, context),
        description="counting",
        total=blocks,
        console=invocation.notes,
        transient=True,
        disable=quiet or not invocation.notes.is_terminal,
    ):
        yield Segment.of(block)
