"""The thresholds that the definitions in force hold estimates against, and what an undecided estimate lacks for each."""

from fractions import Fraction

from schemas.ids import IndicatorId
from schemas.records import Shortfall
from slo.definitions import Definitions
from slo.objective import Operator
from streams.estimators.forecast import forecast
from streams.estimators.outcome import Outcome


class Thresholds:
    """By indicator and system; of no definitions there are none."""

    def __init__(self, definitions: Definitions | None = None) -> None:
        self._definitions = definitions
        self._known: dict[tuple[IndicatorId, str], tuple[tuple[Operator, Fraction], ...]] = {}

    def shortfalls(self, indicator: IndicatorId, system: str, outcome: Outcome) -> tuple[Shortfall, ...]:
        """One for each threshold that more counts would decide; none where it is decided, or where nothing would."""
        found = []
        for operator, threshold in self._of(indicator, system):
            lacks = forecast(outcome, operator, threshold)
            if lacks is not None:
                found.append(Shortfall(operator=operator.value, threshold=str(threshold), more=lacks.more, seconds=lacks.seconds))
        return tuple(found)

    def _of(self, indicator: IndicatorId, system: str) -> tuple[tuple[Operator, Fraction], ...]:
        if self._definitions is None:
            return ()
        key = (indicator, system)
        if key not in self._known:
            criteria = [each.criterion for each in self._definitions.about(indicator, system) if each.criterion]
            self._known[key] = tuple(dict.fromkeys((each.operator, each.threshold) for each in criteria))
        return self._known[key]
