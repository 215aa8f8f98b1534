"""Fidelity with a Bell state from a tomography by projections: linear inversion for the number, maximum likelihood for the eye.

Linear inversion is unbiased, and its interval is a parametric bootstrap: counts drawn anew from Poisson laws. The state that it
gives can be unphysical, and then it is said. The most likely physical state (James et al. 2001) is shown beside it; its fidelity
is biased downwards for nearly pure states. Where counts scatter about the linear fit more than counts do, the interval is wider.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np
from scipy import linalg, optimize, special

from schemas.measurements import Projection, ProjectionCounts
from schemas.records import Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.outcome import Curve, Fit, Fitted, Floats, Outcome
from streams.estimators.poisson_fit import deviance_residuals
from streams.estimators.two_qubits import (
    BellState,
    Complexes,
    bell_vector,
    concurrence,
    overlap,
    pauli_products,
    projector,
    purity,
)

METHOD = "tomography, linear inversion, interval by parametric bootstrap, v1"
_UNPHYSICAL = 0.05
"""A population below zero by more than this, beyond doubt, is no noise: the analysers are not where they are said to be."""
_CLEAR = 3.0
_DOUBTFUL = 1e-3
_EIGENSTATES: Mapping[str, tuple[tuple[float, float, float, float], tuple[float, float, float, float]]] = {
    "z": ((1, 0, 0, 0), (0, 0, 1, 0)),
    "x": ((1, 0, 1, 0), (1, 0, -1, 0)),
    "y": ((1, 0, 0, 1), (1, 0, 0, -1)),
}


class TomographyParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``target``: the Bell state. ``window_ps`` and ``integration_s`` of a projection: with them the accidental coincidences that
    the singles predict are taken off. ``resamples`` of the bootstrap, drawn from ``seed``.
    """

    target: BellState = "phi+"
    window_ps: float | None = None
    integration_s: float | None = None
    resamples: int = 2_000
    seed: int = 0


def fidelity_by_tomography(data: Sequence[ProjectionCounts], parameters: TomographyParameters) -> Outcome:
    """Overlap of the state with the target, from all projections together.

    Raises:
        EstimatorError: projections that do not tell a state of two qubits, repeats that differ, or a window without singles.
    """
    projections = [one for each in data for one in each.projections]
    if len({each.repeats for each in data}) > 1:
        raise EstimatorError("tomographies of different repeats; give those of one kind, or their sums")
    repeats = data[0].repeats
    if parameters.resamples < 100:
        raise EstimatorError(f"{parameters.resamples} resamples tell no interval; draw at least 100")
    inversion = _Inversion.of(projections)
    counts = np.array([one.coincidences for one in projections]) * repeats
    accidentals = _accidentals(projections, parameters) * repeats
    told = {"coincidences": round(float(counts.sum())), "projections": len(projections)}
    state = inversion.state(counts - accidentals)
    if counts.sum() < inversion.unknowns or state is None:
        why = f"{told['coincidences']} coincidences for {inversion.unknowns} unknowns: too few"
        return not_estimated(parameters, why, unit="1", method=METHOD, counts=told)
    target = bell_vector(parameters.target)
    value = overlap(state, target)
    spread = _bootstrap(inversion, counts, accidentals, target, parameters)
    widened = inversion.inflation(counts)
    lowest = float(np.linalg.eigvalsh(state)[0])
    likely = _most_likely(inversion, counts, accidentals, state)
    model = _described(inversion, counts, accidentals, likely)
    if lowest + _CLEAR * spread.lowest_error * widened < -_UNPHYSICAL:
        why = (
            f"the state that these counts give has a population of {lowest:.3f}, below zero beyond doubt: the analysers do not "
            "stand where the file says, or the light changed on the way; check the bases and their order"
        )
        refused = not_estimated(parameters, why, unit="1", method=METHOD, counts=told)
        return Outcome(refused.estimate, model=model, refused=why)
    found: dict[str, Parameter] = {
        "target": parameters.target,
        "repeats": repeats,
        "ml_fidelity": overlap(likely, target),
        "ml_concurrence": concurrence(likely),
        "ml_purity": purity(likely),
        **_visibilities(projections, counts - accidentals),
        "lowest_eigenvalue": lowest,
        "lowest_eigenvalue_error": spread.lowest_error * widened,
        "errors_widened": widened,
        "accidentals": float(accidentals.sum()),
        "resamples": parameters.resamples,
        "seed": parameters.seed,
        "interval": "fixed",
    }
    estimate = Estimate(
        value=value,
        lower=value + widened * (spread.lower - value),
        upper=value + widened * (spread.upper - value),
        confidence=parameters.confidence,
        counts=told,
        unit="1",
        method=METHOD,
        parameters=found,
        warnings=_warnings(lowest, spread.lowest_error * widened, widened),
    )
    raw = inversion.state(counts)
    seconds = None if parameters.integration_s is None else parameters.integration_s * len(projections) * repeats
    return Outcome(estimate, None if raw is None else overlap(raw, target), value, model, integration_s=seconds)


def _warnings(lowest: float, error: float, widened: float) -> tuple[str, ...]:
    found = []
    if lowest < 0:
        found.append(
            f"the linear state is unphysical: its lowest eigenvalue is {lowest:.4f} ± {error:.4f}"
            + ("" if lowest < -_CLEAR * error else ", which counting noise explains")
        )
    if widened > 1:
        found.append(
            f"counts scatter about the linear fit {widened:.1f} times as much as counts do: the interval is widened by that"
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Inversion:
    """``design`` (projections, 16) gives expected counts from the coefficients of Pauli products, ``inverse`` the way back."""

    projectors: Complexes
    products: Complexes
    design: Floats
    inverse: Floats

    @classmethod
    def of(cls, projections: Sequence[Projection]) -> Self:
        """
        Raises:
            EstimatorError: the projections leave something of the state untold, or one is none.
        """
        try:
            projectors = np.array([projector(one.first, one.second) for one in projections]).reshape(-1, 4, 4)
        except ValueError as error:
            raise EstimatorError(f"{error}; repair it") from error
        products = pauli_products()
        design = np.einsum("iab,jba->ij", projectors, products).real / 4
        rank = int(np.linalg.matrix_rank(design)) if len(projections) else 0
        if rank < len(products):
            raise EstimatorError(
                f"{len(projections)} projections tell {rank} of the {len(products)} numbers of a two-qubit state; measure more, "
                "for example all pairs of H, V, D, A, R, L"
            )
        return cls(projectors, products, design, np.asarray(np.linalg.pinv(design), np.float64))

    @property
    def unknowns(self) -> int:
        return len(self.products)

    def states(self, counts: Floats) -> Complexes:
        """Of many sets of counts (sets, projections): states of trace 1, (sets, 4, 4)."""
        coefficients = counts @ self.inverse.T
        return np.asarray(np.einsum("kj,jab->kab", coefficients / coefficients[:, :1], self.products) / 4)

    def state(self, counts: Floats) -> Complexes | None:
        """None where the counts add up to nothing."""
        return self.states(counts[None])[0] if float((self.inverse @ counts)[0]) > 0 else None

    def inflation(self, counts: Floats) -> float:
        """By how much the scatter about the linear fit exceeds that of counts; 1 where chance explains it."""
        unexplained = linalg.null_space(self.design.T)
        degrees = unexplained.shape[1]
        if not degrees:
            return 1.0
        left = unexplained.T @ counts
        square = float(left @ np.linalg.solve(unexplained.T @ (np.maximum(counts, 1.0)[:, None] * unexplained), left))
        return sqrt(square / degrees) if special.chdtrc(degrees, square) < _DOUBTFUL else 1.0


@dataclass(frozen=True, slots=True)
class _Spread:
    lower: float
    upper: float
    lowest_error: float


def _bootstrap(
    inversion: _Inversion, counts: Floats, accidentals: Floats, target: Complexes, parameters: TomographyParameters
) -> _Spread:
    """Percentiles of the fidelity, and the error of the lowest eigenvalue.

    A cell without counts would never vary: it is drawn as if half a count had been there, which moves the mean by less than that.
    """
    generator = np.random.default_rng(parameters.seed)
    drawn = generator.poisson(np.maximum(counts, 0.5), (parameters.resamples, counts.size)) - np.where(
        counts < 0.5, 0.5 - counts, 0
    )
    states = inversion.states(drawn - accidentals)
    fidelities = np.einsum("a,kab,b->k", target.conj(), states, target).real
    tail = (1 - parameters.confidence) / 2
    lower, upper = np.quantile(fidelities, [tail, 1 - tail])
    return _Spread(float(lower), float(upper), float(np.linalg.eigvalsh(states)[:, 0].std(ddof=1)))


def _most_likely(inversion: _Inversion, counts: Floats, accidentals: Floats, linear: Complexes) -> Complexes:
    """The physical state of the highest Poisson likelihood, as T†T, from the nearest physical state to the linear one."""
    total = float(counts.sum())
    scale = total / float(np.einsum("iab,ba->i", inversion.projectors, linear).real.clip(0).sum())
    values, vectors = np.linalg.eigh(linear)
    start = (vectors * np.sqrt(np.maximum(values, 1e-4))) @ vectors.conj().T

    def cost(flat: Floats) -> tuple[float, Floats]:
        root = flat[:16].reshape(4, 4) + 1j * flat[16:].reshape(4, 4)
        expected = scale * np.einsum("iab,ba->i", inversion.projectors, root.conj().T @ root).real + accidentals
        expected = np.maximum(expected, 1e-9)
        pull = scale * (1 - counts / expected) / total
        slope = 2 * root @ np.einsum("i,iab->ab", pull, inversion.projectors)
        return float((expected - special.xlogy(counts, expected)).sum()) / total, np.concatenate(
            [slope.real.ravel(), slope.imag.ravel()]
        )

    found = optimize.minimize(
        cost,
        np.concatenate([start.real.ravel(), start.imag.ravel()]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 2_000, "maxfun": 4_000, "ftol": 1e-15, "gtol": 1e-10},
    )
    root = found.x[:16].reshape(4, 4) + 1j * found.x[16:].reshape(4, 4)
    state = root.conj().T @ root
    return np.asarray(state / np.trace(state).real)


def _accidentals(projections: Sequence[Projection], parameters: TomographyParameters) -> Floats:
    """Expected in each projection: S1·S2·window/time; none where the window is not given."""
    if parameters.window_ps is None and parameters.integration_s is None:
        return np.zeros(len(projections))
    if not parameters.window_ps or not parameters.integration_s or min(parameters.window_ps, parameters.integration_s) < 0:
        raise EstimatorError("accidentals need both window_ps and integration_s, above 0; give both or neither")
    if any(one.singles_first is None or one.singles_second is None for one in projections):
        raise EstimatorError("accidentals need the singles of every projection, and some have none; leave window_ps out")
    window_s = parameters.window_ps * 1e-12
    return np.array(
        [(one.singles_first or 0) * (one.singles_second or 0) * window_s / parameters.integration_s for one in projections]
    )


def _visibilities(projections: Sequence[Projection], counts: Floats) -> dict[str, Parameter]:
    """|same - different| over all four, in each of the bases Z (H/V), X (D/A) and Y (R/L) whose four projections are there."""
    found: dict[str, Parameter] = {}
    for basis, states in _EIGENSTATES.items():
        sums = np.zeros((2, 2))
        seen = np.zeros((2, 2), bool)
        for one, count in zip(projections, counts, strict=True):
            actual = projector(one.first, one.second)
            for i, j in np.ndindex(2, 2):
                if abs(1 - np.trace(actual @ projector(states[i], states[j])).real) < 1e-6:
                    sums[i, j] += count
                    seen[i, j] = True
        if seen.all() and sums.sum() > 0:
            found[f"visibility_{basis}"] = float(abs(sums[0, 0] + sums[1, 1] - sums[0, 1] - sums[1, 0]) / sums.sum())
    return found


def _described(inversion: _Inversion, counts: Floats, accidentals: Floats, likely: Complexes) -> Fit:
    """The most likely state's matrix, and its counts beside those that were measured."""
    shape = np.einsum("iab,ba->i", inversion.projectors, likely).real.clip(0)
    expected = np.maximum(shape * max(float((counts - accidentals).sum()) / float(shape.sum()), 0) + accidentals, 1e-9)
    residuals = deviance_residuals(counts, expected)
    deviance, degrees = float((residuals**2).sum()), max(len(counts) - inversion.unknowns, 0)
    names = ("hh", "hv", "vh", "vv")
    entries = {
        f"{part}_{row}_{column}": Fitted(float(number), None)
        for i, row in enumerate(names)
        for j, column in enumerate(names)
        for part, number in (("re", likely[i, j].real), ("im", likely[i, j].imag))
        if j >= i and not (part == "im" and i == j)
    }
    curve = Curve(
        "coincidences", "projection", "coincidences", np.arange(len(counts), dtype=np.float64), counts, expected, residuals
    )
    chance = float(special.chdtrc(degrees, deviance)) if degrees else 1.0
    goodness = {"deviance": deviance, "degrees_of_freedom": float(degrees), "p_value": chance}
    return Fit("density matrix of the highest likelihood", entries, goodness, (curve,))


ESTIMATOR = Estimator(
    "tomography",
    "fidelity with a Bell state from projections, by linear inversion; the most likely state beside it",
    (ProjectionCounts,),
    TomographyParameters,
    fidelity_by_tomography,
)
