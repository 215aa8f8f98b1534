"""The offset between two nodes' clocks, from the tags that they share: found, followed, lost and found again.

A pure seam: whoever drives it holds the state and hands it back. What comes out, tick by tick of our clock, depends on the tags
alone, never on how the two streams were cut or which of them was ahead.
"""

from dataclasses import dataclass, field, replace
from functools import partial

from scipy import special

from schemas.block import Times
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

METHOD = "peak of shared tags, followed by Kalman filters of several wanderings, v1"
_STREAK = 3  # looks in a row that make a clock locked
_LOSS = 10.0  # looks' worth of shared tags that stayed out
_SILENCE_TICKS = 10
_EASE = 0.8  # of the limit, to become locked again
_WIDTHS_LOCKED, _WIDTHS_LOST = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class ClockTick:
    """One tick [start_ps, end_ps) of our clock: how the clocks stood, and the tags of both in it.

    ``line`` maps the other's times onto ours, ``standing`` is that of the tick's end. Both are None while the state is lost; then
    ``other`` holds what its own clock reads to be in the tick, and nothing may be paired with it.
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

    def change(self) -> ClockChange | None:
        """The event that this tick is, if it is one."""
        if self.state is self.before and self.step_ps is None:
            return None
        return ClockChange(time_ps=self.end_ps, state=self.state, before=self.before, reason=self.reason, step_ps=self.step_ps)


@dataclass(frozen=True, slots=True)
class OffsetState:
    """Everything that the next tags need. While the clock is lost there is an ``acquisition``, otherwise a ``track``."""

    ours: HeldTags = field(default_factory=HeldTags)
    other: HeldTags = field(default_factory=HeldTags)
    acquisition: Acquisition | None = None
    track: Track | None = None
    state: ClockState = ClockState.LOST
    reason: str = "not looked for yet"


def initial() -> OffsetState:
    return OffsetState()


def step(
    state: OffsetState, ours: NodeTags | None, other: NodeTags | None, parameters: ClockParameters
) -> tuple[OffsetState, tuple[ClockTick, ...]]:
    """Take the next tags of either node, or of both; yield the ticks that are complete with them. ``state`` stays usable.

    Ticks begin at the first whole tick that our node covers.

    Raises:
        SegmentError: tags before what their node reached already.
        DensityError: more tags of one node wait for the other's than can be held.
    """
    if ours is not None:
        if state.acquisition is None and state.track is None:
            begin_ps = -(-ours.start_ps // parameters.tick_ps) * parameters.tick_ps
            state = replace(state, acquisition=Acquisition(begin_ps))
        state = replace(state, ours=state.ours.joined(ours, "our node"))
    if other is not None:
        state = replace(state, other=state.other.joined(other, "the other node"))
    ticks: list[ClockTick] = []
    while (done := _next_tick(state, parameters)) is not None:
        state, tick = done
        ticks.append(tick)
    return state, tuple(ticks)


def _next_tick(state: OffsetState, parameters: ClockParameters) -> tuple[OffsetState, ClockTick] | None:
    """The next tick, if the tags of both nodes have come that far."""
    if state.track is not None:
        return _followed(state, state.track, parameters)
    return None if state.acquisition is None else _searched(state, state.acquisition, parameters)


def _searched(state: OffsetState, attempt: Acquisition, parameters: ClockParameters) -> tuple[OffsetState, ClockTick] | None:
    start_ps = attempt.since_ps + attempt.done * parameters.tick_ps
    end_ps, around_ps = start_ps + parameters.tick_ps, parameters.around_ps
    if not _have(state, end_ps, end_ps + around_ps):
        return None
    ours, other = state.ours.within(start_ps, end_ps), state.other.within(start_ps + around_ps, end_ps + around_ps)
    tick = ClockTick(start_ps, end_ps, ClockState.LOST, state.state, state.reason, None, None, ours, other)
    attempt = attempt.fed(of_channels(ours, parameters.our_channels), of_channels(other, parameters.other_channels), parameters)
    close_ps, _ = parameters.close_look(ours[0].size, other[0].size, parameters.tick_ps)
    kept_ps = end_ps - parameters.reach_ps - close_ps - parameters.tick_ps
    state = replace(
        state,
        ours=state.ours.since(kept_ps),
        other=state.other.since(kept_ps + around_ps),
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
        reason = f"no shared tags stand out in {seconds:g} s within ±{parameters.reach_ps / 1e12:g} s of the expected offset"
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
        other=state.other.within(line.other_start_ps, line.other_end_ps),
        shared_hz=after.shared * 1e12 / parameters.tick_ps,
        width_ps=after.width_ps,
        step_ps=tracked.step_ps,
    )
    state = replace(state, state=now, reason=reason)
    if lost:
        return replace(state, track=None, acquisition=Acquisition(line.end_ps), ours=state.ours.since(line.end_ps)), tick
    return _following(state, after, parameters), tick


def _following(state: OffsetState, track: Track, parameters: ClockParameters) -> OffsetState:
    """With the track, and without the tags that it needs no more."""
    other = state.other.since(track.next_ps + track.offset_ps - parameters.tick_ps)
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
    if half_ps > limit_ps * (1.0 if before is ClockState.LOCKED else _EASE):
        return ClockState.DRIFTING, f"the offset is known to ±{half_ps:.0f} ps, wanted are ±{limit_ps:.0f} ps"
    if before is not ClockState.LOCKED and track.streak < _STREAK:
        return ClockState.DRIFTING, f"found, to be confirmed by {_STREAK} looks in a row"
    return ClockState.LOCKED, f"seen in each of the last looks, ±{half_ps:.1f} ps"


def _have(state: OffsetState, our_ps: int, other_ps: int) -> bool:
    """Whether both nodes' tags have come up to these readings of their clocks."""
    ours, other = state.ours.reached_ps, state.other.reached_ps
    return ours is not None and other is not None and ours >= our_ps and other >= other_ps


def _times(held: HeldTags, channels: tuple[int, ...] | None, begin_ps: int, end_ps: int) -> Times:
    return of_channels(held.within(begin_ps, end_ps), channels)
