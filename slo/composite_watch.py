"""A composite objective over the tracks of its parts: of one subject, or of the members of a path.

A member's samples come to the partition of the whole under the name ``whole::member``, so that one worker sees all parts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from schemas.ids import SubjectId
from schemas.records import AlertState
from slo.alerts import Above, Standing, Standings, alert_id, inhibitor
from slo.burn import error_ratio
from slo.composite import Reading, combine, leaves
from slo.counts import Amount, Counts
from slo.history import NEVER, ends_between
from slo.objective import Composite, Objective, Part
from slo.track import Track
from slo.windows import Windows
from slo.wording import Occasion, cleared, firing

MEMBER_SIGN = "::"
TracksOf = Callable[[str], Iterable[Track]]
"""The tracks under an objective, of the subject and of its members."""


def member_of(whole: SubjectId, member: SubjectId) -> SubjectId:
    """How a member is called among the parts of a whole."""
    return SubjectId(f"{whole}{MEMBER_SIGN}{member}")


def is_member(subject: SubjectId) -> bool:
    return MEMBER_SIGN in subject


def parts_of(subject: SubjectId) -> tuple[SubjectId, SubjectId]:
    """The whole, and the member's own name; empty where the subject is no member."""
    whole, _, member = subject.partition(MEMBER_SIGN)
    return SubjectId(whole), SubjectId(member)


def whole_of(subject: SubjectId) -> SubjectId:
    """The subject itself, or the whole of which it is a member."""
    return SubjectId(subject.partition(MEMBER_SIGN)[0])


class Window(NamedTuple):
    """A window of a composite: its reading (None: no part has events), and what its parts counted, all together."""

    reading: Reading | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class CompositeSnapshot:
    """A composite of a subject as of an event time: windows by length in seconds, ascending; the last is the period."""

    objective: Objective
    subject: SubjectId
    at_unix_s: int
    windows: tuple[tuple[int, Window], ...]

    def error_ratio(self, window_s: int) -> Fraction | None:
        reading = dict(self.windows)[window_s].reading
        return None if reading is None else reading.error_ratio

    def burn_rate(self, window_s: int) -> Fraction | None:
        reading = dict(self.windows)[window_s].reading
        return None if reading is None else reading.burn_rate

    @property
    def remaining_ratio(self) -> Fraction | None:
        """Share of the budget that is left; negative when overspent."""
        reading = self.windows[-1][1].reading
        return None if reading is None else 1 - reading.burn_rate

    @property
    def above(self) -> Above:
        """The tiers whose windows both burn faster than their factors."""
        windows = dict(self.windows)
        found: dict[str, tuple[str, ...]] = {}
        for tier in self.objective.tiers:
            long = windows[tier.long_s]
            rates = (self.burn_rate(tier.short_s), self.burn_rate(tier.long_s))
            if long.counts.events >= tier.minimum_events and all(rate is not None and rate > tier.factor for rate in rates):
                found[tier.severity] = (*found.get(tier.severity, ()), tier.name)
        return found


class CompositeWatch:
    """One composite. ``composites`` are all there are: parts may be composites, too."""

    def __init__(self, objective: Objective, composite: Composite, composites: Mapping[str, Composite]) -> None:
        self.objective = objective
        self.windows = Windows(objective)
        self._composite = composite
        self._composites = composites
        self.measured = frozenset(leaves(composite, composites))
        """The objectives whose tracks it is made of."""

    def reached(self, tracks_of: TracksOf) -> int:
        """The newest sample of any part; NEVER where there is none."""
        return max((track.now_unix_s for name in self.measured for track in tracks_of(name)), default=NEVER)

    def snapshots(self, subject: SubjectId, tracks_of: TracksOf, since_unix_s: int) -> Iterator[CompositeSnapshot]:
        """As of every instant after ``since`` (NEVER: none) at which alerts may turn because time passes, and, last, of the
        newest sample of any part. Nothing where there is no sample.
        """
        tracks = [track for name in sorted(self.measured) for track in tracks_of(name)]
        now = self.reached(tracks_of)
        if now == NEVER:
            return
        for instant in (*(self._passing(tracks, since_unix_s, now) if since_unix_s != NEVER else ()), now):
            starts = self.windows.starts(tracks[0].line, instant)
            windows = self._windows_of(self._composite, tracks_of, starts, instant)
            yield CompositeSnapshot(self.objective, subject, instant, tuple(zip(self.windows.lengths_s, windows, strict=True)))

    def _passing(self, tracks: Sequence[Track], since: int, now: int) -> list[int]:
        """When between two samples a sum of the windows changes, as long as one of them holds anything bad."""
        longest = self.windows.sight_s
        if now <= since or not any(track.line.sums([since - longest], now)[0].bad for track in tracks):
            return []
        lengths = (0, *self.windows.edges_s)
        ends = (
            end + length
            for track in tracks
            for length in lengths
            for end in ends_between(track.line, since - length, now - length)
        )
        return sorted(set(ends))

    def _windows_of(self, composite: Composite, tracks_of: TracksOf, starts: Sequence[int], now: int) -> list[Window]:
        parts: list[tuple[Part, list[tuple[Fraction | None, Counts]]]] = []
        for part in composite.parts:
            inner = self._composites.get(part.objective)
            if inner is not None:
                found = self._windows_of(inner, tracks_of, starts, now)
                parts.append((part, [(w.reading.error_ratio if w.reading else None, w.counts) for w in found]))
                continue
            for track in tracks_of(part.objective):
                sums = track.line.sums(starts, now)
                parts.append((part, [(error_ratio(counts), counts) for counts in sums]))
        return [
            Window(
                combine(composite.mode, [(part, of_part[place][0]) for part, of_part in parts]),
                _together([of_part[place][1] for _, of_part in parts]),
            )
            for place in range(len(starts))
        ]


def composite_transition(
    snapshot: CompositeSnapshot, occasion: Occasion, standings: Standings, before: Standing | None, severity: str
) -> AlertState:
    """What is told of an alert on a composite that turned; ``standings`` are those after it, ``before`` is how it stood."""
    objective, now = snapshot.objective, standings[severity]
    long_s = max((tier.long_s for tier in objective.tiers if tier.name in now.tiers), default=objective.period_s)
    rate, remaining = snapshot.burn_rate(long_s), snapshot.remaining_ratio
    above = None if objective.critical else inhibitor(standings, severity)
    return AlertState(
        alert=alert_id(objective.name, snapshot.subject, severity),
        objective=objective.name,
        subject=snapshot.subject,
        severity=severity,
        firing=now.firing,
        since_unix_s=now.since_unix_s,
        tiers=now.tiers,
        text=(
            firing(objective, occasion, snapshot, long_s, None)
            if before is None or now.firing
            else cleared(objective, occasion, snapshot, before.since_unix_s)
        ),
        burn_rate=None if rate is None else str(rate),
        budget_remaining=None if remaining is None else str(remaining),
        run=occasion.run,
        firmware=occasion.firmware,
        runbook=objective.runbook,
        inhibited_by=alert_id(objective.name, snapshot.subject, above) if above else "",
        device=occasion.device,
    )


def _together(counts: Sequence[Counts]) -> Counts:
    columns: Iterable[Iterable[Amount]] = zip(*counts, strict=True) if counts else ((), (), (), ())
    return Counts(*(sum(column) for column in columns))
