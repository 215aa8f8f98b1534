"""Repeaters: how long two hops wait for each other, what mistiming and waiting cost."""

import math

import numpy as np
import pytest

from producers.entanglement.repeater import Repeater, joined_fidelity, swapped
from producers.errors import SourceError
from tests.producers.sources.oracles import SEEDS, covers


def test_swaps_twenty_seeds() -> None:
    """A round lasts as long as the slower of two geometric waits: (3 - 2p)/((2 - p)·p) tries."""
    p, attempt_hz = 0.01, 1e5
    repeater = Repeater(attempt_hz=attempt_hz, hop_success=(p, p), swap_success=0.5)
    round_s = (3 - 2 * p) / ((2 - p) * p) / attempt_hz
    counts, waits, errors = [], [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            done = swapped(repeater, 2.0, random)
            assert done.given_up == 0
            assert len(done.waited_s) == done.swaps.acknowledged
            counts.append(done.swaps.acknowledged / done.swaps.attempts)
            errors.append(0.5 / math.sqrt(done.swaps.attempts))
            waits.append(done.swaps.attempts)
    covers(counts, errors, 0.5)
    # The maximum of two exponential waits has the variance 5/4 and the mean 3/2 of one's: a renewal count's Fano factor 5/9.
    covers(waits, math.sqrt(2.0 / round_s * 5 / 9), 2.0 / round_s)


def test_mistiming_spoils_swaps_and_a_cutoff_gives_up() -> None:
    assert Repeater(mistiming_s=2e-9, photon_s=1e-9).acknowledged == pytest.approx(0.5 * math.exp(-1))
    random = np.random.default_rng(1)
    short = swapped(Repeater(hop_success=(1e-2, 1e-2), cutoff_s=1e-3), 100.0, random)
    # Two geometric waits lie more than 20 tries apart with the probability 2·(1 - p)^21/(2 - p).
    given_up = short.given_up / (short.given_up + short.swaps.attempts)
    assert given_up == pytest.approx(2 * 0.99**21 / 1.99, abs=0.01)
    assert max(short.waited_s) <= 1e-3


def test_a_swapped_pair_multiplies_its_parts() -> None:
    repeater = Repeater(hop_fidelity=(1.0, 0.9), memory_s=2.0)
    assert joined_fidelity(repeater, 0.0) == pytest.approx(0.9)
    assert joined_fidelity(repeater, 2.0) == pytest.approx((1 + 3 * (2.6 / 3) / math.e) / 4)


def test_mean_fidelity_is_that_of_many_swaps() -> None:
    repeater = Repeater(hop_success=(2e-3, 5e-4), memory_s=0.05)
    done = swapped(repeater, 2_000.0, np.random.default_rng(3))
    fidelities = [joined_fidelity(repeater, waited_s) for waited_s in done.waited_s]
    error = np.std(fidelities) / math.sqrt(len(fidelities))
    assert abs(np.mean(fidelities) - repeater.mean_fidelity) < 4 * error


@pytest.mark.parametrize("changes", [{"cutoff_s": 0}, {"swap_success": 0.0}, {"hop_fidelity": (0.1, 0.9)}])
def test_impossible_repeaters_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SourceError):
        Repeater(**changes)  # type: ignore[arg-type]
