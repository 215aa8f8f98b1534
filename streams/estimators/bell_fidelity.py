"""Fidelity with a Bell state from correlations in Pauli bases: F = (1 ± ⟨XX⟩ ± ⟨YY⟩ ± ⟨ZZ⟩)/4; from two bases only bounds.

Two bases a, b: (⟨aa⟩ + ⟨bb⟩)/2 ≤ F ≤ (1 + ⟨aa⟩)/2, signs as the target has them. Three tell the populations of all Bell states:
one that is below zero beyond its interval shows that the bases are not those that are named.
"""

from collections.abc import Mapping, Sequence

from schemas.measurements import PauliCorrelations
from schemas.records import Estimate, Parameter
from streams.estimators.correlations import Part, correlation, summed
from streams.estimators.estimator import Estimator, EstimatorParameters, not_estimated
from streams.estimators.outcome import Outcome
from streams.estimators.two_qubits import SIGNS, BellState

METHOD = "Bell-state fidelity of three correlations, interval by Wilson and MOVER, v1"
BOUND_METHOD = "Bell-state fidelity bounded by two correlations, limits by Wilson and MOVER, v1"
_AXES = "XYZ"
_BEYOND_DOUBT = 0.9999
"""Confidence of the interval that says so; a true population of nothing lies below zero in half of all cases."""


class BellParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``target``: the Bell state that the pairs should be in."""

    target: BellState = "phi+"


def bell_fidelity(data: Sequence[PauliCorrelations], parameters: BellParameters) -> Outcome:
    """Settings in equal bases count; others tell nothing of a Bell state's fidelity and are left out, which is said."""
    cells, accidentals, unused = _cells(data)
    counts = {f"{axis}{axis}".lower(): sum(cells[axis]) for axis in cells}
    if len(cells) < 2:
        why = f"correlations in {len(cells)} of the bases XX, YY, ZZ; a bound needs two of them, a fidelity three"
        return not_estimated(parameters, why, unit="1", method=METHOD, counts=counts)
    three = len(cells) == 3
    # Two bounds share the error: each is one-sided, and the upper one is the lesser of two limits.
    confidence = parameters.confidence if three else 1 - (1 - parameters.confidence) / 2
    try:
        parts = {axis: correlation(*cells[axis], accidentals[axis], confidence) for axis in cells}
        raw = {axis: correlation(*cells[axis], 0.0, confidence) for axis in cells}
    except ValueError as error:
        return not_estimated(parameters, f"{error}: too few", unit="1", method=METHOD, counts=counts)
    found: dict[str, Parameter] = {f"{axis}{axis}".lower(): part.value for axis, part in parts.items()}
    found |= {"target": parameters.target, "accidentals": 4 * sum(accidentals.values()), "interval": "fixed"}
    warnings: tuple[str, ...] = (f"{unused} settings in unequal bases are left out",) if unused else ()
    if not three:
        return _bounded(parts, parameters, counts, found, warnings)
    populations = {state: _fidelity(parts, state) for state in SIGNS}
    found |= {f"population_{state}": part.value for state, part in populations.items()}
    surely = {axis: correlation(*cells[axis], accidentals[axis], _BEYOND_DOUBT) for axis in cells}
    for state, part in populations.items():
        if _fidelity(surely, state).upper < 0:
            why = (
                f"the population of {state} is {part.value:.3f}, below zero beyond doubt: the bases are not those that are named;"
                " align the analysers, or correct the names"
            )
            refused = not_estimated(parameters, why, unit="1", method=METHOD, counts=counts)
            return Outcome(refused.estimate, refused=why)
        if part.value < 0:
            warnings += (f"the population of {state} is {part.value:.3f}: bases may be misaligned, or it is counting noise",)
    value = populations[parameters.target]
    estimate = Estimate(
        value=value.value,
        lower=value.lower,
        upper=value.upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=METHOD,
        parameters=found,
        warnings=warnings,
    )
    return Outcome(estimate, _fidelity(raw, parameters.target).value, value.value)


def _cells(data: Sequence[PauliCorrelations]) -> tuple[dict[str, tuple[int, int]], dict[str, float], int]:
    """Same and different outcomes by basis, the accidentals expected in each of these two, and settings that were left out."""
    cells: dict[str, tuple[int, int]] = {}
    accidentals: dict[str, float] = {}
    unused = 0
    for each in data:
        for one in each.settings:
            if one.first != one.second:
                unused += 1
                continue
            same, different = cells.get(one.first, (0, 0))
            cells[one.first] = same + one.pp + one.mm, different + one.pm + one.mp
            accidentals[one.first] = accidentals.get(one.first, 0.0) + 2 * each.accidentals
    return cells, accidentals, unused


def _fidelity(parts: Mapping[str, Part], state: BellState) -> Part:
    return summed([parts[axis].times(sign / 4) for axis, sign in zip(_AXES, SIGNS[state], strict=True)], 0.25)


def _bounded(
    parts: Mapping[str, Part],
    parameters: BellParameters,
    counts: dict[str, int],
    found: dict[str, Parameter],
    warnings: tuple[str, ...],
) -> Outcome:
    signed = [parts[axis].times(sign) for axis, sign in zip(_AXES, SIGNS[parameters.target], strict=True) if axis in parts]
    lower = summed([part.times(0.5) for part in signed])
    upper = [part.times(0.5) for part in signed]
    estimate = Estimate(
        value=None,
        lower=lower.lower,
        upper=0.5 + min(part.upper for part in upper),
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=BOUND_METHOD,
        parameters=found | {"bound": lower.value},
        warnings=(*warnings, "two bases bound the fidelity and do not tell it; a third one would"),
    )
    return Outcome(estimate)


ESTIMATOR = Estimator(
    "bell-fidelity",
    "fidelity with a Bell state from correlations in three bases; from two a bound",
    (PauliCorrelations,),
    BellParameters,
    bell_fidelity,
)
