"""The tag pipeline of one partition: messages in, batches of rows and indicator samples out. The log decides everything.

For each message, in order: the batch is cut where the log says so; the message becomes a block or a dead letter; the block goes
to its stream (one domain's run); what the stream counted goes into the batch. Batches up to ``stored`` were stored before this
state began: they are computed again, to rebuild what was open, and not handed out.
"""

from collections import deque
from collections.abc import Sequence

import google_crc32c

from schemas import wire
from schemas.block import BlockContext
from schemas.errors import WireError, WireFault
from schemas.records import IndicatorSample
from schemas.topics import DEAD_LETTERS, INDICATORS, TICK
from streams import positions as positions_codec
from streams.burial import dead_letter
from streams.kernels.unwrap import unwrap
from streams.log import LONGEST_MS, PATIENCE_MS, AliveClock, Message
from streams.metrics import WorkerMetrics
from streams.open_batch import OpenBatch
from streams.pipeline import Finished, Outgoing
from streams.positions import Positions
from streams.sequence import Arrival, Fate
from streams.tag_rows import TagRows
from streams.tag_stream import Counted, TagAnalysis, TagStream

NAME = "tags-3"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
GRID = 256
SWEEP_MS = 500
"""Log-alive time between looks for gaps and sources that were waited for long enough."""
FORGET_MS = 3_600_000
"""Log-alive time after which a stream that is not open is forgotten."""
FUTURE_NS = 3_600_000_000_000
"""How far a block's reached time may lie ahead of the broker's clock."""
_PS_PER_MS = 10**9


class TagPipeline:
    """State of one partition of the tags topic, from the batch boundary ``positions.resume`` on."""

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        analysis: TagAnalysis,
        keep_tags: bool,
        metrics: WorkerMetrics,
        positions: Positions,
        stored: int,
    ) -> None:
        self._topic, self._partition = topic, partition
        self._analysis, self._metrics = analysis, metrics
        self._keep_tags = keep_tags
        self._stored = stored
        self._clock = AliveClock(positions.alive_ms, positions.timestamp_ms)
        self._alignments = {(one.domain, one.run): one for one in positions.alignments}
        self._streams = {
            key: TagStream(stream, analysis, self._alignments.pop(key, None))
            for stream in positions.streams
            for key in ((stream.domain, stream.run),)
        }
        self._boundaries = deque([positions.resume])
        self._batch = OpenBatch(NAME, topic, partition, grid=GRID, lo=positions.resume, patience_ms=LONGEST_MS)
        self._rows = TagRows(keep_tags=keep_tags)
        self._samples: list[IndicatorSample] = []
        self._taken = 0

    @property
    def pending(self) -> bool:
        return self._taken > 0 or any(stream.open for stream in self._streams.values())

    def skip_to(self, offset: int) -> None:
        """Go on at ``offset``: what the log held between is gone unread. Sources' sequence numbers show what was lost."""
        self._batch.skip_to(offset)
        self._stored = max(self._stored, offset)

    def retire(self) -> None:
        self._metrics.released(self._topic, self._partition)
        for domain, _ in self._streams:
            self._metrics.forget_clock(domain)

    def feed(self, messages: Sequence[Message]) -> list[Finished]:
        """Take messages in order of their offsets, without holes."""
        finished: list[Finished] = []
        for message in messages:
            ends = self._batch.ends_before(message)
            if self._batch.messages and (ends or message.offset == self._stored):
                finished += self._finish()
            self._batch.take(message)
            if self._take(message):
                finished += self._finish()
        return finished

    def _take(self, message: Message) -> bool:
        """Count a message to the open batch; True if the batch ends after it."""
        before_ms, now_ms = self._clock.now_ms, self._clock.advance(message.timestamp_ms)
        final = False
        if message.value != TICK:
            self._taken += 1
            final = self._read(message, now_ms)
        if now_ms // SWEEP_MS != before_ms // SWEEP_MS:
            for stream in self._streams.values():
                self._collect(stream, stream.pass_time(now_ms), message)
        return final

    def _read(self, message: Message, now_ms: int) -> bool:
        """Decode a message and hand its block on; True if it is the last of its run."""
        try:
            block = wire.decode(message.value)
            _check_clock(block.context, message)
        except WireError as error:
            self._batch.sign(google_crc32c.value(message.value))
            self._batch.hurry(PATIENCE_MS)
            self._bury(message, error.fault, str(error))
            return False
        checksum = wire.checksum(message.value)
        self._batch.sign(checksum)
        self._batch.hurry(_patience_ms(block.context))
        time_ps, channel = unwrap(block.gaps, block.channel, block.context.start_ps)
        self._offer(Arrival(message.offset, block.context, time_ps, channel, checksum, message.timestamp_ms), message, now_ms)
        return block.context.final

    def _offer(self, arrival: Arrival, message: Message, now_ms: int) -> None:
        context = arrival.context
        key = (context.domain, context.run)
        stream = self._streams.get(key)
        if stream is None:
            alignment = self._alignments.pop(key, None)
            stream = self._streams[key] = TagStream.opened(context, self._analysis, now_ms, alignment)
        fate, counted = stream.offer(arrival, now_ms)
        if fate is Fate.CONTRADICTION:
            self._bury(
                message,
                WireFault.CONTRADICTION,
                f"block {context.sequence} of {context.source} reaches back before the last, counts from another origin, or has "
                "a third clock in its domain, or channels of another one",
            )
        elif self._storing:
            self._metrics.block(fate.value, arrival.time_ps.size)
            self._rows.add_block(arrival, fate)
        self._collect(stream, counted, message)

    def _collect(self, stream: TagStream, counted: Sequence[Counted], message: Message) -> None:
        for stray in stream.strays():
            self._rows.add_stray(stray, Fate.LATE)
        for part in counted:
            if part.refused:
                self._bury(message, WireFault.CONTRADICTION, part.refused)
            self._rows.add_panes(part.results)
            self._samples += part.samples
            if part.clock is not None and self._storing:
                self._metrics.clock(stream.position.domain, part.clock)

    def _bury(self, message: Message, reason: str, detail: str) -> None:
        self._rows.add_dead_letter(dead_letter(self._topic, self._partition, message, reason, detail))
        if self._storing:
            self._metrics.dead_letter(self._topic, reason)

    @property
    def _storing(self) -> bool:
        """Whether the message that was taken last is beyond what is stored."""
        return self._batch.next > self._stored

    def _finish(self) -> list[Finished]:
        """Close the open batch; nothing comes of it if it is stored already."""
        self._boundaries.append(self._batch.next)
        self._forget()
        resume = self._resume()
        finished = []
        if self._storing:
            positions = Positions(
                resume=resume,
                alive_ms=self._clock.now_ms,
                timestamp_ms=self._clock.timestamp_ms,
                streams=[stream.position for stream in self._streams.values()],
                alignments=[one for stream in self._streams.values() if (one := stream.alignment) is not None],
            )
            batch = self._batch.seal(self._rows.tables(), positions_codec.encode(positions))
            outgoing = [Outgoing(INDICATORS, sample.subject, sample) for sample in self._samples]
            outgoing += [Outgoing(DEAD_LETTERS, letter.topic, letter) for letter in self._rows.dead_letters]
            finished.append(Finished(batch, tuple(outgoing), resume))
        else:
            self._batch.drop()
        self._rows = TagRows(keep_tags=self._keep_tags)
        self._samples = []
        self._taken = 0
        return finished

    def _resume(self) -> int:
        """The largest batch boundary at or below every offset that is still needed."""
        needed = min(
            (o for stream in self._streams.values() if (o := stream.needed_offset) is not None), default=self._batch.next
        )
        while len(self._boundaries) > 1 and self._boundaries[1] <= needed:
            self._boundaries.popleft()
        return self._boundaries[0]

    def _forget(self) -> None:
        now_ms = self._clock.now_ms
        self._streams = {
            key: stream for key, stream in self._streams.items() if stream.open or now_ms - stream.seen_ms < FORGET_MS
        }


def _patience_ms(context: BlockContext) -> int:
    """Half as long as the block took to fill, within bounds: slow sources make fewer batches, and nothing much later for that."""
    return max(PATIENCE_MS, min(LONGEST_MS, (context.reached_ps - context.start_ps) // (2 * _PS_PER_MS)))


def _check_clock(context: BlockContext, message: Message) -> None:
    reached_ns = context.origin_unix_ns + context.reached_ps // 1_000
    if reached_ns > message.timestamp_ms * 1_000_000 + FUTURE_NS:
        ahead_s = reached_ns / 1e9 - message.timestamp_ms / 1e3
        raise WireError(
            WireFault.FUTURE,
            f"block {context.sequence} of {context.source} is {ahead_s:.0f} s ahead of the broker: set the source's clock",
        )
