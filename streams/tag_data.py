"""What tags counted, as the data that estimators take, by the processors that streams use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import chain
from operator import add
from typing import Literal

import msgspec
import numpy as np

from schemas.measurements import DelayHistogram, DetectorCounts, HeraldedCounts, PairCounts
from schemas.panes import PaneParameters
from streams.analysis import offline
from streams.channel_pair import choose_pair
from streams.errors import AnalysisError
from streams.pane_sum import PaneSum
from streams.processors import gates, start_stop
from streams.processors.gates import GateParameters, Gates
from streams.processors.start_stop import StartStopParameters
from streams.processors.tally import Tally
from streams.segment import Segment

Kind = DelayHistogram | DetectorCounts | PairCounts | HeraldedCounts
KINDS: tuple[type, ...] = (DelayHistogram, DetectorCounts, PairCounts, HeraldedCounts)
"""What tags can be turned into."""


class TagOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which channels play which part, and how tags are counted; None: as configured, as the file says, or found.

    ``channels``: of a correlation the pair; of clicks those that are counted together; of pairs the herald and the signal; of
    heralded light the herald and both detectors; of arrivals the detector. ``window_ps``: full width, about ``delay_ps`` after
    the herald. ``accidental_shift_ps``: how far on either side of it accidentals are counted. ``dark_counts`` in ``dark_s`` with
    the source off (of pairs: of the herald) were counted apart.
    """

    of: Literal["coincidences", "arrivals"] = "coincidences"
    channels: str | None = None
    sync_channel: int | None = None
    period_ps: float | None = None
    bin_width_ps: int | None = None
    half_range_ps: int | None = None
    window_ps: int | None = None
    delay_ps: int | None = None
    accidental_shift_ps: int | None = None
    dark_counts: int = 0
    dark_s: float | None = None

    def panes(self, usual: PaneParameters) -> PaneParameters:
        """
        Raises:
            AnalysisError: a range that is no multiple of the bin.
        """
        try:
            return PaneParameters(
                self.bin_width_ps or usual.bin_width_ps,
                self.half_range_ps or usual.half_range_ps,
                self.window_ps or usual.coincidence_window_ps,
            )
        except ValueError as error:
            raise AnalysisError(f"{error}; choose bin_width_ps and half_range_ps so") from error


def options_of(texts: Mapping[str, str]) -> TagOptions:
    """
    Raises:
        AnalysisError: a value of a wrong type.
    """
    try:
        return msgspec.convert(dict(texts), TagOptions, strict=False)
    except msgspec.ValidationError as error:
        raise AnalysisError(f"{error}; write a value of that type") from error


@dataclass(frozen=True, slots=True)
class TagSource:
    """Tags that can be gone through as often as one likes, and what is known of their channels."""

    segments: Callable[[], Iterator[Segment]]
    detectors: tuple[int, ...]
    sync_channels: tuple[int, ...] = ()
    period_ps: float | None = None


def data_of(source: TagSource, kind: type, options: TagOptions, usual: PaneParameters) -> tuple[Kind, tuple[str, ...]]:
    """The data, and what was found or assumed on the way.

    Raises:
        AnalysisError: a kind that tags do not give, or channels that are not there or not named.
        StreamsError: tags that cannot be counted.
    """
    counted = _Counted(source, options, options.panes(usual))
    if kind is DelayHistogram:
        return (counted.arrivals() if options.of == "arrivals" else counted.coincidences()), ()
    if kind is DetectorCounts:
        return counted.clicks(), ()
    if kind is PairCounts:
        return counted.pairs()
    if kind is HeraldedCounts:
        return counted.heralded()
    raise AnalysisError(f"tags give no {kind.__name__}; give a file of such measurements")


class _Counted:
    def __init__(self, source: TagSource, options: TagOptions, panes: PaneParameters) -> None:
        self._source, self._options, self._panes = source, options, panes
        self._total: PaneSum | None = None

    def coincidences(self) -> DelayHistogram:
        total = self._sum()
        wanted = self._channels(2) if self._options.channels is not None else None
        pair = choose_pair(self._source.detectors, total.tags, None if wanted is None else (wanted[0], wanted[1])).channels
        histogram = total.histogram(pair)
        return DelayHistogram(
            of="coincidences",
            start_ps=histogram.first_edge_ps,
            bin_width_ps=histogram.bin_width_ps,
            counts=tuple(histogram.counts.tolist()),
            integration_s=self._live_s(total),
            period_ps=self._options.period_ps or self._source.period_ps,
            accidentals_per_ps=total.accidentals_per_ps(pair),
        )

    def arrivals(self) -> DelayHistogram:
        """After the latest tag of the sync channel; without one, in the period that the source itself states."""
        period_ps = self._options.period_ps or self._source.period_ps
        sync = self._options.sync_channel
        if sync is None and len(self._source.sync_channels) == 1:
            (sync,) = self._source.sync_channels
        (detector,) = self._channels(1) if self._options.channels is not None else (self._brightest(),)
        if sync is None:
            if self._source.period_ps is None:
                raise AnalysisError("no channel of the trigger, and no period in the file; name one: sync_channel=0")
            return self._folded(detector, self._source.period_ps)
        width = self._panes.bin_width_ps
        span = self._panes.half_range_ps if period_ps is None else period_ps
        parameters = StartStopParameters(
            sync,
            (detector,),
            width,
            -int(-span // width),
            period_ps=None if period_ps is None else Decimal(repr(period_ps)),
            divider=1 if period_ps is None else max(1, int(self._panes.half_range_ps // period_ps)),
        )
        state = start_stop.initial(parameters)
        tallies: list[Tally] = []
        for segment in self._source.segments():
            state, closed = start_stop.step(state, segment, parameters)
            tallies += closed
        tallies += start_stop.close(state, parameters)
        found = start_stop.read(reduce(add, tallies), parameters)
        return DelayHistogram(
            of="arrivals",
            start_ps=0.0,
            bin_width_ps=width,
            counts=tuple(found.counts[detector].tolist()),
            integration_s=found.live_ps / 1e12,
            period_ps=period_ps,
            triggers=found.starts,
        )

    def clicks(self) -> DetectorCounts:
        """Triggers: the sync channel's tags, or the time over the period."""
        total = self._sum()
        wanted = self._channels() if self._options.channels is not None else self._source.detectors
        live_s = self._live_s(total)
        triggers = sum(total.tags.get(channel, 0) for channel in self._source.sync_channels) or None
        period_ps = self._options.period_ps or self._source.period_ps
        if period_ps is not None:
            triggers = round(live_s * 1e12 / period_ps)
        return DetectorCounts(
            detected=sum(total.tags.get(channel, 0) for channel in wanted),
            integration_s=live_s,
            triggers=triggers,
            dark=self._options.dark_counts,
            dark_s=self._options.dark_s,
        )

    def pairs(self) -> tuple[PairCounts, tuple[str, ...]]:
        herald, signal = self._channels(2)
        delay_ps, notes = self._delay_ps(herald, signal)
        found = self._gates(herald, (signal,), delay_ps)
        shift_ps = self._options.accidental_shift_ps
        beside = [] if shift_ps is None else [self._gates(herald, (signal,), delay_ps + side * shift_ps) for side in (-1, 1)]
        total = self._sum()
        data = PairCounts(
            heralds=found.heralds,
            signals=total.tags.get(signal, 0),
            coincidences=found.clicked(signal),
            window_ps=self._panes.coincidence_window_ps,
            integration_s=self._live_s(total),
            dark_heralds=self._options.dark_counts,
            dark_s=self._options.dark_s,
            accidentals=sum(gate.clicked(signal) for gate in beside),
            accidental_windows=len(beside),
        )
        return data, notes

    def heralded(self) -> tuple[HeraldedCounts, tuple[str, ...]]:
        herald, first, second = self._channels(3)
        delay_ps, notes = self._delay_ps(herald, first)
        found = self._gates(herald, (first, second), delay_ps)
        data = HeraldedCounts(
            heralds=found.heralds,
            first=found.clicked(first),
            second=found.clicked(second),
            both=found.clicked(first, second),
        )
        return data, notes

    def _gates(self, herald: int, channels: tuple[int, ...], delay_ps: int) -> Gates:
        window = self._panes.coincidence_window_ps
        parameters = GateParameters(herald, channels, delay_ps - window // 2, delay_ps - window // 2 + window)
        state = gates.initial(parameters)
        tallies: list[Tally] = []
        for segment in self._source.segments():
            state, closed = gates.step(state, segment, parameters)
            tallies += closed
        tallies += gates.close(state, parameters)
        return gates.read(reduce(add, tallies), parameters)

    def _delay_ps(self, herald: int, other: int) -> tuple[int, tuple[str, ...]]:
        """Told, or where a window holds most coincidences of the two."""
        if self._options.delay_ps is not None:
            return self._options.delay_ps, ()
        pair = (min(herald, other), max(herald, other))
        histogram = self._sum().histogram(pair)
        bins = max(1, round(self._panes.coincidence_window_ps / histogram.bin_width_ps))
        held = np.convolve(histogram.counts.astype(np.int64), np.ones(bins, np.int64), "valid")
        middle = histogram.first_edge_ps + (int(np.argmax(held)) + bins / 2) * histogram.bin_width_ps
        found = round(middle if pair[0] == herald else -middle)
        return found, (f"delay_ps={found} was found: there most of channel {other} come after channel {herald}",)

    def _folded(self, detector: int, period_ps: float) -> DelayHistogram:
        """Arrivals in the period by which the file itself counts."""
        width = self._panes.bin_width_ps
        bins = max(1, -int(-period_ps // width))
        counts, live_s = np.zeros(bins, np.int64), self._live_s(self._sum())
        for segment in self._source.segments():
            phase = np.mod(segment.time_ps[segment.channel == detector].astype(np.float64), period_ps)
            counts += np.bincount(np.minimum((phase / width).astype(np.int64), bins - 1), minlength=bins)
        return DelayHistogram(
            of="arrivals",
            start_ps=0.0,
            bin_width_ps=width,
            counts=tuple(counts.tolist()),
            integration_s=live_s,
            period_ps=period_ps,
            triggers=round(live_s * 1e12 / period_ps),
        )

    def _sum(self) -> PaneSum:
        if self._total is None:
            self._total = offline(self._source.segments(), self._panes)
        return self._total

    def _live_s(self, total: PaneSum) -> float:
        if not total.live_ps:
            raise AnalysisError("no live time; the file holds no stretch in which tags could have been seen")
        return total.live_ps / 1e12

    def _brightest(self) -> int:
        tags = self._sum().tags
        return max(self._source.detectors, key=lambda channel: tags.get(channel, 0))

    def _channels(self, number: int | None = None) -> tuple[int, ...]:
        """The channels that were named, so many of them.

        Raises:
            AnalysisError: others.
        """
        text = self._options.channels or ""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not all(part.isdecimal() for part in parts) or (number is not None and len(parts) != number) or not parts:
            wanted = {1: "one number", 2: "two numbers, such as 0,1", 3: "three numbers, such as 0,1,2"}.get(
                number or 0, "numbers"
            )
            known = ", ".join(map(str, chain(self._source.detectors, self._source.sync_channels)))
            raise AnalysisError(f"channels is “{text}”; write channels= and {wanted}, of {known}")
        return tuple(int(part) for part in parts)
