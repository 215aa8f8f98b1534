"""Rates of coincidences, and how far they stand out from accidentals."""

from collections.abc import Sequence
from math import prod

from schemas.records import Estimate
from streams.estimators.intervals import garwood, poisson_ratio

RATE_METHOD = "counts over live time, interval by Garwood, v1"
CAR_METHOD = "(coincidences - accidentals)/accidentals, interval of the ratio of two Poisson counts, v1"
_PS = 1e12


def accidentals_expected(singles: Sequence[int], live_ps: int, window_ps: int) -> float:
    """n-fold coincidences that uncorrelated light of these ``singles``, one number a channel, makes in a time.

    Within a full width W, every two tags being a two-fold coincidence: n (W/2)**(n-1) R_1 ... R_n times the time.
    """
    fold = len(singles)
    return fold * (window_ps / 2) ** (fold - 1) * prod(singles) / live_ps ** (fold - 1) if live_ps else 0.0


def estimate_rate(count: int, live_ps: int, confidence: float = 0.95) -> Estimate:
    """Rate of what was counted in ``live_ps``."""
    lower, upper = garwood(count, confidence)
    per_hz = _PS / live_ps if live_ps else None
    return Estimate(
        value=None if per_hz is None else count * per_hz,
        lower=None if per_hz is None else lower * per_hz,
        upper=None if per_hz is None else upper * per_hz,
        confidence=confidence,
        counts={"counts": count},
        unit="Hz",
        method=RATE_METHOD,
        parameters={"live_s": live_ps / _PS},
        warnings=() if live_ps else ("no live time",),
    )


def estimate_car(
    coincidences: int, live_ps: int, accidentals: int, accidental_live_ps: int, confidence: float = 0.95
) -> Estimate:
    """Coincidence-to-accidental ratio from coincidences, and accidentals counted with shifted channels.

    ``parameters`` has C/A, which some call by this name, too. No accidentals: a lower bound alone.
    """
    live = live_ps > 0 and accidental_live_ps > 0
    share = accidental_live_ps / live_ps if live else 1.0
    lower, upper = poisson_ratio(coincidences, accidentals, share, confidence)
    ratio = share * coincidences / accidentals if accidentals else None
    return Estimate(
        value=ratio - 1 if live and ratio is not None else None,
        lower=lower - 1 if live else None,
        upper=upper - 1 if live and accidentals else None,
        confidence=confidence,
        counts={"coincidences": coincidences, "accidentals": accidentals},
        unit="1",
        method=CAR_METHOD,
        parameters={
            "coincidences_over_accidentals": ratio,
            "live_s": live_ps / _PS,
            "accidental_live_s": accidental_live_ps / _PS,
        },
        warnings=() if live and accidentals else ("no accidentals: a lower bound alone" if live else "no live time",),
    )
