import pytest

from streams.clock_parameters import ClockParameters
from streams.errors import AnalysisError


@pytest.mark.parametrize(
    "wrong",
    [
        {"tick_ps": 10**11 + 1},
        {"reach_ps": 15 * 10**10},
        {"reach_ps": 0},
        {"part_ps": 10**10},
        {"parts": 0},
        {"most_frequency": 1e-3},
        {"confidence": 1.0},
        {"reach_ps": 10**14},
        {"tick_ps": 10**8, "close_ps": 10**9},
        {"lost_ps": 50.0},
        {"look_counts": 0},
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(AnalysisError, match="clock parameters"):
        ClockParameters(**wrong)


def test_a_close_look_is_long_for_dim_light_and_short_for_bright():
    parameters = ClockParameters()
    spans = [parameters.close_look(tags, tags, 10**12)[0] for tags in (0, 1_000, 10**4, 10**6, 10**7, 10**9)]
    assert spans[:4] == [2 * 10**12, 2 * 10**12, 5 * 10**11, 25 * 10**10]
    assert spans == sorted(spans, reverse=True)
    assert spans[4] < 5 * 10**10
    assert spans[5] > 10**9
