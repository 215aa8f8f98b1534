"""Cuts a stream of sorted tags into blocks: pure, so that the same tags always make the same blocks."""

from collections.abc import Iterator

import msgspec
import numpy as np

from producers.errors import ProducerError
from producers.ordering import Chunk
from schemas.block import ADVANCE_PS, MAX_TAGS, BlockContext, Channels, Loss, TagBlock, Times

SPAN_PS = 100_000_000_000
"""Event time that a block covers at most."""


class Batcher:
    """Makes the consecutive blocks of one run from chunks of tags. Feed it from one task.

    Blocks end at multiples of ``span_ps``, and earlier where ``max_tags`` are full; tags of one picosecond stay together. They
    touch: each starts where the one before it reached, unless a loss was declared between. Sequence numbers count on from the
    context's. ``reordered`` and ``overflows`` of a chunk are carried by the first block that leaves after it came, its losses by
    the blocks that they lie in. Silent spans become empty blocks.
    """

    def __init__(self, context: BlockContext, *, span_ps: int = SPAN_PS, max_tags: int = MAX_TAGS) -> None:
        """``context`` holds what all blocks share, and the first sequence number and start; its ``reached_ps`` is not used.

        Raises:
            ProducerError: a span or number of tags that no block can hold.
        """
        # Silence costs records too: one for every 2**32 ps. What is left keeps a block's bytes under the wire's limit.
        room = MAX_TAGS - span_ps // ADVANCE_PS
        if span_ps < 1 or room < 1 or not 0 < max_tags <= MAX_TAGS:
            raise ProducerError(f"no block holds {max_tags} tags in {span_ps} ps; at most {MAX_TAGS} tags, and a shorter span")
        self._context = context
        self._span_ps = span_ps
        self._max_tags = min(max_tags, room)
        self._time_ps: Times = np.empty(0, np.int64)
        self._channel: Channels = np.empty(0, np.uint8)
        self._reordered = 0
        self._overflows = 0
        self._losses: tuple[Loss, ...] = ()

    @property
    def reached_ps(self) -> int:
        """End of the last block that left."""
        return self._context.start_ps

    def add(self, chunk: Chunk) -> Iterator[TagBlock]:
        """Take a chunk and yield the blocks that it completes; run the iterator to its end.

        Raises:
            ProducerError: a tag before the last block's end, or more tags in one picosecond than a block holds.
        """
        if chunk.time_ps.size and chunk.time_ps[0] < self.reached_ps:
            raise ProducerError(f"a tag at {chunk.time_ps[0]} ps came after a block had reached {self.reached_ps} ps; sort first")
        if self._time_ps.size:
            self._time_ps = np.concatenate([self._time_ps, chunk.time_ps])
            self._channel = np.concatenate([self._channel, chunk.channel])
        else:
            self._time_ps, self._channel = chunk.time_ps, chunk.channel
        self._reordered += chunk.reordered
        self._overflows += chunk.overflows
        self._losses = (*self._losses, *chunk.losses)
        while (grid_ps := (self.reached_ps // self._span_ps + 1) * self._span_ps) <= chunk.reached_ps:
            yield self._cut(grid_ps)
        while self._time_ps.size > self._max_tags:
            yield self._cut(chunk.reached_ps)

    def lose(self, end_ps: int, tags: int | None = None, *, from_ps: int | None = None) -> Iterator[TagBlock]:
        """Declare that everything up to ``end_ps`` was lost: from ``from_ps`` on, or from the last tag or block's end.

        What is still held leaves first.
        """
        if from_ps is not None:
            yield from self._all(max(from_ps, self.reached_ps))
        elif self._time_ps.size:
            yield from self._all(int(self._time_ps[-1]) + 1)
        self._losses = (*self._losses, Loss(self.reached_ps, end_ps, tags))
        self._context = msgspec.structs.replace(self._context, start_ps=end_ps)

    def close(self, reached_ps: int) -> Iterator[TagBlock]:
        """Yield what is held, up to ``reached_ps``; the last block is marked final."""
        while (grid_ps := (self.reached_ps // self._span_ps + 1) * self._span_ps) < reached_ps:
            yield self._cut(grid_ps)
        while self._time_ps.size > self._max_tags:
            yield self._cut(reached_ps)
        yield self._block(self._time_ps.size, max(reached_ps, self.reached_ps), final=True)

    def _all(self, reached_ps: int) -> Iterator[TagBlock]:
        while self._time_ps.size or self.reached_ps < reached_ps:
            yield self._cut(reached_ps)

    def _cut(self, reached_ps: int) -> TagBlock:
        """One block up to ``reached_ps``, or up to where its tags are full."""
        count = int(np.searchsorted(self._time_ps, reached_ps))
        if count <= self._max_tags:
            return self._block(count, reached_ps)
        full_ps = int(self._time_ps[self._max_tags])
        count = int(np.searchsorted(self._time_ps, full_ps))
        if count == 0:
            raise ProducerError(f"more than {self._max_tags} tags at {full_ps} ps: no detector does that; the data is damaged")
        return self._block(count, full_ps)

    def _block(self, count: int, reached_ps: int, *, final: bool = False) -> TagBlock:
        inside = [loss for loss in self._losses if loss.start_ps < reached_ps]
        later = [loss for loss in self._losses if loss.end_ps > reached_ps]
        context = msgspec.structs.replace(
            self._context,
            reached_ps=reached_ps,
            reordered=self._reordered,
            overflows=self._overflows,
            losses=tuple(msgspec.structs.replace(loss, end_ps=min(loss.end_ps, reached_ps)) for loss in inside),
            final=final,
        )
        block = TagBlock.from_times(context, self._time_ps[:count], self._channel[:count])
        self._time_ps, self._channel = self._time_ps[count:], self._channel[count:]
        self._context = msgspec.structs.replace(self._context, start_ps=reached_ps, sequence=context.sequence + 1)
        self._reordered = self._overflows = 0
        self._losses = tuple(msgspec.structs.replace(loss, start_ps=max(loss.start_ps, reached_ps)) for loss in later)
        return block
