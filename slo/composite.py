"""Objectives made of others: several indicators of one subject, or the parts of a path.

Each part gives its error ratio e and its budget B; the whole has one of each again, so that wholes can be parts of larger ones:

| mode | e | B |
|---|---|---|
| weighted | Σ w·e / Σ w | Σ w·B / Σ w |
| worst | those of the part with the highest e/B | |
| serial | 1 - Π (1 - e) | 1 - Π (1 - B) |

A part without events is left out; without any the whole is undefined. Its burn rate is e/B as everywhere; what is left of its
budget is 1 - (burn rate over the period).
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from slo.objective import Composite, Mode, Part


class Reading(NamedTuple):
    """Error ratio and budget of a window."""

    error_ratio: Fraction
    budget: Fraction

    @property
    def burn_rate(self) -> Fraction:
        return self.error_ratio / self.budget


def combine(mode: Mode, parts: Iterable[tuple[Part, Fraction | None]]) -> Reading | None:
    """The whole of parts with their error ratios (None: no events); None where no part has any."""
    known = [(part.weight, Reading(ratio, part.budget)) for part, ratio in parts if ratio is not None]
    if not known:
        return None
    readings = [reading for _, reading in known]
    match mode:
        case Mode.WEIGHTED:
            weights = sum((weight for weight, _ in known), Fraction(0))
            return Reading(
                sum((weight * each.error_ratio for weight, each in known), Fraction(0)) / weights,
                sum((weight * each.budget for weight, each in known), Fraction(0)) / weights,
            )
        case Mode.WORST:
            return max(readings, key=lambda each: (each.burn_rate, each))
        case Mode.SERIAL:
            return Reading(1 - _all_good(each.error_ratio for each in readings), 1 - _all_good(each.budget for each in readings))


def read_whole(
    composite: Composite, composites: Mapping[str, Composite], ratios: Sequence[tuple[str, Fraction | None]]
) -> Reading | None:
    """The whole of composites in composites; ``ratios`` are the error ratios of what objectives measure, by name."""
    parts: list[tuple[Part, Fraction | None]] = []
    for part in composite.parts:
        inner = composites.get(part.objective)
        if inner is None:
            parts += [(part, ratio) for name, ratio in ratios if name == part.objective]
        else:
            reading = read_whole(inner, composites, ratios)
            parts.append((part, None if reading is None else reading.error_ratio))
    return combine(composite.mode, parts)


def leaves(composite: Composite, composites: Mapping[str, Composite]) -> Sequence[str]:
    """The objectives that measure something for a composite, over all levels, part by part."""
    found: list[str] = []
    for part in composite.parts:
        inner = composites.get(part.objective)
        found += leaves(inner, composites) if inner else [part.objective]
    return found


def _all_good(bad: Iterable[Fraction]) -> Fraction:
    """The probability that nothing is bad, of independent parts."""
    whole = Fraction(1)
    for ratio in bad:
        whole *= 1 - ratio
    return whole


def nominal_budget(composite: Composite) -> Fraction:
    """B of a composite whose parts all have events: decides which factors its tiers can reach. Of the worst: the smallest."""
    if composite.mode is Mode.WORST:
        return min(part.budget for part in composite.parts)
    whole = combine(composite.mode, ((part, Fraction(0)) for part in composite.parts))
    assert whole is not None  # noqa: S101 - a composite has parts
    return whole.budget


def cycle(name: str, composites: Mapping[str, Composite]) -> Sequence[str]:
    """The way from a composite over its parts back to itself; empty where there is none."""
    seen: set[str] = set()
    stack: list[tuple[str, ...]] = [(name,)]
    while stack:
        way = stack.pop()
        inner = composites.get(way[-1])
        for part in inner.parts if inner else ():
            if part.objective == name:
                return (*way, name)
            if part.objective not in seen:
                seen.add(part.objective)
                stack.append((*way, part.objective))
    return ()
