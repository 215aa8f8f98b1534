"""Random numbers by the million: their distributions to the tails, and the bound that sources rely on."""

import math

import numpy as np
import pytest

from producers.variates import JITTER_REACH, bits, chance, exponentials, normals, uniforms


def test_distributions() -> None:
    random = np.random.Generator(np.random.SFC64(1))
    count = 2_000_001
    wait = exponentials(random, count, 500.0)
    assert wait.size == count
    assert wait.mean() == pytest.approx(500, rel=0.003)
    assert np.mean(wait > 5000) == pytest.approx(math.exp(-10), rel=0.3)
    assert wait.min() >= 0
    blur = normals(random, count, 3.0)
    assert blur.size == count
    assert blur.mean() == pytest.approx(0, abs=5 * 3 / math.sqrt(count))
    assert blur.std() == pytest.approx(3, rel=0.003)
    assert np.mean(np.abs(blur) > 12) == pytest.approx(math.erfc(4 / math.sqrt(2)), rel=0.3)
    assert np.corrcoef(blur[: count // 2], blur[count // 2 : -1])[0, 1] == pytest.approx(0, abs=5 / math.sqrt(count // 2))
    assert np.mean(chance(random, count, 0.3)) == pytest.approx(0.3, abs=0.002)
    assert chance(random, 5, 1.0).all()
    assert not chance(random, 5, 0.0).any()
    every = uniforms(random, count)
    assert 0 < every.min() < 1e-5
    assert every.max() <= 1
    assert bits(random, 3).dtype == np.uint32


class _AllZero:
    """A generator at its worst: the smallest uniform there is."""

    @property
    def bit_generator(self) -> "_AllZero":
        return self

    def random_raw(self, count: int) -> np.ndarray:
        return np.zeros(count, np.uint64)


def test_no_normal_lies_beyond_the_reach() -> None:
    assert np.abs(normals(_AllZero(), 10, 1.0)).max() < JITTER_REACH  # type: ignore[arg-type]
