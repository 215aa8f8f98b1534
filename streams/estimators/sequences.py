"""Confidence sequences: intervals that hold at every look together, however often one looks and whenever one stops.

Under the true value the likelihood ratio against a mixture of others, fixed beforehand, is a nonnegative martingale of mean 1: it
ever reaches 1/error with a probability of at most the error (Ville 1939). The values for which it has not are the sequence
(Robbins 1970; Howard et al. 2021). It is about half as wide again as an interval for one look.
"""

import re
from collections.abc import Callable
from math import exp, log

import numpy as np
from scipy import optimize, special

from streams.estimators.estimator import IntervalKind
from streams.estimators.intervals import Interval, clopper_pearson, garwood
from streams.estimators.outcome import Floats

_PRIOR = 0.5
_FOR_ONE_LOOK = re.compile(r"(?:conditional )?(?:binomial )?interval(?: by (?:Clopper-Pearson|Garwood))?")
_SCALES_S = 10.0 ** np.arange(-9, 10)
"""Mixture over rates of all sizes from 1/Gs to 1 GHz, so that none has to be known beforehand."""
_LOG_SCALES: Floats = _PRIOR * np.log(_PRIOR * _SCALES_S)
_TINY = 1e-300


def beta_binomial(successes: int, trials: int, confidence: float) -> Interval:
    """Probability behind ``successes`` of ``trials``: likelihood against a Beta(½, ½) mixture. All of [0, 1] without trials."""
    if trials == 0:
        return 0.0, 1.0
    failures = trials - successes
    mixture = special.betaln(successes + _PRIOR, failures + _PRIOR) - special.betaln(_PRIOR, _PRIOR)
    limit = log(1 / (1 - confidence))

    def beyond(chance: float) -> float:
        return float(mixture - special.xlogy(successes, chance) - special.xlog1py(failures, -chance)) - limit

    best = successes / trials
    lower = 0.0 if successes == 0 else _crossing(beyond, best, 0.0)
    return lower, 1.0 if failures == 0 else _crossing(beyond, best, 1.0)


def gamma_poisson(count: int, exposure_s: float, confidence: float) -> Interval:
    """Rate, per second, behind ``count`` in ``exposure_s``: likelihood against Gamma(½, scale) mixtures of all scales."""
    limit = log(1 / (1 - confidence))
    shape = _PRIOR + count
    mixture = _log_sum(
        special.gammaln(shape) - special.gammaln(_PRIOR) + _LOG_SCALES - shape * np.log(_PRIOR * _SCALES_S + exposure_s)
    ) - log(_SCALES_S.size)

    def beyond(rate: float) -> float:
        return mixture - (count * log(rate) if count else 0.0) + rate * exposure_s - limit

    best = count / exposure_s
    upper = max(best, 1 / exposure_s)
    while beyond(upper) < 0:
        upper *= 2
    return (0.0 if count == 0 else _crossing(beyond, best, 0.0)), _crossing(beyond, best, upper)


def _log_sum(logarithms: Floats) -> float:
    """Logarithm of the sum of what these finite ones are the logarithms of."""
    highest = int(logarithms.argmax())
    parts = np.exp(logarithms - logarithms[highest])
    parts[highest] = 0.0
    return float(np.log1p(parts.sum())) + logarithms.item(highest)


def method_of(method: str, kind: IntervalKind) -> str:
    """A method's name, which names its interval for one look, for the kind that was used."""
    return method if kind == "fixed" else _FOR_ONE_LOOK.sub("confidence sequence", method)


def ratio_interval(kind: IntervalKind, successes: int, trials: int, confidence: float) -> Interval:
    """Of a probability: Clopper-Pearson for one look, the sequence for any number."""
    return (clopper_pearson if kind == "fixed" else beta_binomial)(successes, trials, confidence)


def rate_interval(kind: IntervalKind, count: int, exposure_s: float, confidence: float) -> Interval:
    """Of a rate, per second: Garwood for one look, the sequence for any number."""
    if kind == "fixed":
        lower, upper = garwood(count, confidence)
        return lower / exposure_s, upper / exposure_s
    return gamma_poisson(count, exposure_s, confidence)


def count_ratio_interval(kind: IntervalKind, count: int, reference: int, share: float, confidence: float) -> Interval:
    """``share`` times the ratio of two Poisson means, by conditioning on the sum; the upper bound may be infinite."""
    lower, upper = ratio_interval(kind, count, count + reference, confidence)
    return share * lower / (1 - lower) if lower < 1 else float("inf"), share * upper / (1 - upper) if upper < 1 else float("inf")


def _crossing(beyond: Callable[[float], float], inside: float, outside: float) -> float:
    """Where ``beyond`` turns from negative (at ``inside``) to positive (towards ``outside``, where it may be infinite)."""
    far = inside + (outside - inside) * (1 - 1e-15)
    if far == 0:
        far = _TINY
    return float(optimize.brentq(beyond, inside, far, xtol=exp(-700), rtol=1e-12)) if beyond(far) > 0 else outside
