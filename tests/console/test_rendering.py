"""Numbers as the pages write them."""

import pytest

from console.web.rendering import bounds, estimate, legible, threshold
from schemas.records import Estimate


def measured(value: float | None, lower: float | None, upper: float | None, unit: str) -> Estimate:
    return Estimate(value=value, lower=lower, upper=upper, confidence=0.95, counts={}, unit=unit, method="m")


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (measured(4e6, 3.9e6, 4.1e6, "Hz"), "4.000 MHz, 3.900 … 4.100"),
        (measured(2e-5, 1.9e-5, None, "s"), "20 µs, > 19"),
        (measured(None, None, 3e-12, "s"), "– ps, < 3.000"),
        (measured(0.0, 0.0, 0.0, "Hz"), "0.0000 Hz, 0.0000 … 0.0000"),
        (measured(7e15, -7e15, 8e15, "Hz"), "7e+06 GHz, -7e+06 … 8e+06"),
        (measured(4e-6, 3e-6, 5e-6, "1"), "0.0000 1, 0.0000 … 0.0000"),
    ],
)
def test_an_estimate_is_written_in_a_unit_that_suits_its_size(of: Estimate, text: str) -> None:
    shown = legible(of)
    assert f"{estimate(shown.value)} {shown.unit}, {bounds(shown)}" == text


def test_a_threshold_is_written_in_a_unit_of_its_own() -> None:
    assert threshold(measured(4e6, None, None, "Hz"), 900.0) == "900 Hz"
    assert threshold(measured(0.1, None, None, "1"), 0.5) == "0.500"
