"""Kernels release the lock, are cached, and are all compiled before the first tag."""

import importlib
import pkgutil

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher

from schemas.panes import PaneParameters
from streams import kernels
from streams.kernels.axis import EdgeAxis
from streams.kernels.split import split_channels
from streams.kernels.warm import warm
from streams.processors import correlation, panes
from streams.processors.correlation import CorrelationParameters
from tests.streams.tag_streams import segment

KERNELS = {
    f"{module.name}.{name}": value
    for module in pkgutil.iter_modules(kernels.__path__, "streams.kernels.")
    for name, value in vars(importlib.import_module(module.name)).items()
    if isinstance(value, CPUDispatcher) and value.py_func.__module__ == module.name
}


def test_there_are_kernels():
    assert len(KERNELS) >= 9


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
def test_kernels_release_the_lock_and_are_cached(kernel):
    assert kernel.targetoptions["nogil"]
    assert not kernel.targetoptions.get("parallel")
    assert type(kernel._cache).__name__ != "NullCache"


def test_nothing_is_compiled_once_warm():
    warm()
    before = {name: len(kernel.signatures) for name, kernel in KERNELS.items()}
    assert all(before.values())
    generator = np.random.default_rng(1)
    state = panes.initial(PaneParameters())
    unequal = CorrelationParameters(((4, 1), (0, 0)), EdgeAxis.doubling(10**6, 100))
    correlated = correlation.initial(unequal)
    for start, step_ps in ((0, 100_000), (10**10, 5_000), (2 * 10**10, 0)):  # sparse, dense, a burst
        time_ps = np.sort(generator.integers(start, start + 3_000 * step_ps + 1, 6_000))
        piece = segment(time_ps, generator.integers(0, 6, 6_000), start, start + 10**10, (0, 1, 4))
        state, _ = panes.step(state, piece, PaneParameters())
        correlated, _ = correlation.step(correlated, piece, unequal)
        split_channels(piece.time_ps, piece.channel)
    assert {name: len(kernel.signatures) for name, kernel in KERNELS.items()} == before
