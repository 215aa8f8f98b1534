"""One domain's run as a worker holds it: its sources put in sequence, merged, and stepped through the processors."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from schemas.block import BlockContext, Channel, Loss
from schemas.clocks import ClockReading
from schemas.ids import DeviceId, IndicatorId, SourceId
from schemas.panes import PaneParameters, PaneResults
from schemas.records import IndicatorSample
from streams.alignment import Aligned, Alignment, Sides
from streams.clock_parameters import ClockParameters
from streams.confluence import Confluence
from streams.errors import StreamsError
from streams.estimators.estimator import IntervalKind
from streams.estimators.g2 import G2Parameters
from streams.positions import AlignmentPosition, SourcePosition, StreamPosition
from streams.processors import arrivals, g2_samples, panes
from streams.processors.arrivals import ArrivalParameters, arrival_parameters
from streams.processors.g2_samples import G2Sampling, Lacking, TagWindow
from streams.processors.tally import Tally
from streams.segment import Segment
from streams.sequence import Arrival, Fate, SequenceGate, Stretch

_EVER = -(1 << 63)
_LOSSES_KEPT = 256
IDLE_MS = 20_000
"""Log-alive time after which a silent source is waited for no longer."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which indicator a device's g² is (None: none), over how much event time samples are taken, and what else a window says.

    ``others`` is told the window, the detectors with their channels' labels, and the period. ``lacking``: what an undecided g²
    lacks. ``interval``: that of g².
    """

    indicator: IndicatorId | None
    integration_s: int
    others: "Callable[[TagWindow, Inputs], tuple[IndicatorSample, ...]] | None" = None
    lacking: Lacking | None = None
    interval: IntervalKind = "fixed"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the tags' source says of its inputs and of the light."""

    channels: tuple[Channel, ...]
    period_ps: float | None
    arrivals: ArrivalParameters | None


@dataclass(frozen=True, slots=True)
class TagAnalysis:
    """What is computed from tags: the panes' parameters, how a device's g² is sampled (None: it is not), how clocks compare."""

    panes: PaneParameters
    sampling_of: Callable[[DeviceId], Sampling | None]
    clocks: ClockParameters = field(default_factory=ClockParameters)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a merged stretch brought. ``refused`` says why it could not be counted; its raw tags are stored all the same."""

    results: PaneResults
    samples: tuple[IndicatorSample, ...]
    refused: str = ""
    clock: ClockReading | None = None
    """How the stream's two clocks stood at its end, if it has two."""


class TagStream:
    """State of one (domain, run). ``position`` is what a restart takes up; times are log-alive ms, given by the caller."""

    def __init__(self, position: StreamPosition, analysis: TagAnalysis, alignment: AlignmentPosition | None = None) -> None:
        """``alignment`` is that of the last stored batch, after a restart."""
        self.position = position
        self._analysis = analysis
        self._asked = analysis.sampling_of(position.device)
        self._gates = {source.source: SequenceGate(source) for source in position.sources}
        self._confluence = Confluence(position)
        self._reach_ps = panes.initial(analysis.panes).reach_ps
        self._alignment = None if alignment is None else Alignment(analysis.clocks, alignment)
        self._unaligned: Segment | None = None  # the last stretch that went into the alignment, until that is closed
        self._panes: panes.PaneState | None = None
        self._sampler = g2_samples.initial()
        self._sampling: G2Sampling | None = None  # of what was told last; None where that is new
        self._told: tuple[float | None, tuple[Channel, ...], str] | None = None
        self._period_ps: float | None = None
        self._channels: tuple[Channel, ...] = ()
        self._wanted: ArrivalParameters | None = None
        self._arriving: ArrivalParameters | None = None
        self._arrivals: arrivals.ArrivalState | None = None
        self._strays: list[Arrival] = []
        self._blocks: list[tuple[int, int]] = []  # (reached_ps on the stream's axis, offset) of those that may be needed again

    @classmethod
    def opened(
        cls, context: BlockContext, analysis: TagAnalysis, now_ms: int, alignment: AlignmentPosition | None = None
    ) -> "TagStream":
        """A stream whose first block this is."""
        stream = cls(
            StreamPosition(
                domain=context.domain,
                device=context.device,
                run=context.run,
                origin_unix_ns=context.origin_unix_ns,
                firmware=context.firmware,
                detectors=(),
                released_ps=None,
                sources=[],
            ),
            analysis,
            alignment,
        )
        for source in context.members:
            stream._gate(source, now_ms)
        return stream

    def offer(self, arrival: Arrival, now_ms: int) -> tuple[Fate, list[Counted]]:
        """Take a block of this stream."""
        context = arrival.context
        if not self._admit_clock(context):
            return Fate.CONTRADICTION, []
        self._hear(context)
        gate = self._gate(context.source, now_ms)
        fate, stretches = gate.offer(arrival, now_ms)
        self._push(context.source, stretches)
        if any(stray is arrival for stray in self._strays):
            self._strays = [stray for stray in self._strays if stray is not arrival]
            fate = Fate.LATE
        return fate, self._flow()

    def pass_time(self, now_ms: int) -> list[Counted]:
        """Give up on gaps and on silent sources."""
        moved = False
        for source, gate in self._gates.items():
            stretches = gate.expire(now_ms)
            self._push(source, stretches)
            idle = gate.position.waited and now_ms - gate.position.seen_ms >= IDLE_MS
            if idle:
                gate.position.waited = False
            moved = moved or idle or bool(stretches)
        return self._flow() if moved else []

    @property
    def open(self) -> bool:
        """Whether anything here waits: for tags, or for time to pass."""
        return self._panes is not None or any(gate.position.waited or gate.position.ahead for gate in self._gates.values())

    @property
    def seen_ms(self) -> int:
        return max(gate.position.seen_ms for gate in self._gates.values())

    @property
    def needed_offset(self) -> int | None:
        """Offset of the earliest block that a restart must read again; None if nothing is open."""
        offsets = [gate.needed_offset for gate in self._gates.values()]
        offsets += [offset for _, offset in self._blocks]
        return min((offset for offset in offsets if offset is not None), default=None)

    @property
    def alignment(self) -> AlignmentPosition | None:
        """How far its two clocks have been brought together, if it has two."""
        return None if self._alignment is None else self._alignment.position(self.position.domain, self.position.run)

    def strays(self) -> list[Arrival]:
        """Blocks taken earlier that turned out to belong into no pane, each named once."""
        strays, self._strays = self._strays, []
        return strays

    def _gate(self, source: SourceId, now_ms: int) -> SequenceGate:
        if source not in self._gates:
            position = SourcePosition(source=source, origin_unix_ns=None, seen_ms=now_ms)
            self.position.sources.append(position)
            self._gates[source] = SequenceGate(position)
            self._confluence.join(position)
        return self._gates[source]

    def _hear(self, context: BlockContext) -> None:
        """Take what a block says of its source, where that is new."""
        told = context.period_ps, context.channels, context.firmware
        if told == self._told:
            return
        self._told, self._sampling = told, None
        self._period_ps, self._channels, self.position.firmware = told
        heard = {channel.number for channel in context.channels if channel.role == "detector"}
        self.position.detectors = tuple(sorted(heard.union(self.position.detectors)))
        asked = self._asked is not None and self._asked.others is not None
        self._wanted = arrival_parameters(self.position.detectors, self._period_ps) if asked else None

    def _push(self, source: SourceId, stretches: list[Stretch]) -> None:
        """Hand stretches on; blocks that are too late for it become strays."""
        for stretch in stretches:
            reached_ps = self._confluence.push(source, stretch)
            if stretch.arrival is None:
                continue
            if reached_ps is None:
                self._strays.append(stretch.arrival)
            else:
                self._blocks.append((reached_ps, stretch.arrival.offset))
        gate = self._gates[source]
        self._strays += gate.passed_over
        gate.passed_over = []

    def _flow(self) -> list[Counted]:
        counted = []
        try:
            if (segment := self._confluence.release()) is not None:
                for aligned in self._on_one_clock(segment):
                    counted.append(self._step(aligned))  # noqa: PERF401 - what was counted stays if the next one is refused
        except StreamsError as error:
            counted.append(Counted(PaneResults(), (), refused=str(error)))
        if self._confluence.ended and self._alignment is not None and self._unaligned is not None:
            counted += [self._step(aligned) for aligned in self._alignment.close(self._unaligned, self._sides)]
            self._unaligned = None
        if self._confluence.ended and self._panes is not None:
            results = panes.close(self._panes, self._analysis.panes)
            self._panes = None
            counted.append(Counted(results, self._sample(results, self._last_arrivals()) + self._last_sample()))
        needed_ps = self._needed_ps()
        self._blocks = [block for block in self._blocks if block[0] > needed_ps]
        return counted

    def _admit_clock(self, context: BlockContext) -> bool:
        """Whether a block's clock is one of at most two, and none of its channels is the other's."""
        clocks, numbers = self.position.clocks, {channel.number for channel in context.channels}
        others = [known for name, known in clocks.items() if name != context.clock]
        if len(others) > 1 or any(not numbers.isdisjoint(known) for known in others):
            return False
        known = clocks.get(context.clock, [])
        if not numbers.issubset(known) or context.clock not in clocks:
            clocks[context.clock] = sorted(numbers.union(known))
        return True

    @property
    def _sides(self) -> Sides:
        """Channels of the two clocks, that of the first name being ours."""
        (_, ours), (_, other) = sorted(self.position.clocks.items())
        return tuple(ours), tuple(other)

    def _on_one_clock(self, segment: Segment) -> list[Aligned]:
        """
        Raises:
            StreamsError: the stretch cannot be held until the other clock's tags have come; it is told as lost.
        """
        if len(self.position.clocks) < 2:
            return [Aligned(segment)]
        if self._alignment is None:
            self._alignment = Alignment(self._analysis.clocks)
        self._unaligned = segment
        try:
            return self._alignment.push(segment, self._sides)
        except StreamsError:
            lost = Loss(segment.start_ps, segment.reached_ps, int(segment.time_ps.size))
            self.position.uncounted = (*self.position.uncounted, lost)[-_LOSSES_KEPT:]
            raise

    def _step(self, aligned: Aligned) -> Counted:
        segment = aligned.segment
        if self.position.uncounted:
            segment = replace(segment, losses=self.position.uncounted + segment.losses)
        try:
            self._panes, results = panes.step(self._panes or panes.initial(self._analysis.panes), segment, self._analysis.panes)
        except StreamsError as error:
            refused = Loss(segment.start_ps, segment.reached_ps, int(segment.time_ps.size))
            self.position.uncounted = (*segment.losses, refused)[-_LOSSES_KEPT:]
            return Counted(PaneResults(), aligned.samples, str(error), aligned.reading)
        self.position.uncounted = ()
        return Counted(results, aligned.samples + self._sample(results, self._arrived(segment)), clock=aligned.reading)

    def _arrived(self, segment: Segment) -> tuple[Tally, ...]:
        """Arrivals after the excitation's pulses, where somebody asks for them and the period is known."""
        wanted = self._wanted
        before = self._last_arrivals() if wanted != self._arriving else ()
        if wanted is not self._arriving:
            self._arriving, self._sampling = wanted, None
        if wanted is None:
            return before
        self._arrivals, closed = arrivals.step(self._arrivals or arrivals.initial(wanted), segment, wanted)
        return (*before, *closed)

    def _last_arrivals(self) -> tuple[Tally, ...]:
        state, self._arrivals = self._arrivals, None
        return () if state is None or self._arriving is None else arrivals.close(state, self._arriving)

    def _sample(self, results: PaneResults, arrived: tuple[Tally, ...]) -> tuple[IndicatorSample, ...]:
        if (sampling := self._sampled()) is None or not results.singles:
            return ()
        self._sampler, samples = g2_samples.step(self._sampler, results, sampling, arrived)
        return samples

    def _last_sample(self) -> tuple[IndicatorSample, ...]:
        """Of the window that is open when the stream ends."""
        state, self._sampler = self._sampler, g2_samples.initial()
        sampling = self._sampled()
        return () if sampling is None else g2_samples.close(state, sampling)

    def _sampled(self) -> G2Sampling | None:
        """How samples are taken, as things were told last."""
        asked = self._asked
        if asked is None:
            return None
        if self._sampling is None:
            self._sampling = G2Sampling(
                indicator=asked.indicator,
                integration_s=asked.integration_s,
                panes=self._analysis.panes,
                g2=G2Parameters(period_ps=self._period_ps, interval=asked.interval),
                firmware=self.position.firmware,
                others=None if asked.others is None else partial(_told, asked.others, self._inputs),
                lacking=asked.lacking,
            )
        return self._sampling

    @property
    def _inputs(self) -> Inputs:
        return Inputs(self._channels, self._period_ps, self._arriving)

    def _needed_ps(self) -> int:
        """Event time on the stream's axis from which blocks may be needed again."""
        needed = [_EVER if self.position.released_ps is None else self.position.released_ps]
        if self._panes is not None and (open_ps := panes.needed_from_ps(self._panes)) is not None:
            needed.append(open_ps)
        sampling = self._sampled()
        if sampling is not None and (open_s := g2_samples.needed_from_unix_s(self._sampler, sampling)) is not None:
            window_ps = (open_s * 1_000_000_000 - self.position.origin_unix_ns) * 1_000
            needed.append(window_ps - self._reach_ps)
        return min(needed) if self._alignment is None else self._alignment.needed_ps(min(needed))


def _told(
    others: Callable[[TagWindow, Inputs], tuple[IndicatorSample, ...]], inputs: Inputs, window: TagWindow
) -> tuple[IndicatorSample, ...]:
    return others(window, inputs)
