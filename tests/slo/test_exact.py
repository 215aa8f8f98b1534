from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.exact import decimal_text, number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(999, 1000), "0.999"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(72, 5), "14.4"),
        (Fraction(0), "0"),
        (Fraction(-5, 4), "-1.25"),
        (Fraction(120), "120"),
        (Fraction(1, 1 << 12), "0.000244140625"),
    ],
)
def test_a_decimal_is_written_as_it_is(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text == number_text(value)


def test_what_never_ends_is_a_fraction() -> None:
    assert decimal_text(Fraction(14, 15)) is None
    assert number_text(Fraction(14, 15)) == "14/15"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=9))
def test_decimals_come_back(value: object) -> None:
    exact = Fraction(str(value))
    assert Fraction(decimal_text(exact) or "") == exact
