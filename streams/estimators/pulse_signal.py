"""From a sequence's measurement to the signal that is fitted: counts of outcomes, a signal with its errors, or arrivals after
pulses.

Of arrivals the signal is the mean of one window of time bins over that of another, the reference, in which the light no longer
depends on the state: it takes the laser's power out. Windows are half-open ranges of rows, ``140:290``, as the sequence has
them.
"""

from math import isfinite

import numpy as np

from schemas.measurements import CoherenceDecay, PulseHistograms
from streams.estimators.curve_fit import Binomial, Gaussian
from streams.estimators.decay_fit import DecayData
from streams.estimators.estimator import EstimatorError, EstimatorParameters
from streams.estimators.outcome import Floats

_FEWEST = 5


class SignalParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``signal`` and ``reference``: rows of arrival histograms, as ``140:290``; without a reference the signal is a sum."""

    signal: str | None = None
    reference: str | None = None


def windowed(data: PulseHistograms, parameters: SignalParameters) -> tuple[Floats, Floats]:
    """Signal of every pulse and its standard error from the counts' own scatter.

    Raises:
        EstimatorError: no window, one outside of the histograms, or a reference without counts.
    """
    counts = np.array(data.counts, np.float64)
    if parameters.signal is None:
        raise EstimatorError(
            "arrival histograms do not say where the signal is; give its rows, for example signal=140:290 reference=1000:2500"
        )
    signal = counts[:, _rows(parameters.signal, "signal", counts.shape[1])]
    if parameters.reference is None:
        return signal.sum(axis=1), np.sqrt(np.maximum(signal.sum(axis=1), 1.0))
    reference = counts[:, _rows(parameters.reference, "reference", counts.shape[1])]
    level = reference.mean(axis=1)
    if not (level > 0).all():
        raise EstimatorError(f"pulse {int(np.argmin(level))} has no counts in reference={parameters.reference}; choose lit rows")
    ratio = signal.mean(axis=1) / level
    share = np.sqrt(1 / np.maximum(signal.sum(axis=1), 1.0) + 1 / reference.sum(axis=1))
    return ratio, np.maximum(ratio, 1 / signal.shape[1] / level) * share


def decay_data(data: CoherenceDecay | PulseHistograms, parameters: SignalParameters) -> DecayData | str:
    """Sorted by length, or why nothing can be fitted.

    Raises:
        EstimatorError: lengths below 0, errors that are none, or windows that cannot be used.
    """
    delay = np.array(data.delay_s, np.float64)
    if delay.size and delay.min() < 0:
        raise EstimatorError(f"a length of {delay.min():g} s; lengths of a sequence are not below 0")
    if np.unique(delay).size < _FEWEST:
        return f"{np.unique(delay).size} different lengths of the sequence: a fit needs {_FEWEST}"
    order = np.argsort(delay, kind="stable")
    if isinstance(data, CoherenceDecay) and data.trials:
        trials, successes = (np.array(column, np.float64)[order] for column in (data.trials, data.successes))
        if not (trials > 0).all():
            return f"no trials at {delay[order][int(np.argmin(trials))]:g} s"
        share = (successes + 0.5) / (trials + 1)
        return DecayData(delay[order], successes / trials, np.sqrt(share * (1 - share) / trials), Binomial(successes, trials))
    if isinstance(data, PulseHistograms):
        values, errors = windowed(data, parameters)
    else:
        values, errors = np.array(data.signal), np.array(data.signal_error)
    if not errors.size:
        return DecayData(delay[order], values[order], np.ones(values.size), Gaussian(values[order]))
    if not all(isfinite(error) and error > 0 for error in errors):
        raise EstimatorError("a signal's error that is not above 0; leave the errors out where they are not known")
    return DecayData(delay[order], values[order], errors[order], Gaussian(values[order], errors[order]))


def _rows(text: str, name: str, rows: int) -> slice:
    first, colon, last = text.partition(":")
    if not colon or not first.strip().isdecimal() or not last.strip().isdecimal():
        raise EstimatorError(f"{name}={text}: no range of rows; write the first and the one after the last, as 140:290")
    if not 0 <= int(first) < int(last) <= rows:
        raise EstimatorError(f"{name}={text}: not within the {rows} rows; rows count from 0, and the last is not part of it")
    return slice(int(first), int(last))
