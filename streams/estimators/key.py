"""Key distribution with entangled pairs (BBM92): error rate, and the share of sifted bits that can be made secret.

Asymptotic: 1 - h(e_X) - f·h(e_Z), phase errors told by the X basis, f the cost of error correction (Shor and Preskill 2000).
Finite key (Tomamichel et al. 2012): the n bits of Z are kept and the k of X compared;
n(1 - h(e_X + μ)) - f·n·h(e_Z) - log2(2/ε³), μ = √((n + k)(k + 1)/(n·k²)·ln(2/ε)), as a share of n.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, log2, sqrt

from schemas.measurements import SiftedBits
from schemas.records import Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind, not_estimated
from streams.estimators.outcome import Bounds, Outcome
from streams.estimators.sequences import method_of, ratio_interval

QBER_METHOD = "errors over sifted bits of both bases, interval by Clopper-Pearson, v1"
ASYMPTOTIC_METHOD = "BBM92 asymptotic secret share, interval by Clopper-Pearson on both error rates, v1"
FINITE_METHOD = "BBM92 finite-key secret share (Tomamichel 2012), interval by Clopper-Pearson on both error rates, v1"


class QberParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``interval``: for one look at the counts, or for any number of looks."""

    interval: IntervalKind = "fixed"


class KeyParameters(QberParameters, frozen=True, kw_only=True):
    """``error_correction``: bits that it costs over Shannon's limit. ``finite_key_epsilon``: security of a finite key; without it
    the key is taken to be endless.
    """

    error_correction: float = 1.16
    finite_key_epsilon: float | None = None


@dataclass(frozen=True, slots=True)
class _Bits:
    sifted_z: int
    errors_z: int
    sifted_x: int
    errors_x: int
    integration_s: float | None

    @classmethod
    def of(cls, data: Sequence[SiftedBits]) -> "_Bits":
        times = [one.integration_s for one in data if one.integration_s is not None]
        return cls(
            sum(one.sifted_z for one in data),
            sum(one.errors_z for one in data),
            sum(one.sifted_x for one in data),
            sum(one.errors_x for one in data),
            sum(times) if len(times) == len(data) else None,
        )

    @property
    def counts(self) -> dict[str, int]:
        return {"sifted_z": self.sifted_z, "errors_z": self.errors_z, "sifted_x": self.sifted_x, "errors_x": self.errors_x}


def error_rate(data: Sequence[SiftedBits], parameters: QberParameters) -> Outcome:
    """QBER of both bases together; each alone among the parameters."""
    bits = _Bits.of(data)
    errors, sifted = bits.errors_z + bits.errors_x, bits.sifted_z + bits.sifted_x
    if not sifted:
        return not_estimated(parameters, "no sifted bits", unit="1", method=QBER_METHOD, counts=bits.counts)

    def interval_of(factor: float) -> Bounds:
        return ratio_interval(parameters.interval, round(errors * factor), round(sifted * factor), parameters.confidence)

    lower, upper = interval_of(1.0)
    told: dict[str, Parameter] = {
        "qber_z": bits.errors_z / bits.sifted_z if bits.sifted_z else None,
        "qber_x": bits.errors_x / bits.sifted_x if bits.sifted_x else None,
        "interval": parameters.interval,
    }
    estimate = Estimate(
        value=errors / sifted,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=bits.counts,
        unit="1",
        method=method_of(QBER_METHOD, parameters.interval),
        parameters=told,
    )
    return Outcome(estimate, estimate.value, estimate.value, interval_of=interval_of, integration_s=bits.integration_s)


def secret_share(data: Sequence[SiftedBits], parameters: KeyParameters) -> Outcome:
    """Secret bits for each sifted bit of the key basis, at least 0; raw may be below. The rate in bits/s stands beside it.

    Raises:
        EstimatorError: an error correction better than Shannon's limit, or an ε outside (0, 1).
    """
    _check(parameters)
    bits = _Bits.of(data)
    method = ASYMPTOTIC_METHOD if parameters.finite_key_epsilon is None else FINITE_METHOD
    if not bits.sifted_z or not bits.sifted_x:
        why = "no sifted bits in one of the bases"
        return not_estimated(parameters, why, unit="1", method=method, counts=bits.counts)
    each = 1 - (1 - parameters.confidence) / 2  # both error rates have to be inside at once
    z = ratio_interval(parameters.interval, bits.errors_z, bits.sifted_z, each)
    x = ratio_interval(parameters.interval, bits.errors_x, bits.sifted_x, each)
    raw = _share(bits.errors_z / bits.sifted_z, bits.errors_x / bits.sifted_x, bits, parameters)
    value = max(0.0, raw)
    told: dict[str, Parameter] = {
        "qber_z": bits.errors_z / bits.sifted_z,
        "qber_x": bits.errors_x / bits.sifted_x,
        "error_correction": parameters.error_correction,
        "finite_key_epsilon": parameters.finite_key_epsilon,
        "secret_bits_per_s": None if bits.integration_s is None else value * bits.sifted_z / bits.integration_s,
        "interval": parameters.interval,
    }
    estimate = Estimate(
        value=value,
        lower=max(0.0, _share(z[1], x[1], bits, parameters)),
        upper=max(0.0, _share(z[0], x[0], bits, parameters)),
        confidence=parameters.confidence,
        counts=bits.counts,
        unit="1",
        method=method_of(method, parameters.interval),
        parameters=told,
        warnings=("no key: the errors leave nothing secret",) if raw <= 0 else (),
    )
    return Outcome(estimate, raw, value, integration_s=bits.integration_s)


def _check(parameters: KeyParameters) -> None:
    if not 1 <= parameters.error_correction < float("inf"):
        raise EstimatorError(f"error_correction is {parameters.error_correction}; it costs at least 1 times Shannon's limit")
    if parameters.finite_key_epsilon is not None and not 0 < parameters.finite_key_epsilon < 1:
        raise EstimatorError(f"finite_key_epsilon is {parameters.finite_key_epsilon}; give one in (0, 1), such as 1e-10")


def _share(error_z: float, error_x: float, bits: _Bits, parameters: KeyParameters) -> float:
    """Secret share of the bits in Z; below 0 where there is none."""
    kept, compared, epsilon = bits.sifted_z, bits.sifted_x, parameters.finite_key_epsilon
    if epsilon is None:
        return 1 - _entropy(error_x) - parameters.error_correction * _entropy(error_z)
    unsure = sqrt((kept + compared) * (compared + 1) / (kept * compared**2) * log(2 / epsilon))
    return 1 - _entropy(error_x + unsure) - parameters.error_correction * _entropy(error_z) - log2(2 / epsilon**3) / kept


def _entropy(share: float) -> float:
    """Binary entropy; an error rate beyond a half tells no less than a half."""
    share = min(share, 0.5)
    return 0.0 if share == 0 else -share * log2(share) - (1 - share) * log2(1 - share)


ESTIMATORS = (
    Estimator("qber", "errors among sifted bits", (SiftedBits,), QberParameters, error_rate),
    Estimator("secret-share", "secret bits for each sifted bit (BBM92)", (SiftedBits,), KeyParameters, secret_share),
)
