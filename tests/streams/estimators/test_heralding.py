"""Pairs drawn one by one: heralding efficiency, coincidences over accidentals, g² of heralded photons."""

import numpy as np
import pytest

from schemas.measurements import HeraldedCounts, MeasurementError, PairCounts
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

KNOWN = estimators()
WINDOW_PS, TIME_S = 2_000.0, 4.0


def pairs(seed, *, efficiency=0.25, heralds=4_000, stray=200_000, dark=600, windows=0):
    """True pairs are a binomial of true heralds; accidentals fall on every herald by the rate of the signal's stray clicks."""
    generator = np.random.default_rng(seed)
    true, false = generator.poisson(heralds), generator.poisson(dark)
    partners = generator.binomial(true, efficiency)
    signals = partners + generator.poisson(stray)
    expected = (true + false) * signals * WINDOW_PS * 1e-12 / TIME_S
    return PairCounts(
        heralds=int(true + false),
        signals=int(signals),
        coincidences=int(partners + generator.poisson(expected)),
        window_ps=WINDOW_PS,
        integration_s=TIME_S,
        dark_heralds=int(generator.poisson(dark * 10)),
        dark_s=TIME_S * 10,
        accidentals=int(generator.poisson(expected * windows)),
        accidental_windows=windows,
    )


def test_the_efficiency_is_held():
    cases = [(0.25, {}), (0.6, {"efficiency": 0.6, "heralds": 300}), (0.02, {"efficiency": 0.02}), (0.25, {"windows": 50})]
    found = covered(
        ((truth, lambda seed, told=told: KNOWN["heralding-efficiency"]([pairs(seed, **told)]).estimate) for truth, told in cases),
        range(80),
    )
    assert 0.90 <= found.share <= 0.99


def test_accidentals_and_dark_heralds_are_taken_off():
    pair = PairCounts(
        heralds=1_000, signals=10_000, coincidences=250, window_ps=1e6, integration_s=1.0, dark_heralds=100, dark_s=1.0
    )
    found = KNOWN["heralding-efficiency"]([pair])
    assert found.raw == pytest.approx(0.25)
    assert found.corrected == pytest.approx((250 - 10) / 900)
    many = KNOWN["heralding-efficiency"](
        [PairCounts(heralds=1_000, signals=100_000, coincidences=300, window_ps=1e6, integration_s=1.0)]
    )
    assert "pairs overlap" in many.estimate.warnings[0]


def test_the_ratio_to_accidentals_is_held():
    def drawn(seed, windows, accidentals=6.0):
        generator = np.random.default_rng(seed)
        return PairCounts(
            heralds=10**6,
            signals=10**6,
            coincidences=int(generator.poisson(21 * accidentals)),
            window_ps=accidentals * 1e12 * TIME_S / 10**12,
            integration_s=TIME_S,
            accidentals=int(generator.poisson(accidentals * windows)),
            accidental_windows=windows,
        )

    found = covered([(20.0, lambda seed, n=n: KNOWN["car"]([drawn(seed, n)]).estimate) for n in (0, 1, 20)], range(80))
    assert 0.90 <= found.share <= 0.99


def test_no_accidentals_give_a_lower_bound():
    pair = PairCounts(heralds=50, signals=50, coincidences=30, window_ps=1.0, integration_s=1.0, accidental_windows=10)
    found = KNOWN["car"]([pair]).estimate
    assert (found.value, found.upper) == (None, None)
    assert found.lower > 50
    assert "lower bound" in found.warnings[0]


def test_g2_of_heralded_photons_is_held():
    def drawn(seed, g2):
        generator = np.random.default_rng(seed)
        heralds, first, second = 100_000, 0.05, 0.06
        both = int(generator.poisson(heralds * first * second * g2))
        return HeraldedCounts(
            heralds=heralds,
            first=both + int(generator.poisson(heralds * first)),
            second=both + int(generator.poisson(heralds * second)),
            both=both,
        )

    found = covered(
        [(g2, lambda seed, g2=g2: KNOWN["g2-heralded"]([drawn(seed, g2)]).estimate) for g2 in (0.02, 0.1, 0.5)], range(100)
    )
    assert 0.90 <= found.share <= 0.99


def test_no_triples_give_an_upper_limit_and_no_clicks_nothing():
    found = KNOWN["g2-heralded"]([HeraldedCounts(heralds=10_000, first=500, second=500, both=0)])
    assert (found.estimate.value, found.estimate.lower) == (0, 0)
    assert found.estimate.upper == pytest.approx(2.9957 * 10_000 / 250_000, rel=1e-3)
    assert KNOWN["g2-heralded"]([HeraldedCounts(heralds=10_000, first=0, second=5, both=0)]).estimate.value is None


@pytest.mark.parametrize("name", ["heralding-efficiency", "car"])
def test_nothing_is_no_number(name):
    nothing = PairCounts(heralds=0, signals=0, coincidences=0, window_ps=1.0, integration_s=1.0)
    found = KNOWN[name]([nothing]).estimate
    assert (found.value, found.lower, found.upper) == (None, None, None)


def test_what_cannot_be_is_an_error():
    efficiency = KNOWN["heralding-efficiency"]
    with pytest.raises(EstimatorError, match="dark counts alone"):
        efficiency(
            [PairCounts(heralds=10, signals=1, coincidences=1, window_ps=1.0, integration_s=1.0, dark_heralds=20, dark_s=1.0)]
        )
    with pytest.raises(EstimatorError, match="count once"):
        efficiency([PairCounts(heralds=10, signals=90, coincidences=11, window_ps=1.0, integration_s=1.0)])
    with pytest.raises(EstimatorError, match="different windows"):
        efficiency([pairs(1), PairCounts(heralds=10, signals=90, coincidences=1, window_ps=1.0, integration_s=1.0)])
    with pytest.raises(MeasurementError):
        HeraldedCounts(heralds=5, first=6, second=1, both=1)


def test_fewer_coincidences_than_accidentals_leave_a_limit():
    found = KNOWN["heralding-efficiency"](
        [PairCounts(heralds=1_000, signals=10**6, coincidences=3, window_ps=1e4, integration_s=1.0)]
    ).estimate
    assert (found.value, found.lower) == (None, None)
    assert found.upper >= 0
