"""Links: rates, latencies, and what false heralds and memories do."""

import math

import numpy as np
import pytest

from producers.entanglement.link import Link, checked, heralds
from producers.errors import SourceError
from tests.producers.sources.oracles import SEEDS, covers


def test_heralds_and_latency_twenty_seeds() -> None:
    """Rate: tries × (success·loss + dark counts); latency: light's way, processing and queue."""
    link = Link(
        attempt_hz=1e5, success=4e-3, loss_db=3.0103, dark_hz=1e3, length_m=20_400, queue_s=1e-3, jitter_s=20e-9, skew_s=15e-9
    )
    latency = 1e-4 + 2e-3 + 1e-3
    rates, means, errors, outside = [], [], [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            told = heralds(link, 5.0, random)
            assert told.attempts == 500_000
            rates.append(len(told.latency_ns))
            means.append(np.mean(told.latency_ns) * 1e-9)
            errors.append(1e-3 / math.sqrt(len(told.latency_ns)))
            outside.append(told.outside_window)
    covers(means, errors, latency)
    late, shut = (0.5 * sum(math.erfc(gap / 20 / math.sqrt(2)) for gap in gaps) for gaps in ((10, 40), (35, 65)))
    probability = 2e-3 * (1 - shut) + (1 - 2e-3) * (1 - math.exp(-2e3 * 50e-9))
    late = (late - shut) / (1 - shut)
    expected = 500_000 * probability * late
    covers(outside, math.sqrt(expected), expected)
    covers(rates, math.sqrt(500_000 * probability), 500_000 * probability)
    assert link.latency_s == pytest.approx(latency)


def test_false_heralds_and_waiting_cost_fidelity() -> None:
    perfect = Link(fidelity=1.0, dark_hz=0, memory_s=1e9)
    assert perfect.pair_fidelity == pytest.approx(1.0)
    half_false = Link(fidelity=1.0, success=1e-3, dark_hz=1e-3 / 50e-9 / 2, memory_s=1e9)
    assert half_false.pair_fidelity == pytest.approx(0.25 + 0.75 / 2, abs=1e-3)
    assert half_false.herald_probability == pytest.approx(2e-3, rel=1e-2)
    waited = Link(fidelity=1.0, dark_hz=0, memory_s=perfect.latency_s)
    assert waited.pair_fidelity == pytest.approx(0.25 + 0.75 / math.e)
    assert Link(jitter_s=0, skew_s=26e-9).outside == 1
    assert Link(jitter_s=0, skew_s=24e-9).outside == 0
    assert Link(jitter_s=0, skew_s=51e-9).true_probability == 0


@pytest.mark.parametrize("changes", [{"attempt_hz": 0}, {"dark_hz": -1}, {"success": 1.1}, {"fidelity": 0.2}])
def test_impossible_links_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        Link(**changes)


def test_the_application_can_use_what_is_above_its_threshold_and_no_more() -> None:
    link, random = Link(check_hz=10.0, check_pairs=20, usable_fidelity=0.85), np.random.default_rng(3)
    good, poor = (checked(link, fidelity, 10**6, 100.0, random) for fidelity in (0.97, 0.7))
    assert good.checked == poor.checked == 1000
    # At least 17 of 20 agree: by the binomial distribution.
    expected = [sum(math.comb(20, k) * f**k * (1 - f) ** (20 - k) for k in range(17, 21)) for f in (0.97, 0.7)]
    for told, share in zip((good, poor), expected, strict=True):
        assert told.passed == pytest.approx(1000 * share, abs=4 * math.sqrt(1000 * share * (1 - share)) + 1)
    assert checked(link, 0.97, 59, 100.0, random).checked == 2  # there are no pairs for more
