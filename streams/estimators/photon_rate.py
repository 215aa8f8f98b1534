"""The rate of photons behind a detector's clicks: dead time and dark counts taken off.

A detector that is dead for τ after each click, however many photons come meanwhile, was awake for T - N·τ: N clicks in that time
give n = N/(T - N·τ) = m/(1 - m·τ), and their Poisson interval over the time awake is that of the rate (Müller 1973).
"""

from dataclasses import dataclass
from math import sqrt

from scipy import special

from schemas.measurements import DetectorCounts
from streams.estimators.correlations import Part, summed
from streams.estimators.estimator import EstimatorError, IntervalKind
from streams.estimators.sequences import rate_interval


@dataclass(frozen=True, slots=True)
class Exposure:
    """Clicks in a time, and for how long the detector is dead after each."""

    clicks: int
    time_s: float
    dead_time_s: float = 0.0

    @property
    def awake_s(self) -> float:
        """
        Raises:
            EstimatorError: dead for the whole time, or longer.
        """
        awake = self.time_s - self.clicks * self.dead_time_s
        if awake <= 0:
            raise EstimatorError(
                f"{self.clicks} clicks in {self.time_s:g} s with a dead time of {self.dead_time_s:g} s: m·τ is "
                f"{self.clicks * self.dead_time_s / self.time_s:.3g}, and at 1 a detector is saturated; correct dead_time_ps, or "
                "dim the light"
            )
        return awake

    def rate(self, kind: IntervalKind, confidence: float) -> Part:
        """Per second, with its interval."""
        awake_s = self.awake_s
        return Part(self.clicks / awake_s, *rate_interval(kind, self.clicks, awake_s, confidence))


def total_of(data: list[DetectorCounts]) -> DetectorCounts:
    """Clicks, times and triggers added up.

    Raises:
        EstimatorError: only some of them know their triggers.
    """
    known = [one.triggers for one in data if one.triggers is not None]
    if known and len(known) < len(data):
        raise EstimatorError("only some of the counts know their triggers; give all of them, or none")
    dark_s = sum(one.dark_s or 0.0 for one in data)
    return DetectorCounts(
        detected=sum(one.detected for one in data),
        integration_s=sum(one.integration_s for one in data),
        triggers=sum(known) if known else None,
        dark=sum(one.dark for one in data),
        dark_s=dark_s or None,
    )


def source_rate(counts: DetectorCounts, dead_time_s: float, kind: IntervalKind, confidence: float) -> Part:
    """Clicks per second that are the source's: dead time put right, dark counts taken off where they were measured.

    Raises:
        EstimatorError: a detector that is saturated.
    """
    lit = Exposure(counts.detected, counts.integration_s, dead_time_s).rate(kind, confidence)
    if counts.dark_s is None:
        return lit
    return summed([lit, Exposure(counts.dark, counts.dark_s, dead_time_s).rate(kind, confidence).times(-1.0)])


def divided(part: Part, by: float, error: float, confidence: float, what: str) -> Part:
    """By something that is known with a standard error, independent of the part.

    Raises:
        EstimatorError: it is not above 0, or its error not a number at least 0.
    """
    if not 0 < by < float("inf") or not 0 <= error < float("inf"):
        raise EstimatorError(f"{what} is {by} ± {error}; give one above 0, and its standard error")
    plain = part.times(1 / by)
    width = float(special.ndtri((1 + confidence) / 2)) * error / by * abs(plain.value)
    return Part(
        plain.value,
        plain.value - sqrt((plain.value - plain.lower) ** 2 + width**2),
        plain.value + sqrt((plain.upper - plain.value) ** 2 + width**2),
    )
