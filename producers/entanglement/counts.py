"""Counts of pairs in measured bases: tomography, Bell tests, sifted keys."""

import math
from itertools import product

import numpy as np

from producers.entanglement.state import PLUS, Density, joint_probabilities, joint_probability, linear, orthogonal
from producers.plan import Plan
from schemas.measurements import (
    Amplitudes,
    Basis,
    BasisCounts,
    ChshCounts,
    PauliCorrelations,
    Projection,
    ProjectionCounts,
    SiftedBits,
)

CHSH_ANGLES = (0.0, math.pi / 4), (math.pi / 8, -math.pi / 8)
"""a, a' of the first and b, b' of the second photon: S = E(a,b) + E(a,b') + E(a',b) - E(a',b') = 2√2 of a perfect Φ⁺."""


class Correlations(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pauli-correlations"):
    """``pairs`` on average in each setting of two bases, and ``accidentals`` besides in each of its four cells."""

    settings: tuple[tuple[Basis, Basis], ...] = (("Z", "Z"), ("X", "X"), ("Y", "Y"))
    pairs: float = 500.0
    accidentals: float = 0.0


def pauli_correlations(state: Density, plan: Correlations, random: np.random.Generator) -> PauliCorrelations:
    counted = []
    for first, second in plan.settings:
        mean = np.array(joint_probabilities(state, PLUS[first], PLUS[second])) * plan.pairs + plan.accidentals
        pp, pm, mp, mm = random.poisson(np.maximum(mean, 0.0)).tolist()
        counted.append(BasisCounts(first=first, second=second, pp=pp, pm=pm, mp=mp, mm=mm))
    return PauliCorrelations(settings=tuple(counted), accidentals=plan.accidentals)


class Projections(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="projection-counts"):
    """All 36 products of the six Pauli eigenstates, one after another, each while ``pairs`` come on average."""

    pairs: float = 200.0


def projection_counts(state: Density, plan: Projections, random: np.random.Generator) -> ProjectionCounts:
    states: list[Amplitudes] = [one for plus in PLUS.values() for one in (plus, orthogonal(plus))]
    projections = []
    for first, second in product(states, states):
        mean = max(0.0, joint_probability(state, first, second)) * plan.pairs
        projections.append(Projection(first=first, second=second, coincidences=float(random.poisson(mean))))
    return ProjectionCounts(projections=tuple(projections))


class BellTest(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="chsh-counts"):
    """The best angles, with ``pairs`` on average in each of the four settings."""

    pairs: float = 500.0


def chsh_counts(state: Density, plan: BellTest, random: np.random.Generator) -> ChshCounts:
    four = [
        random.poisson(np.maximum(np.array(joint_probabilities(state, linear(first), linear(second))), 0.0) * plan.pairs).tolist()
        for first, second in product(*CHSH_ANGLES)
    ]
    ab, ab2, a2b, a2b2 = ((pp, pm, mp, mm) for pp, pm, mp, mm in four)
    return ChshCounts(outcomes=(ab, ab2, a2b, a2b2))


class Key(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sifted-bits"):
    """``bits`` on average in each of the bases Z and X: unequal outcomes are errors."""

    bits: float = 2_000.0


def sifted_bits(state: Density, plan: Key, random: np.random.Generator) -> SiftedBits:
    found = {}
    for basis in ("Z", "X"):
        pp, pm, mp, mm = joint_probabilities(state, PLUS[basis], PLUS[basis])
        sifted = int(random.poisson(plan.bits))
        found[basis] = sifted, int(random.binomial(sifted, min(1.0, max(0.0, (pm + mp) / (pp + pm + mp + mm)))))
    (sifted_z, errors_z), (sifted_x, errors_x) = found["Z"], found["X"]
    return SiftedBits(sifted_z=sifted_z, errors_z=errors_z, sifted_x=sifted_x, errors_x=errors_x)
