"""The offset between two nodes' clocks, from the tags that they share: found, followed, lost and found again.

A pure seam: whoever drives it holds the state and hands it back. What comes out, tick by tick of our clock, depends on the tags
alone, never on how the two streams were cut or which of them was ahead.
"""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from scipy import special

from schemas.block import Channels, Times
from schemas.clocks import ClockChange, ClockReading, ClockState
from schemas.records import Estimate
from streams.clock_parameters import ClockParameters
from streams.estimators import peak_fit
from streams.estimators.clock_filter import Standing
from streams.kernels.clock_line import ClockLine
from streams.kernels.pairs import Tags
from streams.processors.clock_acquisition import Acquisition
from streams.processors.clock_tracking import MISSED, Track, Tracked, follow
from streams.processors.held_tags import HeldTags, NodeTags, of_channels
from streams.processors.intervals import Interval, merged

METHOD = "peak of shared tags, followed by Kalman filters of several wanderings, v1"
_STREAK = 3  # looks in a row that make a clock locked
_LOSS = 10.0  # looks' worth of shared tags that stayed out
_SILENCE_TICKS = 10
_EASE = 0.8  # of the limit, to become locked again
_SHORTEST_PS = 10**6  # of a last tick
_WIDTHS_LOCKED, _WIDTHS_LOST = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class ClockTick:
    """One tick [start_ps, end_ps) of our clock: how the clocks stood, and the tags of both in it.

    ``line`` maps the other's times onto ours, ``standing`` is that of the tick's end. Both are None while the state is lost; then
    ``other`` holds what its own clock reads to be in the tick, and nothing may be paired with it. ``other_from_ps`` is the
    reading from which on its tags were taken, ``lost`` are the intervals on our clock that a node declared lost.
    """

    start_ps: int
    end_ps: int
    state: ClockState
    before: ClockState
    reason: str
    line: ClockLine | None
    standing: Standing | None
    ours: Tags
    other: Tags
    shared_hz: float | None = None
    width_ps: float | None = None
    step_ps: float | None = None
    other_from_ps: int = 0
    lost: tuple[Interval, ...] = ()

    def reading(self, confidence: float) -> ClockReading:
        """As a record, with intervals at ``confidence``."""
        sigmas = float(special.ndtri((1 + confidence) / 2))
        stood = self.standing
        counts = {"our_tags": int(self.ours[0].size), "other_tags": int(self.other[0].size)}

        def estimate(value: float | None, error: float, unit: str) -> Estimate:
            return Estimate(
                value=value,
                lower=None if value is None else value - sigmas * error,
                upper=None if value is None else value + sigmas * error,
                confidence=confidence,
                counts=counts,
                unit=unit,
                method=METHOD,
                parameters={"peak": peak_fit.METHOD},
                warnings=() if value is not None else (self.reason,),
            )

        return ClockReading(
            time_ps=self.end_ps,
            state=self.state,
            reason=self.reason,
            offset_ps=estimate(None if stood is None else stood.offset_ps, 0.0 if stood is None else stood.offset_error_ps, "ps"),
            frequency=estimate(None if stood is None else stood.frequency, 0.0 if stood is None else stood.frequency_error, "1"),
            shared_hz=self.shared_hz,
            width_ps=self.width_ps,
        )

    def with_channels(self, numbers: Channels) -> "ClockTick":
        """The other node's channels by new numbers: ``numbers[old]`` (uint8, 256)."""
        return replace(self, other=(self.other[0], numbers[self.other[1]]))

    def change(self) -> ClockChange | None:
        """The event that this tick is, if it is one."""
        if self.state is self.before and self.step_ps is None:
            return None
        return ClockChange(time_ps=self.end_ps, state=self.state, before=self.before, reason=self.reason, step_ps=self.step_ps)


@dataclass(frozen=True, slots=True)
class OffsetState:
    """Everything that the next tags need. While the clock is lost there is an ``acquisition``, otherwise a ``track``.

    ``told_ps`` is the end of the last tick that was told, ``mapped_ps`` the other clock's reading up to which a line was told.
    """

    ours: HeldTags = field(default_factory=HeldTags)
    other: HeldTags = field(default_factory=HeldTags)
    acquisition: Acquisition | None = None
    track: Track | None = None
    state: ClockState = ClockState.LOST
    reason: str = "not looked for yet"
    told_ps: int | None = None
    mapped_ps: int | None = None

    @property
    def next_ps(self) -> int | None:
        """Where the next tick begins on our clock, as far as is known."""
        if self.track is not None:
            return self.track.next_ps
        return self.acquisition.since_ps if self.told_ps is None and self.acquisition is not None else self.told_ps


def initial() -> OffsetState:
    return OffsetState()


def step(
    state: OffsetState, ours: NodeTags | None, other: NodeTags | None, parameters: ClockParameters
) -> tuple[OffsetState, tuple[ClockTick, ...]]:
    """Take the next tags of either node, or of both; yield the ticks that are complete with them. ``state`` stays usable.

    The first tick begins where our node's first tags do.

    Raises:
        SegmentError: tags before what their node reached already.
        DensityError: more tags of one node wait for the other's than can be held.
    """
    if ours is not None:
        if state.acquisition is None and state.track is None:
            state = replace(state, acquisition=Acquisition(ours.start_ps))
        state = replace(state, ours=state.ours.joined(ours, "our node"))
    if other is not None:
        state = replace(state, other=state.other.joined(other, "the other node"))
    ticks: list[ClockTick] = []
    while (done := _next_tick(state, parameters)) is not None:
        state, tick = done
        if state.told_ps is None or tick.start_ps >= state.told_ps:
            ticks.append(tick)
            state = replace(state, told_ps=tick.end_ps)
    return state, tuple(ticks)


def close(state: OffsetState, parameters: ClockParameters) -> tuple[ClockTick, ...]:
    """The ticks that the last tags still make, once both streams have ended: shorter ones, up to where ours did.

    The state is spent. What only one of the nodes has comes in a tick of state lost: there is nothing to pair it with.
    """
    start_ps, ours_end_ps, other_end_ps = state.next_ps, state.ours.reached_ps, state.other.reached_ps
    if start_ps is None or ours_end_ps is None or other_end_ps is None:
        return ()
    ticks: list[ClockTick] = []
    offset_ps = 0 if state.track is None else state.track.offset_ps
    if state.track is not None:
        standing = state.track.filter.standing(start_ps)
        common_ps = min(ours_end_ps - start_ps, int((other_end_ps - start_ps - offset_ps) / (1 + standing.frequency)) - 1)
        if common_ps >= _SHORTEST_PS:
            line = ClockLine.between(start_ps, start_ps + common_ps, offset_ps, standing.frequency)
            ticks.append(_last_tick(state, state.track, line, parameters))
            start_ps, offset_ps = line.end_ps, line.end_offset_ps
    if ours_end_ps > start_ps:
        end_ps = ours_end_ps
        ours, other = state.ours.within(start_ps, end_ps), state.other.within(start_ps + offset_ps, other_end_ps)
        reason = "the streams ended before it was found" if state.track is None else "one of the streams ended"
        before = ticks[-1].state if ticks else state.state
        ticks.append(ClockTick(start_ps, end_ps, ClockState.LOST, before, reason, None, None, ours, other))
    return tuple(ticks)


def remembered(state: OffsetState) -> OffsetState:
    """What of a state must be kept beside its place in the log; the rest comes again with the tags since ``needed_from_ps``."""
    attempt = None if state.acquisition is None else Acquisition(state.acquisition.since_ps)
    return replace(state, ours=HeldTags(), other=HeldTags(), acquisition=attempt)


def needed_from_ps(state: OffsetState, parameters: ClockParameters) -> tuple[int, int] | None:
    """Readings of our clock and of the other from which on a remembered state needs the tags again; None: from the start."""
    if state.track is not None:
        return state.track.next_ps, state.track.other_from_ps(parameters)
    return None if state.acquisition is None else (state.acquisition.since_ps, state.acquisition.since_ps)


def _next_tick(state: OffsetState, parameters: ClockParameters) -> tuple[OffsetState, ClockTick] | None:
    """The next tick, if the tags of both nodes have come that far."""
    if state.track is not None:
        return _followed(state, state.track, parameters)
    return None if state.acquisition is None else _searched(state, state.acquisition, parameters)


def _searched(state: OffsetState, attempt: Acquisition, parameters: ClockParameters) -> tuple[OffsetState, ClockTick] | None:
    start_ps = attempt.since_ps + attempt.done * parameters.tick_ps
    end_ps = start_ps + parameters.tick_ps
    if not _have(state, end_ps, end_ps):
        return None
    ours, other = state.ours.within(start_ps, end_ps), state.other.within(start_ps, end_ps)
    tick = ClockTick(start_ps, end_ps, ClockState.LOST, state.state, state.reason, None, None, ours, other)
    attempt = attempt.fed(of_channels(ours, parameters.our_channels), of_channels(other, parameters.other_channels), parameters)
    close_ps, _ = parameters.close_look(ours[0].size, other[0].size, parameters.tick_ps)
    kept_ps = end_ps - parameters.reach_ps - close_ps - parameters.tick_ps
    state = replace(
        state,
        ours=state.ours.since(kept_ps),
        other=state.other.since(kept_ps),
        acquisition=attempt,
        state=ClockState.LOST,
    )
    if not attempt.part_ended(parameters):
        return state, tick
    found = attempt.found(
        partial(_times, state.ours, parameters.our_channels), partial(_times, state.other, parameters.other_channels), parameters
    )
    if found is not None:
        return _following(state, Track.starting(found, end_ps, parameters), parameters), tick
    if attempt.exhausted(parameters):
        seconds = (end_ps - attempt.since_ps) / 1e12
        reason = f"no shared tags stand out in {seconds:g} s within ±{parameters.reach_ps / 1e12:g} s"
        state = replace(state, acquisition=Acquisition(end_ps), reason=reason)
    return state, tick


def _followed(state: OffsetState, track: Track, parameters: ClockParameters) -> tuple[OffsetState, ClockTick] | None:
    predicted, reach_ps = track.predicted(parameters), track.reach_ps
    if not _have(state, predicted.end_ps, predicted.other_end_ps + reach_ps):
        return None
    ours = state.ours.within(predicted.start_ps, predicted.end_ps)
    near = state.other.within(predicted.other_start_ps - reach_ps, predicted.other_end_ps + reach_ps)
    tracked = follow(track, of_channels(ours, parameters.our_channels), of_channels(near, parameters.other_channels), parameters)
    line, after = tracked.line, tracked.track
    now, reason = _judged(state.state, tracked, parameters)
    lost = now is ClockState.LOST
    tick = ClockTick(
        start_ps=line.start_ps,
        end_ps=line.end_ps,
        state=now,
        before=state.state,
        reason=reason,
        line=None if lost else line,
        standing=None if lost else tracked.standing,
        ours=ours,
        other=state.other.within(first_ps := _first_ps(state, line), line.other_end_ps),
        other_from_ps=first_ps,
        lost=lost_on_ours(state.ours, state.other, line),
        shared_hz=after.shared * 1e12 / parameters.tick_ps,
        width_ps=after.width_ps,
        step_ps=tracked.step_ps,
    )
    state = replace(state, state=now, reason=reason)
    if lost:
        return replace(state, track=None, acquisition=Acquisition(line.end_ps), ours=state.ours.since(line.end_ps)), tick
    return _following(replace(state, mapped_ps=line.other_end_ps), after, parameters), tick


def _following(state: OffsetState, track: Track, parameters: ClockParameters) -> OffsetState:
    """With the track, and without the tags that it needs no more."""
    other = state.other.since(track.other_from_ps(parameters))
    return replace(state, track=track, acquisition=None, ours=state.ours.since(track.next_ps), other=other)


def _judged(  # noqa: PLR0911 - one line a reason
    before: ClockState, tracked: Tracked, parameters: ClockParameters
) -> tuple[ClockState, str]:
    """The state after a tick, and why."""
    track = tracked.track
    half_ps = float(special.ndtri((1 + parameters.confidence) / 2)) * tracked.standing.offset_error_ps
    limit_ps = max(parameters.lock_ps, _WIDTHS_LOCKED * track.width_ps)
    out = track.unseen / max(parameters.look_counts, track.shared)
    silent_s = (track.next_ps - track.found_ps) / 1e12
    if out > _LOSS:
        return ClockState.LOST, f"{track.unseen:.0f} shared tags were due in {silent_s:.1f} s and did not show: stepped or dark"
    if half_ps > max(parameters.lost_ps, _WIDTHS_LOST * track.width_ps):
        return ClockState.LOST, f"the offset is known to ±{half_ps:.0f} ps only, {silent_s:.1f} s after shared tags were seen"
    if tracked.step_ps is not None:
        return ClockState.DRIFTING, f"the clock stepped by {tracked.step_ps:+.0f} ps"
    if track.streak == MISSED:
        return ClockState.DRIFTING, f"{track.unseen:.0f} shared tags were due in {silent_s:.1f} s and did not show"
    quiet_s = max(_SILENCE_TICKS, 2 * parameters.look_counts / max(track.shared, 1e-9)) * parameters.tick_ps / 1e12
    if silent_s > max(quiet_s, 2 * parameters.longest_look_ticks * parameters.tick_ps / 1e12 if track.look else 0.0):
        return ClockState.DRIFTING, f"no tags to compare for {silent_s:.1f} s"
    limit_ps *= 1.0 if before is ClockState.LOCKED else _EASE
    if half_ps > limit_ps:
        return ClockState.DRIFTING, f"the offset is known to ±{half_ps:.0f} ps, wanted are ±{limit_ps:.0f} ps"
    if before is not ClockState.LOCKED and track.streak < _STREAK:
        return ClockState.DRIFTING, f"found, to be confirmed by {_STREAK} looks in a row"
    return ClockState.LOCKED, f"seen in each of the last looks, ±{half_ps:.1f} ps"


def _last_tick(state: OffsetState, track: Track, line: ClockLine, parameters: ClockParameters) -> ClockTick:
    """A tick as it is predicted, nothing of it looked at."""
    return ClockTick(
        start_ps=line.start_ps,
        end_ps=line.end_ps,
        state=state.state,
        before=state.state,
        reason=state.reason,
        line=line,
        standing=track.filter.standing(line.end_ps),
        ours=state.ours.within(line.start_ps, line.end_ps),
        other=state.other.within(first_ps := _first_ps(state, line), line.other_end_ps),
        other_from_ps=first_ps,
        shared_hz=track.shared * 1e12 / parameters.tick_ps,
        width_ps=track.width_ps,
        lost=lost_on_ours(state.ours, state.other, line),
    )


def _first_ps(state: OffsetState, line: ClockLine) -> int:
    """Where the other's tags of a tick begin: not among those that an earlier line has mapped already."""
    return line.other_start_ps if state.mapped_ps is None else max(line.other_start_ps, state.mapped_ps)


def lost_on_ours(ours: HeldTags, other: HeldTags, line: ClockLine) -> tuple[Interval, ...]:
    """What either node declared lost, on our clock."""
    others = np.array(other.lost_within(line.other_start_ps, line.other_end_ps), np.int64)
    own = ours.lost_within(line.start_ps, line.end_ps)
    if not others.size:
        return own
    mapped = line.to_ours(others.ravel()).reshape(-1, 2)
    return merged((*own, *((int(start), int(end)) for start, end in mapped)), line.start_ps, line.end_ps)


def _have(state: OffsetState, our_ps: int, other_ps: int) -> bool:
    """Whether both nodes' tags have come up to these readings of their clocks."""
    ours, other = state.ours.reached_ps, state.other.reached_ps
    return ours is not None and other is not None and ours >= our_ps and other >= other_ps


def _times(held: HeldTags, channels: tuple[int, ...] | None, begin_ps: int, end_ps: int) -> Times:
    return of_channels(held.within(begin_ps, end_ps), channels)
