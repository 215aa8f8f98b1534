"""Resonances in sweeps: found where they are, counted, and not seen in noise or ripple."""

import numpy as np
import pytest

from streams.estimators.resonance import find_resonances
from tests.streams.estimators.sweeps import FREQUENCY_HZ, resonator_sweep


def found_in(sweep, **options):
    return find_resonances(np.array(sweep.frequency_hz), np.array(sweep.s_real) + 1j * np.array(sweep.s_imag), **options)


@pytest.mark.parametrize("spans", [2.5, 10, 90])
@pytest.mark.parametrize("points", [40, 201, 5_000])
def test_one_resonance_at_any_width_and_delay(spans, points):
    found = found_in(resonator_sweep(np.random.default_rng(1), spans=spans, points=max(points, int(3 * spans))))
    (line,) = found.lines
    assert line.frequency_hz == pytest.approx(FREQUENCY_HZ, abs=6e3)
    assert line.width_hz == pytest.approx(3e5, rel=0.1)
    assert found.fitted.p_value > 1e-4
    step = 1 / (np.ptp(found.frequency_hz) / (found.frequency_hz.size - 1))
    assert (found.delay_s - 40e-9 + step / 2) % step - step / 2 == pytest.approx(0, abs=5 * 40e-9)


def test_noise_and_ripple_are_no_resonance():
    for seed in range(20):
        generator = np.random.default_rng(seed)
        frequency = np.linspace(6e9, 6.01e9, 201)
        noise = 1 + 0.1 * (generator.normal(size=201) + 1j * generator.normal(size=201))
        assert "no resonance" in find_resonances(frequency, noise)
    ripple = np.exp(-2j * np.pi * frequency * 40e-9) * (1 + 0.05 * np.exp(-2j * np.pi * frequency * 150e-9))
    assert "sweep wider" in find_resonances(frequency, ripple + 1e-3 * (noise - 1))


def test_crowded_modes_are_counted():
    kappa = FREQUENCY_HZ / 2e4
    places = (FREQUENCY_HZ + 3 * kappa, FREQUENCY_HZ - 2.5 * kappa)
    for number in (1, 2):
        sweep = resonator_sweep(np.random.default_rng(2), others=[(at, 3e4, 0.3) for at in places[:number]])
        found = found_in(sweep)
        assert [line.frequency_hz for line in found.lines] == pytest.approx(
            sorted((FREQUENCY_HZ, *places[:number])), abs=0.05 * kappa
        )
        assert found.strongest.frequency_hz == pytest.approx(FREQUENCY_HZ, abs=0.05 * kappa)


def test_two_alike_are_two():
    sweep = resonator_sweep(np.random.default_rng(2), others=[(FREQUENCY_HZ + 1.5e6, 2e4, 2 / 3)])
    assert len(found_in(sweep).lines) == 2
    assert found_in(sweep).lines[1].frequency_hz == pytest.approx(FREQUENCY_HZ + 1.5e6, abs=1e4)


def test_a_false_delay_of_many_turns_is_found():
    """The phase turns by whole turns over the sweep, and more between two points than a resonance does."""
    generator = np.random.default_rng(3)
    frequency = np.linspace(5.99e9, 6.01e9, 301)
    for delay_s in (0.0, 300e-9, 2e-6, -1e-6):
        signal = (1 - 0.6 / (1 + 2j * (frequency - 6e9) / 1e6)) * np.exp(-2j * np.pi * frequency * delay_s)
        found = find_resonances(frequency, signal + 0.01 * (generator.normal(size=301) + 1j * generator.normal(size=301)))
        assert found.delay_s == pytest.approx(delay_s, abs=2e-9)
        assert found.strongest.width_hz == pytest.approx(1e6, rel=0.1)


@pytest.mark.parametrize(
    ("points", "value", "why"), [(5, 1.0, "5 points"), (50, 0.0, "every point"), (50, 0.3 + 0.1j, "every point")]
)
def test_what_holds_nothing_is_told(points, value, why):
    assert why in find_resonances(np.linspace(1e9, 2e9, points), np.full(points, value, np.complex128))
