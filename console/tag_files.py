"""A file of tags as the segments that processors take."""

from collections.abc import Iterator

from rich.progress import Progress

from console.invocation import Invocation
from producers.recording import Recording
from schemas.ids import DeviceId, DomainId, RunId
from streams.segment import Segment


def segments_of(invocation: Invocation, recording: Recording, *, quiet: bool) -> Iterator[Segment]:
    """The recording from its start to its end, with a progress bar where people look. The file is the run.

    Raises:
        RecordingError: the file is not any more what it was when it was opened.
    """
    detectors = tuple(sorted(channel.number for channel in recording.channels if channel.role == "detector"))
    run = RunId(str(recording.path))
    reached_ps = 0
    silent = quiet or not invocation.notes.is_terminal
    with Progress(console=invocation.notes, transient=True, disable=silent) as progress:
        bar = progress.add_task(f"counting {recording.path.name}", total=recording.duration_ps)
        for chunk in recording.chunks():
            yield Segment(
                domain=DomainId("file"),
                device=DeviceId("file"),
                run=run,
                origin_unix_ns=0,
                start_ps=reached_ps,
                reached_ps=chunk.reached_ps,
                time_ps=chunk.time_ps,
                channel=chunk.channel,
                detectors=detectors,
                losses=chunk.losses,
            )
            reached_ps = chunk.reached_ps
            progress.update(bar, completed=reached_ps)
