"""Definitions over the past, subject by subject, and two sides of it beside each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from console.past_samples import PastSamples, Span
from schemas.exercise import is_exercise
from schemas.ids import IndicatorId, SubjectId
from slo.backtest import Trial, look_back_ns, try_all
from slo.composite_watch import member_of
from slo.evaluation import system_by_prefix
from slo.exclusions import Exclusion, Stretch
from slo.instant import NS
from slo.objective import Objective
from slo.sample_columns import SampleColumns, series_of_samples
from slo.series import Series
from slo.topology import Topology

SeriesBySubject = Mapping[tuple[str, SubjectId], Series]
"""Series by the name of the objective and the subject."""


@dataclass(frozen=True, slots=True)
class Side:
    """Definitions and what they are held against: samples, or ``series`` that somebody counted already."""

    objectives: Sequence[Objective]
    samples: PastSamples | None
    series: SeriesBySubject

    @property
    def indicators(self) -> frozenset[IndicatorId]:
        return frozenset(each.criterion.indicator for each in self.objectives if each.criterion)

    @property
    def counts(self) -> list[str]:
        """The counts of estimates that the objectives ask for."""
        asked = [each.criterion.events for each in self.objectives if each.criterion and each.criterion.events]
        return sorted({name for events in asked for name in events if name})

    def span(self) -> Stretch | None:
        """From just before the first event to the last, in nanoseconds; None where there is none."""
        ends = [int(edge) for each in self.series.values() if len(each) for edge in each.ends_ns[[0, -1]]]
        known = self.samples.span(self.indicators) if self.samples else None
        ends += [] if known is None else [known[0] * NS, known[1] * NS]
        return (min(ends) - NS, max(ends)) if ends else None


def trials(
    side: Side, stretch: Stretch, exclusions: Sequence[Exclusion], wanted: Sequence[str], topology: Topology | None = None
) -> Iterator[Trial]:
    """What a side says over (since, until] in nanoseconds, of the subjects that a pattern of ``wanted`` names (none: all but
    those that took part in exercises). Composites judge the members of a path by ``topology``.

    Raises:
        SampleError, SeriesError: the past cannot be held against the definitions.
        StoreError: the store is away, or refuses.
    """

    def is_wanted(subject: SubjectId) -> bool:
        return any(fnmatchcase(subject, each) for each in wanted) if wanted else not is_exercise(subject)

    yield from try_all(
        side.objectives, {key: each for key, each in side.series.items() if is_wanted(key[1])}, stretch, exclusions
    )
    if side.samples is None:
        return
    span = ((stretch[0] - look_back_ns(side.objectives)) // NS, stretch[1] // NS)
    paths = topology or Topology()
    wholes = {each for each in paths.paths if any(one.composite and one.is_about(each) for one in side.objectives)}
    for subject in filter(is_wanted, sorted({*side.samples.subjects(side.indicators, span), *wholes})):
        series = dict(_series(side, side.samples, subject, span))
        for member in paths.members(subject) if subject in wholes else ():
            for (name, _), each in _series(side, side.samples, member, span).items():
                series[name, member_of(subject, member)] = each
        yield from try_all(side.objectives, series, stretch, exclusions)


def _series(side: Side, samples: PastSamples, subject: SubjectId, span: Span) -> SeriesBySubject:
    """The subject's series under each objective that is about it."""
    parts: dict[IndicatorId, list[SampleColumns]] = {}
    for part in samples.of(subject, side.indicators, span, side.counts):
        parts.setdefault(part.indicator, []).append(part)
    found = {}
    for objective in side.objectives:
        criterion = objective.criterion
        if criterion is None or not objective.is_about(subject):
            continue
        own = [each for each in parts.get(criterion.indicator, ()) if criterion.concerns(system_by_prefix(each.device))]
        if own:
            found[objective.name, subject] = series_of_samples(own, criterion)
    return found
