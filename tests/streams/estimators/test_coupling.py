import numpy as np
import pytest

from schemas.measurements import PowerCheck
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

COUPLING = estimators()["coupling-efficiency"]


def check(seed, share=0.3, photons=20_000.0, reference_error=0.0, efficiency_error=0.0):
    """What is told of reference and detector is off by the errors that are told with it."""
    generator = np.random.default_rng(seed)
    return PowerCheck(
        reference_photons=photons + generator.normal(0, reference_error),
        detected=generator.poisson(photons * share * 0.8 + 200),
        dark=generator.poisson(200),
        efficiency=0.8 + generator.normal(0, efficiency_error),
        efficiency_error=efficiency_error,
        reference_error=reference_error,
    )


def test_intervals_hold_the_truth_through_the_reference_s_own_error():
    cases = [(0.3, 20_000.0, 0.0, 0.0), (0.05, 3_000.0, 0.0, 0.02), (0.6, 50_000.0, 1_500.0, 0.01), (0.02, 2_000.0, 0.0, 0.0)]
    found = covered(
        (
            (share, lambda seed, told=(share, photons, *errors): COUPLING([check(seed, *told)]).estimate)
            for share, photons, *errors in cases
        ),
        range(80),
    )
    assert 0.90 <= found.share <= 0.99


def test_raw_leaves_everything_in():
    found = COUPLING([PowerCheck(reference_photons=1_000.0, detected=300, dark=50, efficiency=0.5)])
    assert found.raw == pytest.approx(0.3)
    assert found.corrected == pytest.approx(0.5)


def test_more_than_the_reference_gives_is_refused():
    found = COUPLING([PowerCheck(reference_photons=1_000.0, detected=2_000, dark=0, efficiency=0.9)])
    assert "as many photons as the reference gives" in found.refused
    assert found.estimate.value is None


def test_nothing_and_too_little():
    assert COUPLING([PowerCheck(reference_photons=0.0, detected=0, dark=0, efficiency=0.9)]).estimate.value is None
    limit = COUPLING([PowerCheck(reference_photons=100.0, detected=3, dark=9, efficiency=0.9)]).estimate
    assert limit.value is None
    assert limit.upper < 0.2
    with pytest.raises(EstimatorError, match="efficiency"):
        COUPLING([PowerCheck(reference_photons=100.0, detected=3, dark=0, efficiency=0.0)])
    with pytest.raises(EstimatorError, match="different efficiencies"):
        COUPLING([check(1), PowerCheck(reference_photons=1.0, detected=1, dark=0, efficiency=0.5)])
