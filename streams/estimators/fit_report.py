"""What is said of every fit: how well it holds, and what follows when it does not."""

from collections.abc import Mapping

from streams.estimators.curve_fit import CurveFit


def goodness(fitted: CurveFit) -> Mapping[str, float]:
    """``p_value``; ``reduced_chi2`` where the data's errors were known; ``residual_correlation`` of neighbours; ``freedom``.

    ``error_scale`` is the factor by which the scatter widens the errors that the data came with.
    """
    measures = {
        "p_value": fitted.p_value,
        "residual_correlation": fitted.correlation,
        "freedom": float(fitted.freedom),
    }
    if not fitted.scaled:
        measures |= {"reduced_chi2": fitted.deviance / fitted.freedom, "error_scale": float(fitted.scale**0.5)}
    return measures


def misfit_warnings(fitted: CurveFit) -> tuple[str, ...]:
    """Empty where the model holds to within the scatter."""
    if not fitted.misfit:
        return ()
    if fitted.scaled:
        left = f"the model leaves something smooth over (neighbouring residuals correlate by {fitted.correlation:.2f})"
        return (f"{left}: the interval was widened for it, but knows nothing of what another model would give",)
    excess = f"residuals are {fitted.deviance / fitted.freedom:.1f} times as large as the data's errors allow"
    return (f"{excess} (p = {fitted.p_value:.1g}): the interval was widened by that; look at the fit",)
