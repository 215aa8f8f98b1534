"""Hong-Ou-Mandel: each named correction gives back what its own model put in, the raw value stays, zero counts are no number."""

import numpy as np
import pytest

from schemas.measurements import HomScan
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

HOM = estimators()["hom-visibility"]
R, T, CONTRAST, G2 = 0.47, 0.53, 0.97, 0.05


def scan(seed, overlap, model, counts=2_000):
    """Coincidences drawn from what each model says of two photons of this overlap."""
    generator = np.random.default_rng(seed)
    rt, either = 2 * R * T, R**2 + T**2
    if model == "interferometer":
        visibility = rt * overlap * CONTRAST**2 / (either + rt * G2)
    elif model == "santori":
        visibility = overlap * CONTRAST**2 * rt / either / (1 + 2 * G2)
    elif model == "ollivier":
        visibility = overlap * (1 - G2) - G2
    else:
        visibility = overlap
    parallel, perpendicular = generator.poisson((1 - visibility) * counts), generator.poisson(counts)
    return HomScan(
        parallel=int(parallel), perpendicular=int(perpendicular), reflectivity=R, transmissivity=T, contrast=CONTRAST, g2=G2
    )


@pytest.mark.parametrize("model", ["none", "santori", "ollivier", "interferometer"])
def test_intervals_hold_the_truth_of_their_model(model):
    found = covered(
        (
            (overlap, lambda seed, told=(overlap, n): HOM([scan(seed, told[0], model, told[1])], {"correction": model}).estimate)
            for overlap, n in ((0.95, 100), (0.8, 2_000), (0.3, 400))
        ),
        range(60),
    )
    assert 0.90 <= found.share <= 0.99


def test_the_raw_value_is_kept_and_the_model_named():
    one = scan(1, 0.9, "interferometer", 100_000)
    found = HOM([one])
    assert found.raw == pytest.approx(1 - one.parallel / one.perpendicular)
    assert "corrected as interferometer" in found.estimate.method
    assert found.corrected == pytest.approx(0.9, abs=0.02)
    assert HOM([HomScan(parallel=30, perpendicular=100)]).estimate.parameters["correction"] == "none"
    assert HOM([HomScan(parallel=30, perpendicular=100)], {"correction": "ollivier", "g2": 0.1}).corrected == pytest.approx(
        0.8 / 0.9
    )
    santori = HOM(
        [HomScan(parallel=30, perpendicular=100)],
        {"correction": "santori", "g2": 0.1, "reflectivity": 0.4, "transmissivity": 0.6, "contrast": 0.9},
    )
    assert santori.corrected == pytest.approx(1.2 * 0.7 * 0.52 / 0.48 / 0.81)


def test_no_counts_and_one_count():
    assert HOM([HomScan(parallel=0, perpendicular=0)]).estimate.value is None
    assert HOM([HomScan(parallel=5, perpendicular=0)]).estimate.value is None
    one = HOM([HomScan(parallel=0, perpendicular=1)]).estimate
    assert one.lower < -10
    full = HOM([HomScan(parallel=0, perpendicular=50)]).estimate
    assert full.value == full.upper == 1
    assert 0.9 < full.lower < 1


def test_no_parallel_more_than_perpendicular_is_clamped():
    assert HOM([HomScan(parallel=120, perpendicular=100)]).estimate.value == pytest.approx(-0.2)


@pytest.mark.parametrize(
    "parameters",
    [
        {"correction": "ollivier"},
        {"correction": "ollivier", "g2": 1.0},
        {"reflectivity": 0.0},
        {"contrast": 0.0},
        {"reflectivity": 0.7, "transmissivity": 0.7},
        {"g2": 3},
    ],
)
def test_what_no_interferometer_has_is_an_error(parameters):
    with pytest.raises(EstimatorError):
        HOM([HomScan(parallel=30, perpendicular=100)], parameters)


def test_scans_of_one_set_up_add_up():
    one = scan(1, 0.9, "none")
    assert HOM([one, one]).estimate.counts == {"parallel": 2 * one.parallel, "perpendicular": 2 * one.perpendicular}
    with pytest.raises(EstimatorError, match="different"):
        HOM([one, HomScan(parallel=1, perpendicular=2)])
