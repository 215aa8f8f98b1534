"""An objective made ready to judge samples as they come."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from schemas.records import IndicatorSample, Verdict
from slo.alerts import Trigger, triggers
from slo.budget import BudgetSnapshot
from slo.counts import ONE_OF, Counts
from slo.errors import SampleError
from slo.exhaustion import Exhaustion
from slo.history import History
from slo.horizon import forecast_of
from slo.judge import Limit
from slo.objective import Criterion, Objective
from slo.tally import tally
from slo.track import Track
from slo.windows import Windows


class Judgement(NamedTuple):
    """What a sample says, and what it counts."""

    verdict: Verdict
    counts: Counts


@dataclass(frozen=True, slots=True)
class Watch:
    """One objective with what its tracks share."""

    objective: Objective
    criterion: Criterion
    ready: tuple[Trigger, ...]
    windows: Windows
    limit: Limit
    budget: Fraction
    exhaustion: Exhaustion | None

    @classmethod
    def of(cls, objective: Objective, criterion: Criterion) -> "Watch":
        limit = Limit(criterion.operator, criterion.threshold)
        windows = Windows(objective)
        exhaustion = Exhaustion(objective, windows) if objective.exhaustion_alerts else None
        return cls(objective, criterion, triggers(objective), windows, limit, objective.budget, exhaustion)

    @property
    def silent(self) -> "Watch":
        """The same without alerts."""
        return replace(self, ready=(), exhaustion=None)

    def track(self, history: History) -> Track:
        """A new track over a history."""
        return Track(self.windows, tally(self.objective, history), self.exhaustion)

    def lasts_s(self, track: Track, budget: BudgetSnapshot) -> Fraction | None:
        """Seconds until nothing is left, as things go; None: not in sight."""
        return forecast_of(self.objective, track.line, budget).after

    def judge(self, sample: IndicatorSample) -> Judgement:
        """As ``judgement``."""
        return judgement(sample, self.criterion, self.limit)


def judgement(sample: IndicatorSample, criterion: Criterion, limit: Limit) -> Judgement:
    """One event; where the criterion counts events, those of the sample: bad as soon as one of them is. ``limit``: its threshold.

    Raises:
        SampleError: the sample contradicts itself or comes in another unit than its indicator.
    """
    if sample.estimate.unit != criterion.unit:
        raise SampleError(
            f"sample of {sample.indicator} of {sample.subject} (run {sample.run}, end {sample.end_unix_s}) comes in "
            f"`{sample.estimate.unit}`, not `{criterion.unit}`: whoever measures it must convert"
        )
    verdict = limit.judge(sample.estimate)
    if criterion.events is None:
        return Judgement(verdict, ONE_OF[verdict])
    events = criterion.events.of(sample.estimate.counts)
    if events is None or not sum(events):
        return Judgement(Verdict.INSUFFICIENT, ONE_OF[Verdict.INSUFFICIENT])
    return Judgement(Verdict.BAD if events[1] else Verdict.GOOD, Counts(*events))
