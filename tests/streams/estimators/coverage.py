"""Counting how often intervals hold the truth: what every estimator's test of simulated truth shares."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf

from schemas.records import Estimate

SEEDS = range(20)


@dataclass
class Coverage:
    """How many of the estimates held the truth. An estimate without a value counts as ``silent``, not as held."""

    held: int = 0
    trials: int = 0
    silent: int = 0
    missed: list[tuple[object, Estimate]] = field(default_factory=list)

    def add(self, estimate: Estimate, truth: float, about: object = None) -> None:
        if estimate.lower is None and estimate.upper is None:
            self.silent += 1
            return
        lower = -inf if estimate.lower is None else estimate.lower
        upper = inf if estimate.upper is None else estimate.upper
        self.trials += 1
        if lower <= truth <= upper:
            self.held += 1
        else:
            self.missed.append((about, estimate))

    @property
    def share(self) -> float:
        return self.held / self.trials


def covered(cases: Iterable[tuple[float, Callable[[int], Estimate]]], seeds: Iterable[int] = SEEDS) -> Coverage:
    """Over all cases, each a truth and what makes an estimate from a seed; no two draws share a seed."""
    found = Coverage()
    every = list(seeds)
    for case, (truth, estimate) in enumerate(cases):
        for seed in every:
            found.add(estimate(1_000 * case + seed), truth, (case, seed))
    return found
