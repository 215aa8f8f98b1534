"""What definitions would have done over a stretch of the past: budgets, alerts, pages a week. All of it is known at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from schemas.ids import SubjectId
from slo.alerts import more_severe, rank
from slo.assessment import counted
from slo.composite_assessment import assess_composite, measured
from slo.composite_watch import is_member, whole_of
from slo.exclusions import Exclusion, Stretch, allowed, covered, inside
from slo.instant import NS
from slo.objective import Objective
from slo.period import longest_s
from slo.series import Series
from slo.turning import Marks, Transition, period_starts, transitions

WEEK_NS = 7 * 86_400 * NS


class Episode(NamedTuple):
    """An alert from its firing on. ``end_ns`` is None where it fired still; ``silenced_by`` a more severe one that fired then."""

    severity: str
    start_ns: int
    end_ns: int | None
    silenced_by: str | None


class Tally(NamedTuple):
    """What counted in a stretch of time: good and bad events, or time slices; beside them samples whose verdict is open, and
    events that are excluded.
    """

    good: Fraction
    bad: Fraction
    insufficient: int
    excluded: Fraction


@dataclass(frozen=True, slots=True)
class Trial:
    """One objective and subject over (since, until].

    ``remaining``: share of the budget that is left at the end, None without events; ``tally``: None of a composite, whose parts
    count; ``excluded_ns``: how much time was taken out; ``episodes``: alerts that fired in it, in time order, also those that had
    begun before.
    """

    objective: Objective
    subject: SubjectId
    since_ns: int
    until_ns: int
    remaining: Fraction | None
    tally: Tally | None
    excluded_ns: int
    episodes: tuple[Episode, ...]

    @property
    def attained(self) -> Fraction | None:
        """Good events of good and bad ones."""
        if self.tally is None or not self.tally.good + self.tally.bad:
            return None
        return self.tally.good / (self.tally.good + self.tally.bad)

    def begun(self, severity: str) -> int:
        """Alerts of a severity that began here and that nothing silenced: how often somebody would have been told."""
        return sum(
            each.severity == severity and each.start_ns > self.since_ns and each.silenced_by is None for each in self.episodes
        )


def a_week(count: int, since_ns: int, until_ns: int) -> Fraction | None:
    """How many in a week; None of no time."""
    return Fraction(count * WEEK_NS, until_ns - since_ns) if until_ns > since_ns else None


def look_back_ns(objectives: Iterable[Objective]) -> int:
    """How much of the past before a stretch its windows need."""
    return max((max(each.windows_s[-1], longest_s(each.window)) for each in objectives), default=0) * NS


def try_objective(
    objective: Objective,
    subject: SubjectId,
    series: Series,
    stretch: Stretch,
    exclusions: Sequence[Exclusion] = (),
) -> Trial:
    """Hold a subject's series against an objective that measures something, over (since, until]; ``series`` should begin a
    period earlier.

    Raises:
        SeriesError: the series cannot be sliced as the objective asks.
    """
    since_ns, until_ns = stretch
    known = series.until(until_ns)
    stretches = allowed(objective, [each for each in exclusions if each.concerns(subject)])
    dropped = inside(stretches, known.ends_ns)
    line, _ = counted(objective, known, dropped, stretches, until_ns)
    start_ns = int(period_starts(objective, line, np.array([until_ns]))[0])
    return Trial(
        objective,
        subject,
        since_ns,
        until_ns,
        _remaining(objective, *line.total(start_ns, until_ns)),
        Tally(*line.total(since_ns, until_ns), *_aside(known, dropped, since_ns)),
        covered(stretches, since_ns, until_ns),
        episodes(transitions(objective, line, until_ns), stretch),
    )


def try_composite(  # noqa: PLR0917 - as try_objective, and what the parts are
    objective: Objective,
    subject: SubjectId,
    objectives: Mapping[str, Objective],
    series: Mapping[str, Sequence[Series]],
    stretch: Stretch,
    exclusions: Sequence[Exclusion] = (),
) -> Trial:
    """As ``try_objective`` of a composite; ``series`` by the names of its measured parts, of the subject and of its members.

    Raises:
        KeyError: a part has no series.
        SeriesError: a series cannot be sliced as its objective asks.
    """
    assert objective.composite is not None  # noqa: S101 - the caller asks
    since_ns, until_ns = stretch
    found = assess_composite(
        objective,
        objective.composite,
        objectives,
        series,
        until_ns,
        exclusions=exclusions,
        subject=subject,
        with_transitions=True,
    )
    stretches = allowed(objective, [each for each in exclusions if each.concerns(subject)])
    excluded_ns = covered(stretches, since_ns, until_ns)
    turned = episodes(found.transitions, stretch)
    return Trial(objective, subject, since_ns, until_ns, found.remaining_ratio, None, excluded_ns, turned)


def try_all(
    objectives: Sequence[Objective],
    series: Mapping[tuple[str, SubjectId], Series],
    stretch: Stretch,
    exclusions: Sequence[Exclusion] = (),
) -> list[Trial]:
    """Every objective over the subjects that have a series under it (by name and subject), and the composites of those. Members
    of a whole go by their names as such, and count for its composites alone.

    Raises:
        SeriesError: a series cannot be sliced as its objective asks.
    """
    named = {each.name: each for each in objectives}
    found = [
        try_objective(named[name], subject, each, stretch, exclusions)
        for (name, subject), each in series.items()
        if name in named and not is_member(subject)
    ]
    for whole in objectives:
        if whole.composite is None:
            continue
        parts = measured(whole.composite, named)
        subjects = {whole_of(subject) for name, subject in series if name in parts}
        for subject in sorted(filter(whole.is_about, subjects)):
            theirs = sorted(key for key in series if whole_of(key[1]) == subject)
            of_parts = {part: [series[name, one] for name, one in theirs if name == part] for part in parts}
            found.append(try_composite(whole, subject, named, of_parts, stretch, exclusions))
    return sorted(found, key=lambda each: (each.objective.name, each.subject))


def episodes(turned: Sequence[Transition], stretch: Stretch) -> tuple[Episode, ...]:
    """Alerts that fired at some time of (since, until], in time order, the most severe first."""
    since_ns, until_ns = stretch
    found: list[Episode] = []
    for severity in {each.severity for each in turned}:
        own = [each for each in turned if each.severity == severity]
        for place in range(0, len(own), 2):
            end_ns = own[place + 1].time_ns if place + 1 < len(own) else None
            if own[place].time_ns <= until_ns and (end_ns is None or end_ns > since_ns):
                found.append(Episode(severity, own[place].time_ns, end_ns, None))
    told = [each._replace(silenced_by=_silencer(each, found)) for each in found]
    return tuple(sorted(told, key=lambda each: (each.start_ns, rank(each.severity))))


def _silencer(one: Episode, others: Sequence[Episode]) -> str | None:
    """What is more severe and fired when this one began."""
    firing = {
        each.severity for each in others if each.start_ns <= one.start_ns and (each.end_ns is None or each.end_ns > one.start_ns)
    }
    return more_severe(firing, one.severity)


def _remaining(objective: Objective, good: Fraction, bad: Fraction) -> Fraction | None:
    return 1 - bad / (good + bad) / objective.budget if good + bad else None


def _aside(series: Series, dropped: Marks, since_ns: int) -> tuple[int, Fraction]:
    """What neither burns nor repairs after a time: samples whose verdict is open, and whatever is excluded."""
    within = series.ends_ns > since_ns
    open_ = series.insufficient if series.insufficient is not None else np.zeros(len(series), np.int64)
    events = series.good[dropped & within].sum() + series.bad[dropped & within].sum()
    return int(open_[within & ~dropped].sum()), Fraction(int(events), series.scale) + int(open_[dropped & within].sum())
