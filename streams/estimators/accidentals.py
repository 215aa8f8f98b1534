"""Coincidences that light without correlations makes."""

from collections.abc import Sequence
from math import prod

_PS = 1e12


def accidentals_expected(singles: Sequence[int], integration_s: float, window_ps: float) -> float:
    """n-fold coincidences that uncorrelated light of these ``singles``, one number a channel, makes in a time.

    Within a full width W, every two tags being a two-fold coincidence: n (W/2)**(n-1) R_1 ... R_n times the time.
    """
    fold = len(singles)
    return fold * (window_ps / _PS / 2) ** (fold - 1) * prod(singles) / integration_s ** (fold - 1) if integration_s else 0.0
