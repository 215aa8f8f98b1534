"""Bell-state fidelity from correlations: truth held, two bases bound it, misaligned bases are refused."""

import pytest

from schemas.measurements import BasisCounts, PauliCorrelations
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered
from tests.streams.estimators.pairs_of_qubits import bases, fidelity, werner

STATES = {"phi+": (1, 0, 0, 1), "phi-": (1, 0, 0, -1), "psi+": (0, 1, 1, 0), "psi-": (0, 1, -1, 0)}


def outcome(data, **parameters):
    return estimators()["bell-fidelity"]([data], parameters)


def test_intervals_hold_the_truth():
    def case(weight, shots, target):
        state = werner(weight, STATES[target])
        return fidelity(state, STATES[target]), lambda seed: outcome(bases(seed, state, shots), target=target).estimate

    cases = [(1.0, 200, "phi+"), (0.95, 50, "phi-"), (0.9, 400, "psi+"), (0.6, 100, "psi-"), (0.98, 20, "phi+")] * 4
    found = covered(case(*each) for each in cases)
    assert found.silent == 0
    assert 0.90 <= found.share <= 0.99


def test_two_bases_bound_it_from_below_and_above():
    held = 0
    for seed in range(100):
        state = werner(0.9)
        found = outcome(bases(seed, state, 200, axes="XZ"))
        assert found.estimate.value is None
        assert "bound" in found.estimate.method
        held += found.estimate.lower <= fidelity(state) <= found.estimate.upper
    assert held >= 95  # a bound is looser than an interval
    loose = outcome(bases(0, werner(0.9), 100_000, axes="XZ")).estimate
    assert loose.lower == pytest.approx(0.9, abs=0.01)
    assert loose.upper == pytest.approx(0.95, abs=0.01)


def test_accidentals_are_taken_off_and_the_raw_value_kept():
    state = werner(0.96)
    found = covered([(fidelity(state), lambda seed: outcome(bases(seed, state, 1_000, accidentals=30.0)).estimate)], range(60))
    assert 0.90 <= found.share <= 1
    one = outcome(bases(1, state, 1_000, accidentals=30.0))
    assert one.raw == pytest.approx(0.25 + 0.72 * 1_000 / 1_120, abs=0.03)
    assert one.corrected > one.raw + 0.04


def test_a_population_below_zero_beyond_doubt_is_no_number():
    # The second analyser's Y is turned the wrong way: YY comes with the other sign, and XX, YY, ZZ fit no state.
    data = bases(1, werner(0.98), 1_000)
    turned = tuple(
        BasisCounts(first=one.first, second=one.second, pp=one.pm, pm=one.pp, mp=one.mm, mm=one.mp) if one.first == "Y" else one
        for one in data.settings
    )
    found = outcome(PauliCorrelations(settings=turned))
    assert "below zero beyond doubt" in found.refused
    assert found.estimate.value is found.estimate.lower is found.estimate.upper is None


def test_noise_below_zero_is_only_warned_of():
    warned = [outcome(bases(seed, werner(1.0), 30)).estimate for seed in range(30)]
    assert all(each.value is not None for each in warned)


@pytest.mark.parametrize(
    "data",
    [
        PauliCorrelations(settings=()),
        bases(1, werner(0.9), 100, axes="Z"),
        PauliCorrelations(settings=(BasisCounts(first="X", second="Y", pp=9, pm=9, mp=9, mm=9),) * 3),
        PauliCorrelations(settings=tuple(BasisCounts(first=axis, second=axis, pp=0, pm=0, mp=0, mm=0) for axis in "XYZ")),
        PauliCorrelations(
            settings=tuple(BasisCounts(first=axis, second=axis, pp=1, pm=0, mp=0, mm=0) for axis in "XYZ"), accidentals=2.0
        ),
    ],
)
def test_what_cannot_tell_is_no_number(data):
    found = outcome(data).estimate
    assert (found.value, found.lower, found.upper) == (None, None, None)
    assert found.warnings


def test_one_count_a_basis_is_hardly_an_interval():
    found = outcome(
        PauliCorrelations(settings=tuple(BasisCounts(first=axis, second=axis, pp=1, pm=0, mp=0, mm=0) for axis in "XZ"))
    ).estimate
    assert found.lower < 0.5
    assert found.upper == pytest.approx(1.0)
