"""Which peak is zero delay: the one that two photons of one pulse would fall into, and a good source leaves empty."""

from dataclasses import dataclass
from math import log

from scipy import special

from streams.estimators.peaks import PeakAreas

_NEIGHBOURS = 5
_FALSE_ALARM = 1e-3  # probability to call a peak suppressed where all are alike
_MARGIN = 2.0  # the peak's deviance over the runner-up's: trains of unequal peaks have many low ones


@dataclass(frozen=True, slots=True)
class ZeroDelay:
    """The peak's number. ``candidates`` are all the peaks that it could be: itself alone where that is decided.

    ``warning`` says why it is not, or what is odd.
    """

    number: int
    candidates: tuple[int, ...]
    warning: str = ""


def find_zero(peaks: PeakAreas, calibrated_ps: float | None = None) -> ZeroDelay | None:
    """The peak at zero delay; None where the histogram holds no whole peak that could be it.

    A calibrated delay decides alone. Otherwise it is the one peak that is lower than its neighbours by more than chance; failing
    that the one that is higher (bunched light). Where no peak stands out the light may be near g² = 1, or the counts too few:
    then the peak nearest to delay 0 is taken, and every peak remains a candidate.
    """
    if calibrated_ps is not None:
        number = peaks.train.number_nearest(calibrated_ps)
        return ZeroDelay(number, (number,)) if number in peaks.numbers else None
    if not peaks.numbers:
        return None
    for suppressed in (True, False):
        found = _outstanding(peaks, suppressed=suppressed)
        if found is not None:
            warning = "" if suppressed else "no peak is suppressed; zero delay is taken to be the one that is enhanced"
            return ZeroDelay(found, (found,), warning)
    nearest = min(peaks.numbers, key=lambda k: abs(peaks.train.delay_of(k)))
    return ZeroDelay(
        nearest,
        tuple(peaks.numbers),
        "zero delay is ambiguous: no peak differs from its neighbours by more than chance; the one nearest to delay 0 was taken, "
        "and the interval covers every peak; a calibrated zero delay would decide it",
    )


def _outstanding(peaks: PeakAreas, *, suppressed: bool) -> int | None:
    """The peak that differs from its neighbours most, if it does so beyond chance and beyond the runner-up."""
    deviances: dict[int, float] = {}
    for number in peaks.numbers:
        sides = peaks.sides(number, _NEIGHBOURS)
        area, around = peaks.area(number), peaks.total(sides)
        total, share = area + around, 1 / (1 + len(sides))
        if len(sides) < 2 or not total or (area < total * share) is not suppressed:
            continue
        chance = special.bdtr(area, total, share) if suppressed else special.bdtrc(area - 1, total, share) if area else 1.0
        if chance * len(peaks.numbers) < _FALSE_ALARM:
            deviances[number] = 2 * (_surprise(area, total * share) + _surprise(around, total * (1 - share)))
    if not deviances:
        return None
    number, *others = sorted(deviances, key=deviances.__getitem__, reverse=True)
    return number if not others or deviances[number] >= _MARGIN * deviances[others[0]] else None


def _surprise(count: int, expected: float) -> float:
    return count * log(count / expected) if count else 0.0
