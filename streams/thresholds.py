"""What the definitions in force ask of estimates: the thresholds that they hold them against, and how sure they must be.

A verdict that may page somebody is asked for again and again, day and night: its interval is the one that holds however often one
looks (docs/decisions/0014).
"""

from fractions import Fraction

from schemas.ids import IndicatorId
from schemas.records import Shortfall
from slo.definitions import Definitions
from slo.objective import Operator
from slo.tiers import PAGE
from streams.estimators.estimator import IntervalKind
from streams.estimators.forecast import forecast
from streams.estimators.outcome import Outcome


class Thresholds:
    """By indicator and system; of no definitions there are none."""

    def __init__(self, definitions: Definitions | None = None) -> None:
        self._definitions = definitions
        self._known: dict[tuple[IndicatorId, str], tuple[tuple[Operator, Fraction], ...]] = {}
        self._kinds: dict[tuple[IndicatorId, str], IntervalKind] = {}

    def shortfalls(self, indicator: IndicatorId, system: str, outcome: Outcome) -> tuple[Shortfall, ...]:
        """One for each threshold that more counts would decide; none where it is decided, or where nothing would."""
        found = []
        for operator, threshold in self._of(indicator, system):
            lacks = forecast(outcome, operator, threshold)
            if lacks is not None:
                found.append(Shortfall(operator=operator.value, threshold=str(threshold), more=lacks.more, seconds=lacks.seconds))
        return tuple(found)

    def interval(self, indicator: IndicatorId, system: str) -> IntervalKind:
        """The kind of interval that estimates have, where they can have either."""
        if self._definitions is None:
            return "fixed"
        key = (indicator, system)
        if key not in self._kinds:
            tiers = (tier for each in self._definitions.about(indicator, system) for tier in each.tiers)
            self._kinds[key] = "time-uniform" if any(tier.severity == PAGE for tier in tiers) else "fixed"
        return self._kinds[key]

    def _of(self, indicator: IndicatorId, system: str) -> tuple[tuple[Operator, Fraction], ...]:
        if self._definitions is None:
            return ()
        key = (indicator, system)
        if key not in self._known:
            criteria = [each.criterion for each in self._definitions.about(indicator, system) if each.criterion]
            self._known[key] = tuple(dict.fromkeys((each.operator, each.threshold) for each in criteria))
        return self._known[key]
