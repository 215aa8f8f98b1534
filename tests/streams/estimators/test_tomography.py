"""Tomography of simulated pairs: the truth is held, what is unphysical is said or refused, the likely state is physical."""

import msgspec
import numpy as np
import pytest

from schemas.measurements import Projection, ProjectionCounts
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from streams.estimators.two_qubits import bell_vector, concurrence
from tests.streams.estimators.coverage import covered
from tests.streams.estimators.pairs_of_qubits import fidelity, projections, werner


def outcome(data, **parameters):
    return estimators()["tomography"]([data], {"resamples": 400, **parameters})


@pytest.mark.slow
def test_intervals_hold_the_truth():
    def case(weight, mean):
        state = werner(weight)
        return fidelity(state), lambda seed: outcome(projections(seed, state, mean)).estimate

    found = covered(case(weight, mean) for weight, mean in [(1.0, 400), (0.9, 100), (0.7, 30), (0.3, 200), (0.95, 2_000)])
    assert found.silent == 0
    assert 0.90 <= found.share <= 0.99


@pytest.mark.parametrize(
    ("target", "amplitudes"), [("phi+", (1, 0, 0, 1)), ("phi-", (1, 0, 0, -1)), ("psi+", (0, 1, 1, 0)), ("psi-", (0, 1, -1, 0))]
)
def test_each_bell_state_is_its_own(target, amplitudes):
    assert abs(np.vdot(bell_vector(target), np.array(amplitudes) / np.sqrt(2))) == pytest.approx(1)
    found = outcome(projections(1, werner(0.9, amplitudes)), target=target, confidence=0.999, resamples=4_000)
    assert found.estimate.lower < 0.925 < found.estimate.upper
    assert found.estimate.parameters["visibility_z"] == pytest.approx(0.9, abs=0.08)


def test_the_likely_state_is_physical_and_no_less_likely_than_the_truth():
    state = werner(0.97)
    found = outcome(projections(3, state, 3_000))
    told = found.estimate.parameters
    assert told["ml_fidelity"] == pytest.approx(fidelity(state), abs=0.02)
    assert told["ml_concurrence"] == pytest.approx(1.5 * 0.97 - 0.5, abs=0.03)
    assert 0 <= told["ml_purity"] <= 1 + 1e-9
    matrix = np.zeros((4, 4), complex)
    names = ("hh", "hv", "vh", "vv")
    for i, row in enumerate(names):
        for j, column in enumerate(names):
            if j >= i:
                entries = found.model.parameters
                imaginary = 0 if i == j else entries[f"im_{row}_{column}"].value
                matrix[i, j] = entries[f"re_{row}_{column}"].value + 1j * imaginary
                matrix[j, i] = matrix[i, j].conjugate()
    assert np.trace(matrix).real == pytest.approx(1)
    assert np.linalg.eigvalsh(matrix)[0] > -1e-9
    assert found.model.goodness["p_value"] > 1e-3


def test_concurrence_of_known_states():
    assert concurrence(werner(1.0)) == pytest.approx(1)
    assert concurrence(werner(0.8)) == pytest.approx(0.7)
    assert concurrence(np.eye(4) / 4) == 0


def test_a_linear_state_outside_the_physical_ones_is_said():
    found = outcome(projections(2, werner(1.0), 300)).estimate
    assert found.parameters["lowest_eigenvalue"] < 0
    assert "unphysical" in found.warnings[0]


def test_a_population_below_zero_beyond_doubt_is_no_number():
    told = projections(1, werner(0.95), 5_000)
    wrong = {(1, 0, 0, 1): (1, 0, 0, -1), (1, 0, 0, -1): (1, 0, 0, 1)}  # R and L of one analyser confused: no state is like that
    swapped = tuple(msgspec.structs.replace(one, second=wrong.get(one.second, one.second)) for one in told.projections)
    found = outcome(ProjectionCounts(projections=swapped))
    assert "below zero beyond doubt" in found.refused
    assert (found.estimate.value, found.estimate.lower, found.estimate.upper) == (None, None, None)


def test_accidentals_are_taken_off_and_averages_known():
    state, background = werner(0.98), 20.0
    data = projections(5, state, 2_000, background)
    singles = 1e6
    with_singles = ProjectionCounts(
        projections=tuple(msgspec.structs.replace(one, singles_first=singles, singles_second=singles) for one in data.projections)
    )
    window_ps = background / singles**2 * 1e12 * 10
    found = outcome(with_singles, window_ps=window_ps, integration_s=10)
    assert found.estimate.lower < fidelity(state) < found.estimate.upper
    assert found.raw < found.corrected - 0.01
    averaged = ProjectionCounts(
        projections=tuple(msgspec.structs.replace(one, coincidences=one.coincidences / 50) for one in data.projections),
        repeats=50,
    )
    assert outcome(averaged).estimate.value == pytest.approx(outcome(data).estimate.value)
    assert outcome(averaged).estimate.upper == pytest.approx(outcome(data).estimate.upper)


def test_light_that_drifts_widens_the_interval():
    data = projections(4, werner(0.95), 2_000)
    drifting = ProjectionCounts(
        projections=tuple(
            msgspec.structs.replace(one, coincidences=round(one.coincidences * (1 + 0.3 * np.sin(i))))
            for i, one in enumerate(data.projections)
        )
    )
    assert outcome(drifting).estimate.parameters["errors_widened"] > 2
    assert outcome(data).estimate.parameters["errors_widened"] == 1


def test_too_little_to_tell_a_state():
    data = projections(1, werner(0.9))
    with pytest.raises(EstimatorError, match="tell 8 of the 16"):
        outcome(ProjectionCounts(projections=data.projections[:12]))
    with pytest.raises(EstimatorError, match="tell 0 of the 16"):
        outcome(ProjectionCounts(projections=()))
    none = ProjectionCounts(projections=tuple(msgspec.structs.replace(one, coincidences=0.0) for one in data.projections))
    assert outcome(none).estimate.value is None
    one = ProjectionCounts(projections=(data.projections[0], *none.projections[1:]))
    assert (
        outcome(
            msgspec.structs.replace(
                one, projections=(msgspec.structs.replace(one.projections[0], coincidences=1.0), *none.projections[1:])
            )
        ).estimate.value
        is None
    )
    with pytest.raises(EstimatorError, match="no length"):
        outcome(ProjectionCounts(projections=(Projection(first=(0, 0, 0, 0), second=(1, 0, 0, 0), coincidences=1.0),)))
    with pytest.raises(EstimatorError, match="singles"):
        outcome(data, window_ps=1000, integration_s=1)


def test_the_same_seed_gives_the_same_interval():
    data = projections(1, werner(0.9))
    assert outcome(data).estimate == outcome(data).estimate
    assert outcome(data).estimate.lower != outcome(data, seed=1).estimate.lower
