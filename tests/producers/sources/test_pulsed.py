"""A triggered emitter against analytic truth."""

import itertools
import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.sources import Blinking, Detection, PulsedParameters, PulsedSource
from tests.producers.sources.oracles import SECOND_PS, SEEDS, collected, covers, pairs, peak_areas

PARAMETERS = PulsedParameters(
    rate_hz=4e6,
    g2=0.12,
    lifetime_ps=500,
    detection=Detection(efficiency=(0.8, 0.5), transmission=0.45, background_hz=(2e4, 5e4), jitter_ps=60),
)
WINDOWS = 20


def test_rates_and_purity_twenty_seeds() -> None:
    """Counts of each detector, and central over side peaks, in 20 windows of each seed."""
    window_ps = SECOND_PS // 100
    shares = zip(PARAMETERS.detection.shares, PARAMETERS.detection.background_hz, strict=True)
    expected = [(PARAMETERS.rate_hz * share + dark_hz) / 100 for share, dark_hz in shares]
    counts: tuple[list[int], list[int]] = ([], [])
    ratios, errors = [], []
    truth = PARAMETERS.measured_g2
    for seed in SEEDS:
        source = PulsedSource(PARAMETERS, seed)
        for _ in range(WINDOWS):
            time_ps, channel = source.advance(window_ps)
            counts[0].append(int(np.count_nonzero(channel == 0)))
            counts[1].append(int(np.count_nonzero(channel == 1)))
            central, side = peak_areas(pairs(time_ps, channel, 8 * 12_500), 12_500, 6)
            ratios.append(central / side)
            errors.append(math.sqrt(truth / side + truth**2 / (12 * side)))
    covers(counts[0], math.sqrt(expected[0]), expected[0])
    covers(counts[1], math.sqrt(expected[1]), expected[1])
    covers(ratios, errors, truth)


def test_purity_is_exact_in_numbers_of_photons() -> None:
    """<n(n-1)>/<n>² of detected photons a pulse, whatever the loss."""
    for g2, efficiency in itertools.product((0.0, 0.05, 0.5, 1.0), (1.0, 0.3)):
        parameters = PulsedParameters(
            rate_hz=2e7, period_ps=10_000, g2=g2, lifetime_ps=0, detection=Detection(efficiency=(efficiency, efficiency))
        )
        time_ps, _ = collected(PulsedSource(parameters, 11), SECOND_PS // 25)
        photons = np.bincount(time_ps // 10_000, minlength=4 * 10**6).astype(float)
        mean = photons.mean()
        assert mean == pytest.approx(0.2 * efficiency, rel=0.01)
        found = (photons * (photons - 1)).mean() / mean**2
        twins = g2 * mean**2 / 2 * photons.size
        assert abs(found - g2) <= 5 * (math.sqrt(twins) * 2 / photons.size / mean**2 + 0.002 * g2)
        assert (found == 0) == (g2 == 0)


def test_lifetime_twenty_seeds() -> None:
    """The mean arrival after the pulse is the lifetime; its variance adds both jitters: tau² + sigma² + trigger²."""
    parameters = PulsedParameters(
        rate_hz=1e6, period_ps=100_000, lifetime_ps=700, trigger_jitter_ps=150, detection=Detection(jitter_ps=200)
    )
    sigma = math.sqrt(700**2 + 200**2 + 150**2)
    means, errors, phases = [], [], []
    for seed in SEEDS:
        source = PulsedSource(parameters, seed)
        for _ in range(WINDOWS):
            phase = (source.advance(SECOND_PS // 500)[0] + 50_000) % 100_000 - 50_000
            means.append(phase.mean() + 0.5)
            errors.append(sigma / math.sqrt(phase.size))
            phases.append(phase)
    covers(means, errors, 700)
    every = np.concatenate(phases)
    assert every.var() == pytest.approx(sigma**2, rel=0.01)
    assert np.count_nonzero(every < 0) > 0


def test_background_is_uniform_and_unrelated() -> None:
    parameters = PulsedParameters(rate_hz=0, detection=Detection(background_hz=(2e6, 1e6)))
    time_ps, channel = collected(PulsedSource(parameters, 3), SECOND_PS // 4)
    counts = np.histogram(time_ps % 12_500, 25)[0]
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 24 + 5 * math.sqrt(48)
    central, side = peak_areas(pairs(time_ps, channel, 8 * 12_500), 12_500, 6)
    assert abs(central - side) < 5 * math.sqrt(side)
    assert parameters.measured_g2 == 1


def test_blinking_bunches_as_its_formula_says_twenty_seeds() -> None:
    """A peak at delay t is higher by 1 + (off/on)·exp(-t·(1/on + 1/off)) than with steady light of the same mean rate."""
    blinking = Blinking(on_s=4e-6, off_s=2e-6)
    parameters = PulsedParameters(rate_hz=8e6, lifetime_ps=100, blinking=blinking)
    mean_hz = 8e6 * blinking.bright_ratio
    values, errors, truths = [], [], []
    for seed in SEEDS:
        source = PulsedSource(parameters, seed)
        for _ in range(4):
            time_ps, channel = source.advance(SECOND_PS // 100)
            order = np.rint(pairs(time_ps, channel, 401 * 12_500) / 12_500).astype(int)
            flat = (mean_hz / 2) ** 2 * 12_500e-12 * 0.01
            for peak in (10, 100, 400):
                count = np.count_nonzero(order == peak) + np.count_nonzero(order == -peak)
                truth = 1 + 0.5 * math.exp(-peak * 12_500e-12 * (1 / 4e-6 + 1 / 2e-6))
                # The rate itself scatters as the bright time does: 2·(mean dark run)·... of its square.
                switching = 2 * 2 * (1 / 3) / (2 / 3) * (4 / 3 * 1e-6) / 0.01
                values.append(count / 2 / flat)
                errors.append(truth * math.sqrt(1 / (2 * flat * truth) + 4 * switching / 2))
                truths.append(truth)
    covers(values, errors, truths)


def test_reexcited_photons_leave_one_after_the_other() -> None:
    """Twins lie apart by the lifetime and, re-excited, by a quarter of the pulse more; none leave together."""
    found = {}
    for reexcited in (0.0, 1.0):
        parameters = PulsedParameters(rate_hz=2e7, period_ps=50_000, g2=1.0, lifetime_ps=300, reexcited=reexcited, pulse_ps=2_000)
        time_ps, _ = PulsedSource(parameters, 4).advance(SECOND_PS // 10)
        pulse, photons = np.unique(time_ps // 50_000, return_counts=True)
        twins = np.isin(time_ps // 50_000, pulse[photons == 2])
        apart = np.diff(time_ps[twins].reshape(-1, 2), axis=1).ravel()
        found[reexcited] = apart.mean(), np.mean(apart < 20)
        assert apart.size > 100_000
    assert found[0.0][0] == pytest.approx(300, rel=0.01)
    assert found[1.0][0] == pytest.approx(300 + 2_000 / 4, rel=0.01)
    assert found[1.0][1] < found[0.0][1] / 5


def test_pulses_keep_their_phase_over_stretches_and_changes() -> None:
    source = PulsedSource(PulsedParameters(rate_hz=3e6, period_ps=3128.5, lifetime_ps=0), 1)
    whole = collected(source, SECOND_PS // 10, stretches=997)[0]
    phase = np.mod(whole, 3128.5)
    assert np.all(np.minimum(phase, 3128.5 - phase) < 1.01)


def test_photons_that_leave_late_arrive_in_later_stretches() -> None:
    parameters = PulsedParameters(rate_hz=4e6, period_ps=100_000, lifetime_ps=400_000, detection=Detection(jitter_ps=300))
    time_ps, _ = collected(PulsedSource(parameters, 2), SECOND_PS // 100, stretches=20_000)
    assert time_ps.size == pytest.approx(4e4, abs=5 * 200)


def test_purity_breaks_and_mends_while_it_runs() -> None:
    source = PulsedSource(PulsedParameters(rate_hz=4e6, g2=0.01), 9)
    found = []
    for g2 in (0.01, 0.5, 0.01):
        source.parameters = PulsedParameters(rate_hz=4e6, g2=g2)
        central, side = peak_areas(pairs(*collected(source, SECOND_PS // 10), 8 * 12_500), 12_500, 6)
        found.append(central / side)
    assert found == pytest.approx([0.01, 0.5, 0.01], abs=0.03)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rate_hz": -1}, "cannot be negative"),
        ({"period_ps": 0}, "period must be positive"),
        ({"g2": -0.1}, "cannot be negative"),
        ({"rate_hz": 9e7, "g2": 0.9}, "more than two in one pulse"),
        ({"rate_hz": 9e7}, "more than two in one pulse"),
        ({"reexcited": 1.5}, r"must lie in \[0, 1\]"),
        ({"detection": Detection(efficiency=(1.0,), background_hz=(0.0,))}, "1 detectors: two stand"),
    ],
)
def test_impossible_sources_are_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint):
        PulsedParameters(**{"rate_hz": 1e6, **changes})  # type: ignore[arg-type]
