"""Simulated pairs of qubits: counts drawn from a density matrix, by no code of the estimators."""

import numpy as np

from schemas.measurements import BasisCounts, PauliCorrelations, Projection, ProjectionCounts

H, V, D, A, R, L = (1, 0), (0, 1), (1, 1), (1, -1), (1, 1j), (1, -1j)
EIGENSTATES = {"Z": (H, V), "X": (D, A), "Y": (R, L)}


def werner(weight, state=(1, 0, 0, 1)):
    """A Bell state (with the given amplitudes) mixed with white noise."""
    vector = np.array(state, complex) / np.linalg.norm(state)
    return weight * np.outer(vector, vector.conj()) + (1 - weight) * np.eye(4) / 4


def fidelity(state, target=(1, 0, 0, 1)):
    vector = np.array(target, complex) / np.linalg.norm(target)
    return float((vector.conj() @ state @ vector).real)


def chance(state, first, second):
    vector = np.kron(np.array(first, complex) / np.linalg.norm(first), np.array(second, complex) / np.linalg.norm(second))
    return float((vector.conj() @ state @ vector).real)


def projections(seed, state, mean=400, background=0.0):
    generator = np.random.default_rng(seed)
    found = []
    for first in (H, V, D, A, R, L):
        for second in (H, V, D, A, R, L):
            count = generator.poisson(mean * max(chance(state, first, second), 0) + background)
            found.append(Projection(first=_parts(first), second=_parts(second), coincidences=float(count)))
    return ProjectionCounts(projections=tuple(found))


def bases(seed, state, shots=400, axes="XYZ", accidentals=0.0, turned=None):
    """``turned``: what is really measured where a basis is named, for misaligned analysers."""
    generator = np.random.default_rng(seed)
    found = []
    for axis in axes:
        firsts, seconds = EIGENSTATES[axis], EIGENSTATES[(turned or {}).get(axis, axis)]
        chances = [max(chance(state, one, other), 0.0) for one in firsts for other in seconds]
        cells = generator.multinomial(shots, np.array(chances) / sum(chances)) + generator.poisson(accidentals, 4)
        pp, pm, mp, mm = map(int, cells)
        found.append(BasisCounts(first=axis, second=axis, pp=pp, pm=pm, mp=mp, mm=mm))
    return PauliCorrelations(settings=tuple(found), accidentals=accidentals)


def _parts(state):
    one, other = map(complex, state)
    return one.real, one.imag, other.real, other.imag
