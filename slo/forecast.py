"""When will the budget be gone? Exact for a given pace: what is known leaves the window when it must, errors of old included."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

import numpy as np
from scipy.special import betaincinv

from slo.series import Integers

CONFIDENCE = 0.95
_DENOMINATOR = 10**9
"""To which a bound of the pace is rounded, outward."""
_WORD = 1 << 62


@dataclass(frozen=True, slots=True)
class Pace:
    """Events, and bad ones among them, in the ``length`` before now: how things are taken to go on."""

    events: Fraction
    bad: Fraction
    length: int

    def at_ratio(self, error_ratio: Fraction) -> "Pace":
        """As many events, of which another part is bad."""
        return Pace(self.events, self.events * error_ratio, self.length)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves the period, in runs: from ``after`` on (ascending, in the pace's unit of time) ``count`` times, ``step`` apart,
    so many ``events``, ``bad`` ones among them, in units of 1/``scale``. Runs do not overlap.
    """

    after: Integers
    events: Integers
    bad: Integers
    scale: int = 1
    step: Integers | int = 0
    count: Integers | int = 1


@dataclass(frozen=True, slots=True)
class Held:
    """What the period holds now, B, and how far it is worth looking: until everything has left, or a calendar period ends."""

    events: Fraction
    bad: Fraction
    budget: Fraction
    horizon: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Time until nothing is left: as things go, and at both ends of the interval of the pace; None: not before the horizon."""

    after: Fraction | None
    earliest: Fraction | None
    latest: Fraction | None


def forecast(held: Held, pace: Pace, leaving: Leaving) -> Forecast:
    """The forecast, with the interval that follows from the pace's error ratio. Without a pace there is none."""
    if not held.events or not pace.events:
        spent = Fraction(0) if held.events and held.bad >= held.budget * held.events else None
        return Forecast(spent, spent, spent)
    lower, upper = ratio_bounds(pace.bad, pace.events)
    after, earliest, latest = (
        exhausted_after(held, each, leaving) for each in (pace, pace.at_ratio(upper), pace.at_ratio(lower))
    )
    return Forecast(after, earliest, latest)


def pushed_out(held: Held, pace: Pace, leaving: Leaving, window: int) -> Forecast:
    """The forecast for a period of the last ``window`` events: the old ones leave by age, or when enough new ones came."""
    # In a unit of time in which the pace makes one new event (of 1/scale), leavings are whole numbers.
    rate = int(pace.events * leaving.scale)
    spare = int(held.events * leaving.scale) - window * leaving.scale
    by_count = (np.cumsum(leaving.events).astype(object) - spare) * pace.length
    after = np.minimum(leaving.after.astype(object) * rate, np.maximum(by_count, 0))
    stretched = forecast(
        replace(held, horizon=held.horizon * rate), replace(pace, length=pace.length * rate), replace(leaving, after=after)
    )
    return Forecast(*(None if each is None else each / rate for each in (stretched.after, stretched.earliest, stretched.latest)))


def exhausted_after(held: Held, pace: Pace, leaving: Leaving) -> Fraction | None:
    """The first time x at which B·(events in the period) ≤ bad ones in it; None: not before the horizon.

    In between leavings what is left of the budget falls or grows evenly; it jumps when a bucket leaves.
    """
    budget = held.budget
    unit = _unit(held, pace, leaving.scale)
    # Everything times `unit` · pace.length: whole numbers.
    slope = int((budget * pace.events - pace.bad) * unit)
    stands = (budget * held.events - held.bad) * unit * pace.length
    if stands <= 0:
        return Fraction(0)
    share, each = int(budget * unit / leaving.scale) * pace.length, unit // leaving.scale * pace.length
    count, step = leaving.count + 0 * leaving.after, leaving.step + 0 * leaving.after
    total = int(np.sum(leaving.events.astype(object) * count.astype(object))) if len(count) else 0
    kind = np.int64 if abs(int(stands)) + (share + each) * total + abs(slope) * held.horizon < _WORD else object
    after, count, step = leaving.after.astype(kind), count.astype(kind), step.astype(kind)
    gone = leaving.events.astype(kind) * share - leaving.bad.astype(kind) * each
    left = int(stands) - np.concatenate((np.zeros(1, kind), np.cumsum(gone * count)))
    # Just before and just after each leaving what is left changes evenly along a run: its first and its last leaving decide.
    before_first = left[:-1] + after * slope
    per_leaving = step * slope - gone
    before_last = before_first + (count - 1) * per_leaving
    hit = np.flatnonzero((before_first < 0) | (before_last < 0) | (before_first - gone <= 0) | (before_last - gone <= 0))
    if len(hit):
        run = int(hit[0])
        stands_at, jump, first, turn, since, apart = (int(c[run]) for c in (left, gone, before_first, per_leaving, after, step))
        begun = first < 0 or first - jump <= 0
        index = 0 if begun else min(first // -turn + 1, -((first - jump) // turn))
        # Already before that leaving, or by it.
        return Fraction(stands_at - index * jump, -slope) if first + index * turn < 0 else Fraction(since + index * apart)
    return Fraction(int(left[-1]), -slope) if left[-1] + held.horizon * slope < 0 else None


def ratio_bounds(bad: Fraction, events: Fraction, confidence: float = CONFIDENCE) -> tuple[Fraction, Fraction]:
    """The interval of a ratio of which ``bad`` of ``events`` were seen, at least as wide as it must be. Source: Clopper, Pearson,
    Biometrika 26 (1934) 404; with parts of events, its continuation by the beta function.
    """
    tail = (1 - confidence) / 2
    seen, rest = float(bad), float(events - bad)
    lower = float(betaincinv(seen, rest + 1, tail)) if seen > 0 else 0.0
    upper = float(betaincinv(seen + 1, rest, 1 - tail)) if rest > 0 else 1.0
    ratio = bad / events
    return (
        min(ratio, max(Fraction(0), Fraction(int(lower * _DENOMINATOR), _DENOMINATOR))),
        max(ratio, min(Fraction(1), Fraction(int(upper * _DENOMINATOR) + 1, _DENOMINATOR))),
    )


def _unit(held: Held, pace: Pace, scale: int) -> int:
    """The smallest number that makes whole numbers of all that is multiplied by it."""
    budget = held.budget
    terms = (Fraction(1, scale), budget / scale, budget * held.events, held.bad, budget * pace.events, pace.bad)
    return lcm(*(term.denominator for term in terms))
