"""CHSH: S of simulated pairs is held, settings out of order are noticed, the impossible is refused."""

from itertools import product
from math import pi, sqrt

import numpy as np
import pytest

from schemas.measurements import ChshCounts
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered
from tests.streams.estimators.pairs_of_qubits import chance, fidelity, werner

KNOWN = estimators()
ANGLES = (0.0, pi / 4), (pi / 8, -pi / 8)


def bell_test(seed, weight, shots=400, order=(0, 1, 2, 3)):
    generator = np.random.default_rng(seed)
    state = werner(weight)
    found = []
    for first, second in product(*ANGLES):
        states = [[(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))] for angle in (first, second)]
        chances = [chance(state, one, other) for one in states[0] for other in states[1]]
        found.append(tuple(map(int, generator.multinomial(shots, chances))))
    return ChshCounts(outcomes=tuple(found[place] for place in order))


def test_intervals_hold_s():
    cases = [(1.0, 100), (0.9, 400), (0.6, 50), (0.97, 1_000)]
    found = covered(
        (
            (2 * sqrt(2) * weight, lambda seed, told=(weight, shots): KNOWN["chsh"]([bell_test(seed, *told)]).estimate)
            for weight, shots in cases
        ),
        range(100),
    )
    assert found.silent == 0
    assert 0.90 <= found.share <= 0.99


def test_fair_sampling_is_said():
    found = KNOWN["chsh"]([bell_test(1, 0.9)]).estimate
    assert found.parameters["fair_sampling"] is True
    assert "fair sampling" in found.method


def test_settings_out_of_order_are_noticed():
    told = KNOWN["chsh"]([bell_test(1, 0.95, 2_000, order=(3, 1, 2, 0))]).estimate
    assert "are the settings in order?" in told.warnings[0]
    assert KNOWN["chsh"]([bell_test(1, 0.95, 2_000, order=(3, 1, 2, 0))], {"minus": "ab"}).estimate.value == pytest.approx(
        2.69, abs=0.08
    )


def test_beyond_quantum_mechanics_is_refused():
    box = ChshCounts(outcomes=((500, 0, 0, 500), (500, 0, 0, 500), (500, 0, 0, 500), (0, 500, 500, 0)))
    found = KNOWN["chsh"]([box])
    assert "beyond doubt" in found.refused
    assert found.estimate.value is None


@pytest.mark.parametrize("name", ["chsh", "bell-test-fidelity"])
def test_a_setting_without_counts_is_no_number(name):
    found = KNOWN[name]([ChshCounts(outcomes=((5, 1, 1, 5), (5, 1, 1, 5), (0, 0, 0, 0), (1, 5, 5, 1)))]).estimate
    assert (found.value, found.lower, found.upper) == (None, None, None)


def test_the_certified_fidelity_is_below_the_true_one():
    state = werner(0.97)
    limits = [KNOWN["bell-test-fidelity"]([bell_test(seed, 0.97, 2_000)]).estimate for seed in range(40)]
    assert sum(limit.lower <= fidelity(state) for limit in limits) >= 38
    assert max(limit.lower for limit in limits) > 0.8
    assert all(limit.value is None for limit in limits)
    classical = KNOWN["bell-test-fidelity"]([bell_test(1, 0.6)]).estimate
    assert classical.lower is None
