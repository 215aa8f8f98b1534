"""Single-shot readout: assignment fidelity F = 1 - (P(0|1) + P(1|0))/2, and the separation of the clouds over their noise.

Every shot is judged by a rule that was made of other shots: those with even numbers by the rule of the odd ones and the other
way round, so that no shot helps to find the threshold that it is held against. F holds preparation errors, as a measurement
does; their size is told by the clouds' mixture and stands beside it. P(0|1) and P(1|0) have the intervals of Clopper and
Pearson, joined by the recovery of variances (Zou and Donner, Stat. Med. 27, 1693 (2008)).
"""

from collections.abc import Callable, Sequence
from math import log, sqrt
from typing import Literal

import numpy as np
from scipy import special

from schemas.measurements import ReadoutShots
from schemas.records import Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.intervals import clopper_pearson
from streams.estimators.iq_clouds import Clouds, find_clouds
from streams.estimators.outcome import Bounds, Curve, Fit, Fitted, Floats, Outcome

FIDELITY_METHOD = "assignment of each half of the shots by a rule of the other, intervals by Clopper-Pearson joined by MOVER, v1"
SNR_METHOD = "distance of two Gaussian clouds over their RMS width along it, by a mixture; interval by the shots' scores, v1"
_FEWEST = 20
_BINS = 60
_CUTS = 101
_DEFINITION = "distance of the clouds' centres / RMS width along the line between them"

_Rule = Callable[[Floats], "np.ndarray[tuple[int], np.dtype[np.bool_]]"]
"""Which shots are assigned to the excited state."""


class ReadoutParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``rule``: a straight threshold on the best axis, or the more likely of two Gaussian clouds."""

    rule: Literal["threshold", "clouds"] = "threshold"


def fidelity(data: Sequence[ReadoutShots], parameters: ReadoutParameters) -> Outcome:
    """Of all shots of all data, which must be in one unit.

    Raises:
        EstimatorError: shots without scatter, which are no single shots.
    """
    ground, excited = _shots(data)
    counts = {"ground_shots": len(ground), "excited_shots": len(excited)}
    if why := _too_few(ground, excited):
        return not_estimated(parameters, why, unit="1", method=FIDELITY_METHOD, counts=counts)
    wrong_ground = wrong_excited = 0
    for half in (0, 1):
        rule = _rule(ground[half::2], excited[half::2], parameters.rule)
        wrong_ground += int(rule(ground[1 - half :: 2]).sum())
        wrong_excited += int((~rule(excited[1 - half :: 2])).sum())
    value, (lower, upper) = _joined(wrong_ground, len(ground), wrong_excited, len(excited), parameters.confidence)
    clouds = find_clouds(ground, excited)
    stated: dict[str, Parameter] = {
        "rule": parameters.rule,
        "ground_read_excited": wrong_ground / len(ground),
        "excited_read_ground": wrong_excited / len(excited),
    }
    warnings: tuple[str, ...] = ()
    if isinstance(clouds, str):
        warnings = (f"preparation errors are not known: {clouds}",)
    else:
        stated |= {
            "ground_preparation_error": float(clouds.wrong[0]),
            "excited_preparation_error": float(clouds.wrong[1]),
            "fidelity_without_preparation_error": 1 - clouds.overlap,
        }
    return Outcome(
        Estimate(
            value=value,
            lower=lower,
            upper=upper,
            confidence=parameters.confidence,
            counts={**counts, "wrong_ground": wrong_ground, "wrong_excited": wrong_excited},
            unit="1",
            method=FIDELITY_METHOD,
            parameters=stated,
            warnings=warnings,
        ),
        raw=value,
        corrected=None if isinstance(clouds, str) else 1 - clouds.overlap,
        model=None if isinstance(clouds, str) else _fit_of(clouds, ground, excited),
        interval_of=lambda factor: _joined(
            round(wrong_ground * factor),
            round(len(ground) * factor),
            round(wrong_excited * factor),
            round(len(excited) * factor),
            parameters.confidence,
        )[1],
    )


def separation(data: Sequence[ReadoutShots], parameters: EstimatorParameters) -> Outcome:
    """Single-shot SNR.

    Raises:
        EstimatorError: shots without scatter, which are no single shots.
    """
    ground, excited = _shots(data)
    counts = {"ground_shots": len(ground), "excited_shots": len(excited)}
    why = _too_few(ground, excited)
    clouds = why or find_clouds(ground, excited)
    if isinstance(clouds, str):
        return not_estimated(parameters, clouds, unit="1", method=SNR_METHOD, counts=counts)
    value = clouds.separation
    error = clouds.error_of(lambda each: log(each.separation))
    if not error < 1:
        why = "the clouds overlap so much that their separation is not told"
        return not_estimated(parameters, why, unit="1", method=SNR_METHOD, counts=counts)
    reach = float(np.exp(_normal(parameters.confidence) * error))
    return Outcome(
        Estimate(
            value=value,
            lower=value / reach,
            upper=value * reach,
            confidence=parameters.confidence,
            counts=counts,
            unit="1",
            method=SNR_METHOD,
            parameters={"definition": _DEFINITION, "decibels": 20 * float(np.log10(value))},
        ),
        raw=value,
        corrected=value,
        model=_fit_of(clouds, ground, excited),
    )


def _normal(confidence: float) -> float:
    return float(special.ndtri((1 + confidence) / 2))


def _shots(data: Sequence[ReadoutShots]) -> tuple[Floats, Floats]:
    """Rows of I and Q for either state."""
    ground = np.concatenate([np.array((one.ground_i, one.ground_q), np.float64).T for one in data])
    excited = np.concatenate([np.array((one.excited_i, one.excited_q), np.float64).T for one in data])
    for shots, name in ((ground, "ground"), (excited, "excited")):
        if len(shots) > 1 and float(shots.std(axis=0).max()) == 0:
            raise EstimatorError(f"all {len(shots)} shots of the {name} state are the same; give single shots, not their mean")
    return ground, excited


def _too_few(ground: Floats, excited: Floats) -> str:
    fewest = min(len(ground), len(excited))
    return "" if fewest >= _FEWEST else f"{fewest} shots of one state: a rule, and judging it, need {_FEWEST} of either"


def _rule(ground: Floats, excited: Floats, kind: str) -> _Rule:
    if kind == "clouds":
        clouds = find_clouds(ground, excited)
        if isinstance(clouds, Clouds):
            return clouds.assigned
    return _threshold(ground, excited)


def _threshold(ground: Floats, excited: Floats) -> _Rule:
    """Fisher's axis, cut where the errors of both states, each counted in full, are fewest.

    The shots are smeared a little before (a Gaussian of half Silverman's width): the fewest errors of a sample lie at a place
    that is as much chance as truth.
    """
    pooled = np.cov(ground.T) + np.cov(excited.T)
    axis = np.linalg.lstsq(pooled, excited.mean(axis=0) - ground.mean(axis=0), rcond=None)[0]
    low, high = ground @ axis, excited @ axis
    cuts = np.linspace(low.mean(), high.mean(), _CUTS)[:, None]
    wrong = sum(
        special.ndtr(side * (place - cuts) / (place.std() * place.size**-0.2 / 2 or 1.0)).mean(axis=1)
        for place, side in ((low, 1), (high, -1))
    )
    cut = float(cuts[int(np.argmin(wrong)), 0])
    return lambda shots: np.asarray(shots @ axis > cut)


def _joined(wrong_ground: int, ground: int, wrong_excited: int, excited: int, confidence: float) -> tuple[float, Bounds]:
    """F and its interval."""
    shares, lowers, uppers = [], [], []
    for wrong, total in ((wrong_ground, ground), (wrong_excited, excited)):
        shares.append(wrong / total)
        low, high = clopper_pearson(wrong, total, confidence)
        lowers.append(low)
        uppers.append(high)
    up = sqrt(sum((high - share) ** 2 for share, high in zip(shares, uppers, strict=True)))
    down = sqrt(sum((share - low) ** 2 for share, low in zip(shares, lowers, strict=True)))
    value = 1 - sum(shares) / 2
    return value, (max(value - up / 2, 0.0), min(value + down / 2, 1.0))


def _fit_of(clouds: Clouds, ground: Floats, excited: Floats) -> Fit:
    """The clouds, and histograms along the line between them."""
    line = clouds.means[1] - clouds.means[0]
    along = line / np.hypot(*line)
    places = [shots @ along for shots in (ground, excited)]
    edges = np.linspace(min(map(np.min, places)), max(map(np.max, places)), _BINS + 1)
    curves, deviance, cells = [], 0.0, 0
    for name, place, other in (("ground", places[0], clouds.wrong[0]), ("excited", places[1], 1 - clouds.wrong[1])):
        counts = np.histogram(place, edges)[0].astype(np.float64)
        model = place.size * ((1 - other) * _share(clouds, 0, along, edges) + other * _share(clouds, 1, along, edges))
        residuals = (counts - model) / np.sqrt(np.maximum(model, 1.0))
        seen = model > 5
        deviance, cells = deviance + float((residuals[seen] ** 2).sum()), cells + int(seen.sum())
        middles = (edges[1:] + edges[:-1]) / 2
        curves.append(Curve(f"{name} prepared", "along the line between the clouds", "shots", middles, counts, model, residuals))
    return Fit(
        "two Gaussian clouds, and shares of either preparation in the other's",
        {
            "separation": Fitted(clouds.separation, clouds.error_of(lambda each: each.separation)),
            "ground_preparation_error": Fitted(float(clouds.wrong[0]), clouds.error_of(lambda each: float(each.wrong[0]))),
            "excited_preparation_error": Fitted(float(clouds.wrong[1]), clouds.error_of(lambda each: float(each.wrong[1]))),
            "overlap_error": Fitted(clouds.overlap, clouds.error_of(lambda each: each.overlap)),
        },
        {"p_value": _chance(deviance, cells), "chi2": deviance, "cells": float(cells)},
        tuple(curves),
    )


def _chance(deviance: float, cells: int) -> float:
    return float(special.chdtrc(max(cells - 6, 1), deviance))


def _share(clouds: Clouds, state: int, along: Floats, edges: Floats) -> Floats:
    """Of a cloud's shots in each cell."""
    width = sqrt(float(along @ clouds.covariances[state] @ along))
    return np.diff(special.ndtr((edges - float(clouds.means[state] @ along)) / width))


FIDELITY = Estimator(
    "readout-fidelity", "assignment fidelity of single shots with prepared states", (ReadoutShots,), ReadoutParameters, fidelity
)
SNR = Estimator("readout-snr", "separation of the IQ clouds over their noise", (ReadoutShots,), EstimatorParameters, separation)
ESTIMATORS = (FIDELITY, SNR)
