"""The CHSH parameter S of a Bell test, and the fidelity that it certifies.

S = E(a,b) + E(a,b') + E(a',b) - E(a',b'), with the minus sign where it is said. Every pair that is not detected is assumed to be
like those that are (fair sampling). S certifies a fidelity of at least ½ + ½(S - s)/(2√2 - s), s = (16 + 14√2)/17, up to local
rotations, whatever the devices do (Kaniewski 2016).
"""

from collections.abc import Sequence
from math import sqrt
from typing import Literal

from schemas.measurements import ChshCounts
from schemas.records import Estimate, Parameter
from streams.estimators.correlations import Part, correlation, summed
from streams.estimators.estimator import Estimator, EstimatorParameters, not_estimated
from streams.estimators.outcome import Outcome

METHOD = "CHSH, four correlations, fair sampling assumed, interval by Wilson and MOVER, v1"
FIDELITY_METHOD = "fidelity certified by CHSH (Kaniewski 2016), fair sampling assumed, limit by Wilson and MOVER, v1"
_SETTINGS = ("ab", "ab'", "a'b", "a'b'")
_MOST = 2 * sqrt(2)
_TRIVIAL = (16 + 14 * sqrt(2)) / 17
_CLEAR = 0.9999


class BellTestParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``minus``: the setting whose correlation is subtracted."""

    minus: Literal["ab", "ab'", "a'b", "a'b'"] = "a'b'"


def chsh(data: Sequence[ChshCounts], parameters: BellTestParameters) -> Outcome:
    """S of all counts together."""
    counts, part, told, warnings = _parameter(data, parameters, parameters.confidence)
    if part is None:
        return not_estimated(parameters, "a setting without counts", unit="1", method=METHOD, counts=counts)
    surely = _parameter(data, parameters, _CLEAR)[1]
    if surely is not None and surely.lower > _MOST:
        why = (
            f"S is {part.value:.3f}, beyond 2√2 and beyond doubt: no quantum state gives it; look for counts that are not "
            "independent, or settings that were chosen after the outcome"
        )
        return Outcome(not_estimated(parameters, why, unit="1", method=METHOD, counts=counts).estimate, refused=why)
    estimate = Estimate(
        value=part.value,
        lower=part.lower,
        upper=part.upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=METHOD,
        parameters=told,
        warnings=warnings,
    )
    return Outcome(estimate, part.value, part.value)


def certified_fidelity(data: Sequence[ChshCounts], parameters: BellTestParameters) -> Outcome:
    """A lower limit, at the stated confidence on one side; below S = 2.11 it says nothing."""
    counts, part, told, warnings = _parameter(data, parameters, 1 - 2 * (1 - parameters.confidence))
    if part is None:
        return not_estimated(parameters, "a setting without counts", unit="1", method=FIDELITY_METHOD, counts=counts)
    if part.lower <= _TRIVIAL:
        why = f"S > {part.lower:.3f}: fidelities are certified above {_TRIVIAL:.3f} only"
        blank = not_estimated(parameters, why, unit="1", method=FIDELITY_METHOD, counts=counts)
        return Outcome(blank.estimate)
    estimate = Estimate(
        value=None,
        lower=0.5 + 0.5 * (part.lower - _TRIVIAL) / (_MOST - _TRIVIAL),
        upper=None,
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=FIDELITY_METHOD,
        parameters=told | {"s": part.value},
        warnings=(*warnings, "a Bell test certifies a least fidelity and does not tell it"),
    )
    return Outcome(estimate)


def _parameter(
    data: Sequence[ChshCounts], parameters: BellTestParameters, confidence: float
) -> tuple[dict[str, int], Part | None, dict[str, Parameter], tuple[str, ...]]:
    sums = [[sum(one.outcomes[setting][cell] for one in data) for cell in range(4)] for setting in range(4)]
    counts = {f"pairs_{name}": sum(four) for name, four in zip(_SETTINGS, sums, strict=True)}
    if not all(counts.values()):
        return counts, None, {}, ()
    parts = [correlation(pp + mm, pm + mp, 0.0, confidence) for pp, pm, mp, mm in sums]
    place = _SETTINGS.index(parameters.minus)
    part = summed([each.times(-1.0 if number == place else 1.0) for number, each in enumerate(parts)])
    told: dict[str, Parameter] = {f"e_{name}": each.value for name, each in zip(_SETTINGS, parts, strict=True)}
    told |= {"minus": parameters.minus, "fair_sampling": True, "interval": "fixed"}
    total = sum(each.value for each in parts)
    largest = max(range(4), key=lambda number: abs(total - 2 * parts[number].value))
    warnings = (
        (f"|S| would be {abs(total - 2 * parts[largest].value):.3f} with minus={_SETTINGS[largest]}: are the settings in order?",)
        if largest != place and abs(part.value) < abs(total - 2 * parts[largest].value) - (part.upper - part.lower)
        else ()
    )
    return counts, part, told, warnings


ESTIMATORS = (
    Estimator("chsh", "the CHSH parameter S of a Bell test", (ChshCounts,), BellTestParameters, chsh),
    Estimator(
        "bell-test-fidelity",
        "the least fidelity that a Bell test certifies",
        (ChshCounts,),
        BellTestParameters,
        certified_fidelity,
    ),
)
