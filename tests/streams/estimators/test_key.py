"""Key distribution: error rate and secret share held, finite keys dearer than endless ones, no key where errors leave none."""

import numpy as np
import pytest

from schemas.measurements import MeasurementError, SiftedBits
from streams.estimators.estimator import EstimatorError
from streams.estimators.key import _entropy
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

KNOWN = estimators()


def sifted(seed, error_z, error_x, bits=5_000):
    generator = np.random.default_rng(seed)
    return SiftedBits(
        sifted_z=bits,
        errors_z=int(generator.binomial(bits, error_z)),
        sifted_x=bits,
        errors_x=int(generator.binomial(bits, error_x)),
        integration_s=2.0,
    )


def test_the_error_rate_is_held():
    cases = [(0.02, 0.02, 500), (0.05, 0.03, 2_000), (0.001, 0.001, 5_000)]
    found = covered(
        (((z + x) / 2, lambda seed, told=(z, x, bits): KNOWN["qber"]([sifted(seed, *told)]).estimate) for z, x, bits in cases),
        range(100),
    )
    assert 0.90 <= found.share <= 0.99


def test_the_secret_share_is_held():
    def share(z, x):
        return 1 - _entropy(x) - 1.16 * _entropy(z)

    found = covered(
        (
            (share(z, x), lambda seed, told=(z, x): KNOWN["secret-share"]([sifted(seed, *told)]).estimate)
            for z, x in ((0.02, 0.03), (0.05, 0.02))
        ),
        range(100),
    )
    assert found.share >= 0.95  # two exact intervals at once


def test_known_values():
    assert _entropy(0.11) == pytest.approx(0.49992, abs=1e-5)
    found = KNOWN["secret-share"]([SiftedBits(sifted_z=10_000, errors_z=200, sifted_x=10_000, errors_x=200, integration_s=2.0)])
    assert found.corrected == pytest.approx(1 - 0.141441 * 2.16, abs=1e-5)
    assert found.estimate.parameters["secret_bits_per_s"] == pytest.approx(found.corrected * 5_000)
    assert "asymptotic" in found.estimate.method


def test_finite_keys_are_dearer():
    bits = sifted(1, 0.02, 0.02)
    endless = KNOWN["secret-share"]([bits])
    finite = KNOWN["secret-share"]([bits], {"finite_key_epsilon": 1e-10})
    assert "finite-key" in finite.estimate.method
    assert finite.raw < endless.raw - 0.2
    long = sifted(1, 0.02, 0.02, 10**8)
    assert KNOWN["secret-share"]([long], {"finite_key_epsilon": 1e-10}).raw == pytest.approx(
        KNOWN["secret-share"]([long]).raw, abs=0.01
    )


def test_no_key_is_left_where_errors_are_many():
    found = KNOWN["secret-share"]([sifted(1, 0.12, 0.12)])
    assert found.estimate.value == 0
    assert found.raw < 0
    assert "no key" in found.estimate.warnings[0]


def test_nothing_sifted_is_no_number_and_no_errors_a_limit():
    nothing = SiftedBits(sifted_z=0, errors_z=0, sifted_x=0, errors_x=0)
    assert KNOWN["qber"]([nothing]).estimate.value is None
    assert KNOWN["secret-share"]([nothing]).estimate.value is None
    clean = KNOWN["qber"]([SiftedBits(sifted_z=100, errors_z=0, sifted_x=100, errors_x=0)]).estimate
    assert (clean.value, clean.lower) == (0, 0)
    assert 0.01 < clean.upper < 0.02
    with pytest.raises(MeasurementError):
        SiftedBits(sifted_z=3, errors_z=4, sifted_x=1, errors_x=0)
    for wrong in ({"error_correction": 0.9}, {"finite_key_epsilon": 0}):
        with pytest.raises(EstimatorError):
            KNOWN["secret-share"]([sifted(1, 0.02, 0.02)], wrong)
