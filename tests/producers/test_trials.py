"""Successes among trials: as many, and as far apart, as independent trials give."""

import numpy as np
import pytest

from producers.trials import successes
from tests.producers.sources.oracles import covers


@pytest.mark.parametrize("probability", [0.9, 0.3, 0.01, 2e-4])
def test_number_and_gaps(probability: float) -> None:
    """2e-4 is drawn in double precision, the others in single."""
    trials = int(2000 / probability)
    counts, gaps = [], []
    for seed in range(200):
        index = successes(np.random.default_rng(seed), trials, probability)
        assert np.all(np.diff(index) > 0)
        assert 0 <= index[0] <= index[-1] < trials
        counts.append(index.size)
        gaps.append(np.diff(index))
    covers(counts, (2000 * (1 - probability)) ** 0.5, 2000)
    every = np.concatenate(gaps)
    assert np.mean(every == 1) == pytest.approx(probability, rel=0.03 if probability > 0.001 else 0.3)
    assert every.mean() == pytest.approx(1 / probability, rel=0.01)


def test_edges() -> None:
    random = np.random.default_rng(1)
    assert successes(random, 0, 0.5).size == 0
    assert successes(random, 10, 0.0).size == 0
    assert successes(random, 3, 1.0).tolist() == [0, 1, 2]
