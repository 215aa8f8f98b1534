"""The tag pipeline of one partition: messages in, batches of rows and indicator samples out. The log decides everything.

For each message, in order: the batch is cut where the log says so; the message becomes a block or a dead letter; the block goes
to its stream (one domain's run); what the stream counted goes into the batch. Batches up to ``stored`` were stored before this
state began: they are computed again, to rebuild what was open, and not handed out.
"""

from collections import deque
from collections.abc import Sequence

import google_crc32c
from storage.writer import Batch

from schemas import wire
from schemas.block import BlockContext
from schemas.errors import WireError, WireFault
from schemas.records import DeadLetter, IndicatorSample
from schemas.topics import DEAD_LETTERS, INDICATORS, TICK
from streams import positions as positions_codec
from streams.kernels.unwrap import unwrap
from streams.log import AliveClock, Cutter, Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished, Outgoing
from streams.positions import Positions
from streams.sequence import Arrival, Fate
from streams.tag_rows import TagRows
from streams.tag_stream import Counted, TagAnalysis, TagStream

NAME = "tags-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
GRID = 32
SWEEP_MS = 500
"""Log-alive time between looks for gaps and sources that were waited for long enough."""
FORGET_MS = 3_600_000
"""Log-alive time after which a stream that is not open is forgotten."""
FUTURE_NS = 3_600_000_000_000
"""How far a block's reached time may lie ahead of the broker's clock."""
_HEAD_BYTES = 256
_STORED_FATES = (Fate.IN_ORDER, Fate.HELD, Fate.LATE)


class TagPipeline:
    """State of one partition of the tags topic, from the batch boundary ``positions.resume`` on."""

    def __init__(
        self, topic: str, partition: int, *, analysis: TagAnalysis, metrics: WorkerMetrics, positions: Positions, stored: int
    ) -> None:
        self._topic, self._partition = topic, partition
        self._analysis, self._metrics = analysis, metrics
        self._stored = stored
        self._cutter = Cutter(GRID)
        self._clock = AliveClock(positions.alive_ms, positions.timestamp_ms)
        self._streams = {(stream.domain, stream.run): TagStream(stream, analysis) for stream in positions.streams}
        self._boundaries = deque([positions.resume])
        self._next = positions.resume
        self._open_batch()

    @property
    def pending(self) -> bool:
        return self._blocks_taken > 0 or any(stream.open for stream in self._streams.values())

    def truncated(self, offset: int) -> None:
        """Go on at ``offset``: what the log held between is gone unread. Sources' sequence numbers show what was lost."""
        if self._messages:
            raise ValueError(f"{self._topic}[{self._partition}]: a batch is open at {self._next}, cannot go on at {offset}")
        self._next = self._lo = offset
        self._stored = max(self._stored, offset)

    def feed(self, messages: Sequence[Message]) -> list[Finished]:
        """Take messages in order of their offsets, without holes."""
        finished: list[Finished] = []
        for message in messages:
            if message.offset != self._next:
                raise ValueError(f"{self._topic}[{self._partition}]: expected offset {self._next}, got {message.offset}")
            if self._cutter.ends_before(message) or (self._messages and message.offset == self._stored):
                finished += self._finish()
            if self._take(message):
                finished += self._finish()
        return finished

    def _take(self, message: Message) -> bool:
        """Count a message to the open batch; True if the batch ends after it."""
        self._cutter.take(message)
        self._next = message.offset + 1
        self._messages += 1
        self._crc = google_crc32c.extend(self._crc, message.value)
        before_ms, now_ms = self._clock.now_ms, self._clock.advance(message.timestamp_ms)
        final = message.value != TICK and self._read(message, now_ms)
        if now_ms // SWEEP_MS != before_ms // SWEEP_MS:
            for stream in self._streams.values():
                for counted in stream.pass_time(now_ms):
                    self._count(counted, message)
        return final

    def _read(self, message: Message, now_ms: int) -> bool:
        try:
            block = wire.decode(message.value)
            _check_clock(block.context, message)
        except WireError as error:
            self._bury(message, error.fault, str(error))
            return False
        time_ps, channel = unwrap(block.gaps, block.channel, block.context.start_ps)
        self._offer(Arrival(message.offset, block.context, time_ps, channel), message, now_ms)
        return block.context.final

    def _offer(self, arrival: Arrival, message: Message, now_ms: int) -> None:
        context = arrival.context
        key = (context.domain, context.run)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = TagStream.opened(context, self._analysis, now_ms)
        fate, counted = stream.offer(arrival, now_ms)
        self._blocks_taken += 1
        if fate is Fate.CONTRADICTION:
            self._bury(
                message, WireFault.CONTRADICTION, f"block {context.sequence} of {context.source} reaches back before the last"
            )
            return
        if self._storing:
            self._metrics.block(fate.value, arrival.time_ps.size)
            self._rows.add_block(arrival, fate, message)
            if fate in _STORED_FATES:
                self._rows.add_tags(arrival)
        for part in counted:
            self._count(part, message)

    def _count(self, counted: Counted, message: Message) -> None:
        if counted.refused:
            self._bury(message, WireFault.CONTRADICTION, counted.refused)
        self._rows.add_panes(counted.results)
        self._samples += counted.samples

    def _bury(self, message: Message, reason: str, detail: str) -> None:
        self._rows.add_dead_letter(
            DeadLetter(
                topic=self._topic,
                partition=self._partition,
                offset=message.offset,
                reason=reason,
                detail=detail,
                size=len(message.value),
                head=message.value[:_HEAD_BYTES],
                seen_unix_ns=message.timestamp_ms * 1_000_000,
            )
        )
        if self._storing:
            self._metrics.dead_letter(self._topic, reason)

    @property
    def _storing(self) -> bool:
        return self._next > self._stored

    def _open_batch(self) -> None:
        self._lo = self._next
        self._messages = 0
        self._blocks_taken = 0
        self._crc = 0
        self._rows = TagRows(self._partition, self._analysis.panes)
        self._samples: list[IndicatorSample] = []

    def _finish(self) -> list[Finished]:
        """Close the open batch [lo, next)."""
        hi = self._next
        self._cutter.cut()
        self._boundaries.append(hi)
        self._forget()
        resume = self._resume()
        finished = []
        if hi > self._stored:
            positions = Positions(
                resume=resume,
                alive_ms=self._clock.now_ms,
                timestamp_ms=self._clock.timestamp_ms,
                streams=[stream.position for stream in self._streams.values()],
            )
            batch = Batch(
                pipeline=NAME,
                topic=self._topic,
                partition=self._partition,
                lo=self._lo,
                hi=hi,
                tables=self._rows.tables(),
                messages=self._messages,
                crc=self._crc,
                positions=positions_codec.encode(positions),
            )
            outgoing = [Outgoing(INDICATORS, sample.subject, sample) for sample in self._samples]
            outgoing += [Outgoing(DEAD_LETTERS, letter.topic, letter) for letter in self._rows.dead_letters]
            finished.append(Finished(batch, tuple(outgoing), resume))
        self._open_batch()
        return finished

    def _resume(self) -> int:
        """The largest batch boundary at or below every offset that is still needed."""
        needed = min((o for stream in self._streams.values() if (o := stream.needed_offset) is not None), default=self._next)
        while len(self._boundaries) > 1 and self._boundaries[1] <= needed:
            self._boundaries.popleft()
        return self._boundaries[0]

    def _forget(self) -> None:
        now_ms = self._clock.now_ms
        self._streams = {
            key: stream for key, stream in self._streams.items() if stream.open or now_ms - stream.seen_ms < FORGET_MS
        }


def _check_clock(context: BlockContext, message: Message) -> None:
    reached_ns = context.origin_unix_ns + context.reached_ps // 1_000
    if reached_ns > message.timestamp_ms * 1_000_000 + FUTURE_NS:
        ahead_s = reached_ns / 1e9 - message.timestamp_ms / 1e3
        raise WireError(
            WireFault.FUTURE,
            f"block {context.sequence} of {context.source} is {ahead_s:.0f} s ahead of the broker: set the source's clock",
        )
