"""Exact rationals as text: decimals where they end, fractions where they do not."""

from fractions import Fraction


def decimal_text(value: Fraction) -> str | None:
    """The decimal that is exactly ``value``, without exponent; None where it never ends.

    >>> decimal_text(Fraction(999, 1000)), decimal_text(Fraction(1, 3))
    ('0.999', None)
    """
    places, rest = 0, value.denominator
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest //= prime
            power += 1
        places = max(places, power)
    if rest != 1:
        return None
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def number_text(value: Fraction) -> str:
    """``value`` for people and for languages that divide: ``14.4``, else ``14/15``."""
    return decimal_text(value) or f"{value.numerator}/{value.denominator}"
