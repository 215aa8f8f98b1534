"""What a worker must remember of a partition beyond what a replay of its log rebuilds; stored with every batch."""

import msgspec

from schemas.ids import DomainId, RunId, SourceId


class SourcePosition(msgspec.Struct, kw_only=True):
    """How far one source's run has been read."""

    domain: DomainId
    run: RunId
    source: SourceId
    next_sequence: int
    reached_ps: int | None
    """None until a first block was taken in order."""
    seen_ms: int
    """Log-alive time of its last block."""
    ended: bool = False
    missing: list[tuple[int, int]] = []
    """Sequence numbers [from, to) that were given up as lost."""
    ahead: list[tuple[int, int, int]] = []
    """(sequence, reached_ps, log-alive ms of arrival) of blocks that wait for an earlier one."""


class StreamPosition(msgspec.Struct, kw_only=True):
    """How far one domain's run has been handed to the processors."""

    domain: DomainId
    run: RunId
    released_ps: int
    idle: bool = False


class Positions(msgspec.Struct, kw_only=True):
    """A partition's positions as of the end of a batch.

    ``resume`` is the batch boundary from which a replay rebuilds everything that is still open.
    """

    resume: int = 0
    alive_ms: int = 0
    timestamp_ms: int | None = None
    sources: list[SourcePosition] = []
    streams: list[StreamPosition] = []


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Positions)


def encode(positions: Positions) -> bytes:
    return _encoder.encode(positions)


def decode(data: bytes) -> Positions:
    return _decoder.decode(data)
