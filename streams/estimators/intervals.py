"""Exact confidence intervals of counts.

Central intervals: half of the error probability on either side. A count of none (or all) has only one side on which to err: the
whole error probability goes there, and the interval is the usual one-sided limit. The price is a coverage that may fall to
``1 - 3/2 (1 - confidence)`` for means near such limits; elsewhere it is at least ``confidence``.
"""

from scipy import special

Interval = tuple[float, float]


def garwood(count: int, confidence: float) -> Interval:
    """Mean of a Poisson count (Garwood 1936)."""
    below, above = _tails(confidence, lowest=count == 0, highest=False)
    lower = 0.0 if count == 0 else float(special.gammaincinv(count, below))
    return lower, float(special.gammainccinv(count + 1, above))


def clopper_pearson(successes: int, trials: int, confidence: float) -> Interval:
    """Probability behind ``successes`` of ``trials`` (Clopper and Pearson 1934); nothing is known without trials."""
    if trials == 0:
        return 0.0, 1.0
    failures = trials - successes
    below, above = _tails(confidence, lowest=successes == 0, highest=failures == 0)
    lower = 0.0 if successes == 0 else float(special.betaincinv(successes, failures + 1, below))
    upper = 1.0 if failures == 0 else float(special.betainccinv(successes + 1, failures, above))
    return lower, upper


def poisson_ratio(count: int, reference: int, share: float, confidence: float) -> Interval:
    """``share`` times the ratio of the means of two Poisson counts, by conditioning on their sum (Przyborowski, Wilenski 1940).

    For the mean of k reference counts give their sum, and k as the share. The upper bound is infinite without reference counts.
    """
    lower, upper = clopper_pearson(count, count + reference, confidence)
    return share * lower / (1 - lower), share * upper / (1 - upper) if upper < 1 else float("inf")


def _tails(confidence: float, *, lowest: bool, highest: bool) -> Interval:
    """Error probabilities below and above."""
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
    error = 1 - confidence
    return (error, error) if lowest or highest else (error / 2, error / 2)
