"""Spectral linewidth of an emitter: full width at half maximum, the instrument's resolution taken off."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from schemas.measurements import EmissionSpectrum
from schemas.records import Estimate
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.outcome import Outcome
from streams.estimators.spectral_line import find_line

METHOD = "Voigt profile with the instrument's Gaussian, Poisson likelihood; profile likelihood of the emitter's own width, v1"
SHAPES: Mapping[str, float | None] = {"voigt": None, "lorentzian": 1.0, "gaussian": 0.0}


class LineParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``shape`` of the emitter's own line; a Voigt profile lets the data choose between the other two.

    ``resolution_hz``: the instrument's full width, where the spectrum does not say it.
    """

    shape: Literal["voigt", "lorentzian", "gaussian"] = "voigt"
    resolution_hz: float | None = None


def linewidth(data: Sequence[EmissionSpectrum], parameters: LineParameters) -> Outcome:
    """In Hz; ``raw`` has the instrument's part in it.

    Raises:
        EstimatorError: more than one spectrum, or a resolution below 0.
    """
    if len(data) > 1:
        raise EstimatorError(f"{len(data)} spectra; give one, or ask for the spectral stability of all of them")
    spectrum = resolved(data[0], parameters)
    counts = {"counts": sum(spectrum.counts), "bins": len(spectrum.counts)}
    line = find_line(spectrum, SHAPES[parameters.shape])
    if isinstance(line, str):
        return not_estimated(parameters, line, unit="Hz", method=METHOD, counts=counts)
    lower, upper = line.width_bounds_hz(parameters.confidence)
    value = line.width_hz if lower > 0 and upper is not None else None
    warnings = list(line.warnings)
    if lower <= 0:
        warnings.append("the instrument alone would explain the line: an upper limit only")
    elif upper is None:
        warnings.append("the line is as wide as the spectrum: a lower limit only")
    return Outcome(
        Estimate(
            value=value,
            lower=lower if lower > 0 else None,
            upper=upper,
            confidence=parameters.confidence,
            counts=counts,
            unit="Hz",
            method=METHOD,
            parameters={
                "shape": parameters.shape,
                "resolution_hz": spectrum.resolution_hz,
                "measured_width_hz": line.measured_width_hz,
                "peak_hz": spectrum.reference_hz + line.centre_hz,
                "peak_offset_hz": line.centre_hz,
                "peak_error_hz": line.centre_error_hz,
            },
            warnings=tuple(warnings),
        ),
        raw=line.measured_width_hz,
        corrected=value,
        model=line.shown(spectrum.reference_hz),
    )


def resolved(spectrum: EmissionSpectrum, parameters: LineParameters) -> EmissionSpectrum:
    """The spectrum with the resolution that is told.

    Raises:
        EstimatorError: one below 0.
    """
    if parameters.resolution_hz is None:
        return spectrum
    if not parameters.resolution_hz >= 0:
        raise EstimatorError(f"resolution_hz={parameters.resolution_hz}; a width is not below 0")
    return msgspec.structs.replace(spectrum, resolution_hz=parameters.resolution_hz)


ESTIMATOR = Estimator(
    "linewidth",
    "full width of an emission line, the instrument's resolution taken off",
    (EmissionSpectrum,),
    LineParameters,
    linewidth,
)
