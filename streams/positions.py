"""What a worker must remember of a partition beyond what a replay of its log rebuilds; stored with every batch."""

import msgspec

from schemas.block import Loss
from schemas.ids import DeviceId, DomainId, IndicatorId, RunId, SourceId, SubjectId


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A block that waits for an earlier one. Its tags are stored already; a restart needs only where it stands."""

    sequence: int
    start_ps: int
    reached_ps: int
    since_ms: int
    final: bool


class SourcePosition(msgspec.Struct, kw_only=True):
    """How far one source's run has been read. Times are on the source's own axis."""

    source: SourceId
    origin_unix_ns: int | None
    """None until its first block came."""
    seen_ms: int
    """Log-alive time of its last block."""
    next_sequence: int = 0
    reached_ps: int | None = None
    """None until a first block was taken in order."""
    waited: bool = True
    """False once it ended or fell idle: the watermark does not wait for it."""
    missing: list[tuple[int, int]] = []
    """Sequence numbers [from, to) that were given up as lost."""
    ahead: list[Waiting] = []


class CoursePart(msgspec.Struct, frozen=True, array_like=True):
    """How a tick [start_ps, end_ps) of an aligned stream was told: ``offset_ps`` and ``rise_ps`` of its line, None while lost.

    The other clock's tags in it are those from ``other_from_ps`` on.
    """

    start_ps: int
    end_ps: int
    offset_ps: int | None = None
    rise_ps: int = 0
    other_from_ps: int = 0


class AlignmentPosition(msgspec.Struct, kw_only=True):
    """How far the two clocks of one domain's run have been brought together, as of the end of a batch.

    A restart repeats the ticks of ``course``, which may be needed for what is open, and goes on with ``state`` from ``told_ps``.
    """

    domain: DomainId
    run: RunId
    told_ps: int | None
    state: bytes
    course: list[CoursePart]


class StreamPosition(msgspec.Struct, kw_only=True):
    """How far one domain's run has been handed to the processors."""

    domain: DomainId
    device: DeviceId
    run: RunId
    origin_unix_ns: int
    firmware: str
    detectors: tuple[int, ...]
    released_ps: int | None
    sources: list[SourcePosition]
    uncounted: tuple[Loss, ...] = ()
    """Stretches that could not be counted, told to the processors with the next one."""
    clocks: dict[str, list[int]] = {}
    """Channels by the clock that stamps them."""


class TrackPosition(msgspec.Struct, kw_only=True):
    """How far one subject's run has been read; what of it is open is rebuilt from the log."""

    subject: SubjectId
    run: RunId
    reached_ns: int
    """Latest end of its records, or what silence made of it."""
    seen_ms: int
    """Log-alive time of its last record."""
    closed_s: int
    """Its windows up to this UTC second are closed."""
    live: bool
    """Whether its last record was told as it happened."""
    sequences: dict[str, int] = {}
    """The last number of each source of its records."""
    unusable: str = ""
    """The state that takes its time out of budgets, if it is in one."""
    unusable_since_ns: int = 0
    beat_ns: int = 0
    """End of its latest heartbeat."""
    first_beat_ns: int = 0
    """End of its first one."""
    device: DeviceId = DeviceId("")
    """That speaks for it."""
    firmware: str = ""


class Positions(msgspec.Struct, kw_only=True):
    """A partition's positions as of the end of a batch.

    ``resume`` is the batch boundary from which a replay rebuilds everything that is still open.
    """

    resume: int = 0
    alive_ms: int = 0
    timestamp_ms: int | None = None
    streams: list[StreamPosition] = []
    alignments: list[AlignmentPosition] = []
    tracks: list[TrackPosition] = []
    judged: list[tuple[SubjectId, IndicatorId, RunId, int]] = []
    """Up to which end (UTC seconds) samples have been taken, the latest last."""
    heard: list[tuple[SubjectId, str, int]] = []
    """When (log time, ms) a subject was last heard under an objective that watches for silence, the latest last."""
    speakers: list[tuple[SubjectId, str, DeviceId, RunId, str]] = []
    """Which device, run and firmware spoke then."""


def resumed(start: Positions, latest: Positions) -> Positions:
    """What a restart begins with: the positions as of the boundary that ``latest`` (of the last stored batch) resumes at.

    Clocks are as they were last: what they were in between is in their course.
    """
    return msgspec.structs.replace(start, resume=latest.resume, alignments=latest.alignments)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Positions)


def encode(positions: Positions) -> bytes:
    return _encoder.encode(positions)


def decode(data: bytes | str) -> Positions:
    return _decoder.decode(data)
