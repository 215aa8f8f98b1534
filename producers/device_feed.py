"""The tags of one simulated device as a stream of blocks: pure, told how much time has passed."""

from collections import deque
from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from producers.batching import Batcher
from producers.clock import RunningClock
from producers.condition import Condition
from producers.errors import FleetError
from producers.ordering import Chunk
from producers.past import GOES_ON_NS
from producers.run_ids import source_of
from producers.sources import CwParameters, InterferenceParameters, PairParameters
from producers.sources.build import SourceParameters, build_source, exchange
from producers.tagger import Read, RunningTagger
from schemas.block import BlockContext, Channel, TagBlock
from schemas.ids import DeviceId, DomainId, RunId

RUN_PS = 7 * 86_400 * 10**12
"""A week: far below the time that one origin can serve (schemas.block.MOST_PS)."""
_PS_A_NS = 1_000
_PS_A_S = 1e12


class Tagged(msgspec.Struct, frozen=True, kw_only=True):
    """What the blocks say of the device that they are of."""

    device: DeviceId
    firmware: str = ""
    labels: dict[str, str] = {}


class DeviceFeed:
    """Makes a device's blocks, one for every ``block_ps`` whether or not a photon came.

    Told of more elapsed time than ``max_lag_ps`` at once it declares the oldest part lost: the device's own clock stands still
    there, since nobody will ever ask what it would have seen. While its software has crashed it makes nothing; when it is back,
    or has other firmware, it begins a new run.

    Where the process before this one was cut off in the middle of a run of the same device, the run goes on: with the next
    number, the time between declared lost, and new photons.
    """

    def __init__(
        self,
        tagged: Tagged,
        condition: Condition,
        seed: int,
        new_run: Callable[[], RunId],
        origin_unix_ns: int,
        *,
        block_ps: int,
        max_lag_ps: int,
        run_ps: int = RUN_PS,
        last: BlockContext | None = None,
    ) -> None:
        """``run_ps``: a run that has lasted this long, a multiple of ``block_ps``, ends; the next begins where it ended.
        ``last``: what the device's last block said, if there was one.

        Raises:
            FleetError: a device without a source has no tags.
        """
        nominal = condition.nominal
        if nominal.source is None:
            raise FleetError(f"{tagged.device} has no source, so no tags")
        self.firmware = tagged.firmware
        self.tags = 0
        self.lost_ps = 0
        self._tagged = tagged
        self._condition = condition
        self._parameters: SourceParameters = nominal.source
        self._clock = RunningClock(nominal.clock)
        self._tagger = RunningTagger(nominal.tagger, np.random.default_rng([seed, 1]))
        self._new_run = new_run
        self._fleet_origin_unix_ns = origin_unix_ns
        self._block_ps, self._max_lag_ps, self._run_ps = block_ps, max_lag_ps, run_ps
        self._since_ps = 0  # elapsed time at which the present run began
        self._reached_ps = 0
        self._made_ps = 0  # true time that the source has made since its clock was last set back
        self._down = False
        if last is not None and self._goes_on(last):
            seed = int(np.random.SeedSequence([seed, last.sequence + 1]).generate_state(1)[0])
        else:
            self.run, self._since_ps = new_run(), 0
            self._batcher = Batcher(self._context(), span_ps=block_ps)
        self._source = build_source(nominal.source, seed)

    @property
    def next_due_ps(self) -> int:
        """Elapsed time at which the next block is complete."""
        return self._since_ps + self._reached_ps + self._block_ps

    def blocks(self, elapsed_ps: int) -> Iterator[TagBlock]:
        """The blocks that are complete once ``elapsed_ps`` have passed since the origin."""
        late_ps = elapsed_ps - self._since_ps - self._reached_ps - self._max_lag_ps
        if late_ps > 0:
            skipped_ps = -(-late_ps // self._block_ps) * self._block_ps
            self._reached_ps += skipped_ps
            self.lost_ps += skipped_ps
            if not self._down:
                yield from self._batcher.lose(self._reached_ps)
        while self.next_due_ps <= elapsed_ps:
            yield from self._block()

    def close(self) -> Iterator[TagBlock]:
        """The run's final block; of software that has crashed there is none."""
        return iter(()) if self._down else self._batcher.close(self._reached_ps)

    def _goes_on(self, last: BlockContext) -> bool:
        """Go on with the run of ``last`` at its next whole block from now on, if it is this device's and can go on."""
        if isinstance(self._parameters, PairParameters) and self._parameters.arm is not None:
            return False  # both nodes must begin at once to see the same pairs
        self.run, self._since_ps = last.run, (last.origin_unix_ns - self._fleet_origin_unix_ns) * _PS_A_NS
        plain = msgspec.structs.replace(
            last, sequence=0, start_ps=0, reached_ps=0, reordered=0, overflows=0, losses=(), final=False
        )
        cut_off_ps = -self._since_ps - last.reached_ps
        if last.final or plain != self._context() or not -self._max_lag_ps <= cut_off_ps <= GOES_ON_NS * _PS_A_NS:
            return False
        self._reached_ps = -(-max(-self._since_ps, last.reached_ps) // self._block_ps) * self._block_ps
        context = msgspec.structs.replace(plain, sequence=last.sequence + 1, start_ps=last.reached_ps)
        self._batcher = Batcher(context, span_ps=self._block_ps)
        if self._reached_ps > last.reached_ps:
            deque(self._batcher.lose(self._reached_ps), maxlen=0)  # it holds no tags, so no block leaves
        return True

    def _block(self) -> Iterator[TagBlock]:
        now = self._condition.at(self.next_due_ps / _PS_A_S)
        firmware = self._tagged.firmware + self._condition.firmware
        if now.control.running < 0.5:
            self._reached_ps += self._block_ps
            self._down = True
            return
        if self._down or firmware != self.firmware:
            yield from self.close()
            self.firmware = firmware
            self._begin_run()
        if now.source is not None:
            exchange(self._source, now.source)
        self._clock.clock, self._tagger.tagger = now.clock, now.tagger
        true_ps = self._clock.true_ps(self._block_ps)
        time_ps, channel = self._source.advance(true_ps)
        time_ps = self._clock.read(time_ps - self._made_ps, true_ps, self._block_ps)
        self._made_ps += true_ps
        yield from self._sent(self._tagger.read(time_ps, channel, self._block_ps))
        if self._reached_ps >= self._run_ps:
            yield from self.close()
            self._begin_run()

    def _sent(self, read: Read) -> Iterator[TagBlock]:
        """The next block of the run, in parts where tags were lost in between."""
        start_ps = self._reached_ps
        self._reached_ps += self._block_ps
        self.tags += read.time_ps.size
        time_ps = read.time_ps + start_ps
        wraps, sent = read.wraps, 0
        for loss in read.losses:
            upto = int(np.searchsorted(read.time_ps, loss.start_ps))
            lost_from_ps = start_ps + loss.start_ps
            yield from self._batcher.add(Chunk(time_ps[sent:upto], read.channel[sent:upto], lost_from_ps, overflows=wraps))
            yield from self._batcher.lose(start_ps + loss.end_ps, loss.tags, from_ps=lost_from_ps)
            wraps, sent = 0, upto
        yield from self._batcher.add(Chunk(time_ps[sent:], read.channel[sent:], self._reached_ps, overflows=wraps))

    def _begin_run(self) -> None:
        self._since_ps += self._reached_ps
        self._reached_ps = 0
        self._down = False
        self._source.set_back()
        self._made_ps = 0
        self.run = self._new_run()
        self._batcher = Batcher(self._context(), span_ps=self._block_ps)

    def _context(self) -> BlockContext:
        tagged, source = self._tagged, self._parameters
        period_ps = None if isinstance(source, CwParameters) else source.period_ps
        return BlockContext(
            domain=DomainId(tagged.device),
            source=source_of(tagged.device, self.run),
            device=tagged.device,
            run=self.run,
            sequence=0,
            origin_unix_ns=self._fleet_origin_unix_ns + self._since_ps // _PS_A_NS,
            start_ps=0,
            reached_ps=0,
            channels=channels_of(source),
            firmware=self.firmware,
            period_ps=period_ps,
            resolution_ps=self._tagger.tagger.resolution_ps,
            labels={**tagged.labels, "excitation": "cw" if period_ps is None else "pulsed"},
        )


def channels_of(source: SourceParameters) -> tuple[Channel, ...]:
    """The detectors of a source, by their places behind it."""
    labels: tuple[str, ...] = ("transmitted", "reflected")
    if isinstance(source, InterferenceParameters):
        labels = ("first output", "second output")
    if isinstance(source, PairParameters):
        count = len(source.detection.efficiency)
        if source.analysers is not None:
            labels = ("first +", "first -", "second +", "second -")[2 * (source.arm or 0) :]
        elif source.arm is None:
            labels = ("herald", "signal") if count == 2 else ("herald", "transmitted", "reflected")
        else:
            labels = ("signal",) if count == 1 else labels
    return tuple(Channel(number, label=label) for number, label in enumerate(labels[: len(source.detection.efficiency)]))
