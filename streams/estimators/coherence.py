"""What decays of pulse sequences tell: T1, T2 and T2*, the Rabi period, g from swaps, κ from a ring-down.

T1 is the time constant of an exponential after inversion. T2 (echo) and T2* (Ramsey) are the times in which the envelope falls
to 1/e, whatever its shape. A Rabi drive turns the population once a period. A swap between spin and resonator turns it with 2g:
P = cos²(2πgt), g/2π in Hz. A resonator's energy rings down as e^{-2πκt}, κ/2π its linewidth.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import pi
from typing import Literal

from schemas.measurements import CoherenceDecay, PulseHistograms
from schemas.records import Estimate, Parameter
from streams.estimators.decay_fit import FALSE_ALARM, SHAPES, DecayData, DecayFit, chance_of, fit_decays, joined
from streams.estimators.estimator import Estimator, EstimatorError, not_estimated
from streams.estimators.fit_report import goodness, misfit_warnings
from streams.estimators.outcome import Bounds, Curve, Fit, Fitted, Outcome
from streams.estimators.pulse_signal import SignalParameters, decay_data

METHOD = "maximum likelihood of a decay, shape by Akaike's criterion; profile likelihood over all shapes not told apart, v1"
_OSCILLATING = ("ramsey", "rabi", "swap")
_DENSE = 400


class DecayParameters(SignalParameters, frozen=True, kw_only=True):
    """``shape`` of the envelope; ``auto``: whichever the data prefer."""

    shape: Literal["auto", "exponential", "gaussian", "stretched"] = "auto"


class RelaxationParameters(DecayParameters, frozen=True, kw_only=True):
    """T1 is the constant of an exponential unless another shape is asked for."""

    shape: Literal["auto", "exponential", "gaussian", "stretched"] = "exponential"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is told of a fit: the quantity's value and bounds, its name and unit, and the sequences that tell it."""

    quantity: str
    sequences: tuple[str, ...]
    unit: str
    value: Callable[[DecayFit], float | None]
    bounds: Callable[[DecayFit, float], Bounds]


def _told(data: Sequence[CoherenceDecay | PulseHistograms], parameters: DecayParameters, *, wanted: _Wanted) -> Outcome:
    if len(data) > 1:
        raise EstimatorError(f"{len(data)} decays; give one")
    (one,) = data
    if one.sequence not in wanted.sequences:
        raise EstimatorError(
            f"a sequence of kind {one.sequence} does not tell {wanted.quantity}; it takes {' or '.join(wanted.sequences)}"
        )
    series = decay_data(one, parameters)
    refuse = partial(not_estimated, parameters, unit=wanted.unit, method=METHOD, counts=_counts(one))
    if isinstance(series, str):
        return refuse(series)
    alike = _fits(series, one.sequence, parameters)
    if not alike:
        return refuse("no shape of a decay can be fitted: more lengths of the sequence are needed")
    if (chance := chance_of(series, alike[0])) > FALSE_ALARM:
        return refuse(f"nothing stands out of the noise (a level without change looks as much so with {chance:.1g})")
    return _outcome(one, series, alike, parameters, wanted)


def _fits(series: DecayData, sequence: str, parameters: DecayParameters) -> tuple[DecayFit, ...]:
    """A Ramsey decay oscillates or not, by its detuning; of what is told by its frequency, all may be undamped."""
    shapes = SHAPES if parameters.shape == "auto" else (parameters.shape,)
    if sequence == "ramsey":
        return fit_decays(series, shapes, shapes)
    return fit_decays(series, (), (*shapes, "undamped")) if sequence in _OSCILLATING else fit_decays(series, shapes, ())


def _outcome(
    one: CoherenceDecay | PulseHistograms,
    series: DecayData,
    alike: Sequence[DecayFit],
    parameters: DecayParameters,
    wanted: _Wanted,
) -> Outcome:
    best = alike[0]
    lower, upper = joined([wanted.bounds(each, parameters.confidence) for each in alike])
    value = wanted.value(best) if lower is not None and upper is not None else None
    warnings = list(misfit_warnings(best.fitted))
    if value is None:
        warnings.insert(0, "the data bound it on one side only: take longer, or shorter, sequences")
    if slow := _too_slow(best):
        warnings.append(slow)
    quantity = "T2*" if one.sequence == "ramsey" else wanted.quantity
    stated: dict[str, Parameter] = {"sequence": one.sequence, "quantity": quantity, "shape": best.shape}
    if len(alike) > 1:
        stated["shapes_not_told_apart"] = ", ".join(f"{each.shape}{' oscillation' * each.oscillates}" for each in alike)
    if parameters.signal is not None:
        stated |= {"signal": parameters.signal, "reference": parameters.reference}
    if best.frequency_hz is not None:
        stated["frequency_hz"] = best.frequency_hz
    return Outcome(
        Estimate(
            value=value,
            lower=lower,
            upper=upper,
            confidence=parameters.confidence,
            counts=_counts(one),
            unit=wanted.unit,
            method=METHOD,
            parameters=stated,
            warnings=tuple(warnings),
        ),
        raw=value,
        corrected=value,
        model=_fit_of(series, best),
    )


def _too_slow(best: DecayFit) -> str:
    """Frequency and time lean on each other where less than a turn is seen; empty where more is."""
    if best.frequency_hz is None or best.time_s is None or best.frequency_hz * best.time_s >= 1:
        return ""
    return f"the oscillation decays within {best.frequency_hz * best.time_s:.2f} of a turn: detune, or drive, harder"


def _fit_of(series: DecayData, best: DecayFit) -> Fit:
    fitted = best.fitted
    parameters = {"level": Fitted(float(fitted.values[0]), float(fitted.errors[0]))}
    if best.oscillates:
        size, error = fitted.propagated(lambda values: float((values[1] ** 2 + values[2] ** 2) ** 0.5))
        parameters["amplitude"] = Fitted(size, error)
        frequency, spread = best.frequency_hz or 0.0, best.frequency_error_hz
        parameters["frequency"] = Fitted(frequency, spread, "Hz")
        parameters["period"] = Fitted(1 / frequency, None if spread is None else spread / frequency**2, "s")
    else:
        parameters["amplitude"] = Fitted(float(fitted.values[1]), float(fitted.errors[1]))
    if best.time_s is not None:
        parameters["decay_time"] = Fitted(best.time_s, best.time_error_s, "s")
    if best.exponent is not None:
        parameters["exponent"] = Fitted(best.exponent, float(fitted.errors[-1]) if best.shape == "stretched" else None)
    swing = "" if not best.oscillates else " (p cos 2πft + q sin 2πft)" if best.shape != "undamped" else "p cos 2πft + q sin 2πft"
    decay = "" if best.shape == "undamped" else " e^{-(t/T)^n}" if best.oscillates else " a e^{-(t/T)^n}"
    delay_s, model = series.delay_s, best.model(series.delay_s)
    return Fit(
        f"c +{decay}{swing} ({best.shape})",
        parameters,
        goodness(fitted),
        (Curve("decay", "length of the sequence in s", "population or signal", delay_s, series.values, model, fitted.residuals),),
    )


def _counts(one: CoherenceDecay | PulseHistograms) -> dict[str, int]:
    counts = {"points": len(one.delay_s)}
    if isinstance(one, PulseHistograms):
        counts["photons"] = sum(map(sum, one.counts))
    elif one.trials:
        counts["trials"] = sum(one.trials)
    return counts


def _inverse(factor: float, bounds: Bounds) -> Bounds:
    """Bounds of factor / x."""
    lower, upper = bounds
    return None if not upper else factor / upper, None if not lower else factor / lower


def _scaled(factor: float, bounds: Bounds) -> Bounds:
    lower, upper = bounds
    return None if lower is None else factor * lower, None if upper is None else factor * upper


def _ratio(factor: float, value: float | None) -> float | None:
    return factor / value if value else None


_TIME = (lambda each: each.time_s, lambda each, confidence: each.time_bounds_s(confidence))
_ALL: tuple[tuple[str, str, type[DecayParameters], _Wanted], ...] = (
    (
        "spin-t1",
        "T1 from inversion recovery",
        RelaxationParameters,
        _Wanted("T1", ("inversion-recovery",), "s", *_TIME),
    ),
    (
        "spin-t2",
        "T2 from an echo, or T2* from a Ramsey decay",
        DecayParameters,
        _Wanted("T2", ("echo", "ramsey"), "s", *_TIME),
    ),
    (
        "rabi-period",
        "period of Rabi oscillations",
        DecayParameters,
        _Wanted(
            "Rabi period",
            ("rabi",),
            "s",
            lambda each: _ratio(1, each.frequency_hz),
            lambda each, confidence: _inverse(1, each.frequency_bounds_hz(confidence)),
        ),
    ),
    (
        "swap-oscillation",
        "g from swaps between spin and resonator: half the frequency of the population",
        DecayParameters,
        _Wanted(
            "g",
            ("swap",),
            "Hz",
            lambda each: (each.frequency_hz or 0) / 2 or None,
            lambda each, confidence: _scaled(0.5, each.frequency_bounds_hz(confidence)),
        ),
    ),
    (
        "ring-down",
        "κ/2π from the decay of a resonator's energy",
        RelaxationParameters,
        _Wanted(
            "κ",
            ("ring-down",),
            "Hz",
            lambda each: _ratio(1 / (2 * pi), each.time_s),
            lambda each, confidence: _inverse(1 / (2 * pi), each.time_bounds_s(confidence)),
        ),
    ),
)


def _uses(sequences: tuple[str, ...], one: CoherenceDecay | PulseHistograms) -> bool:
    return one.sequence in sequences


ESTIMATORS = tuple(
    Estimator(
        name,
        summary,
        (CoherenceDecay, PulseHistograms),
        parameters,
        partial(_told, wanted=wanted),
        uses=partial(_uses, wanted.sequences),
        reading={"sequence": wanted.sequences[0]} if len(wanted.sequences) == 1 else {},
    )
    for name, summary, parameters, wanted in _ALL
)
