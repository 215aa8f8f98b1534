import numpy as np
import pytest

from streams.estimators.two_qubits import SIGNS, bell_vector, overlap, pauli_products, projector, purity


def test_bell_states_have_the_correlations_of_their_signs():
    products = pauli_products().reshape(4, 4, 4, 4)
    for state, signs in SIGNS.items():
        vector = bell_vector(state)
        found = [float((vector.conj() @ products[axis, axis] @ vector).real) for axis in (1, 2, 3)]
        assert found == pytest.approx(signs)
        rho = np.outer(vector, vector.conj())
        assert overlap(rho, vector) == pytest.approx(1)
        assert purity(rho) == pytest.approx(1)


def test_products_are_a_basis():
    products = pauli_products().reshape(16, 16)
    assert np.abs(products.conj() @ products.T - 4 * np.eye(16)).max() < 1e-12


def test_a_projector_is_one_whatever_the_amplitudes_length():
    one = projector((2.0, 0.0, 0.0, 2.0), (0.0, 3.0, 0.0, 0.0))
    assert np.trace(one).real == pytest.approx(1)
    assert np.abs(one @ one - one).max() < 1e-12
    for wrong in ((0.0, 0.0, 0.0, 0.0), (float("nan"), 0.0, 0.0, 0.0)):
        with pytest.raises(ValueError, match="no length"):
            projector(wrong, (1.0, 0.0, 0.0, 0.0))
