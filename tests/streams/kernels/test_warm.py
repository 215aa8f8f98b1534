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
from streams.processors import coincidences, correlation, dispersion, gaps, gates, panes, stability, start_stop
from streams.processors.bin_widths import BinWidths
from streams.processors.coincidences import CoincidenceParameters
from streams.processors.correlation import CorrelationParameters, CorrelationState
from streams.processors.count_series import SeriesParameters
from streams.processors.delayed import Delays
from streams.processors.gaps import GapParameters
from streams.processors.gates import GateParameters
from streams.processors.start_stop import StartStopParameters
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
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


@pytest.mark.slow
def test_nothing_is_compiled_once_warm():
    warm()
    before = {name: len(kernel.signatures) for name, kernel in KERNELS.items()}
    inside = {name for kernel in KERNELS.values() for name in kernel.py_func.__code__.co_names}  # compiled with their callers
    assert all(before[name] or name.rpartition(".")[2] in inside for name in KERNELS)
    generator = np.random.default_rng(1)
    state = panes.initial(PaneParameters())
    unequal = CorrelationParameters(((4, 1), (0, 0)), EdgeAxis.doubling(10**6, 100))
    correlated = correlation.initial(unequal)
    others = [
        [coincidences, CoincidenceParameters(((0, 1, 4), (0, 1)), 5_000, Delays({1: 7}), 10**6)],
        [start_stop, StartStopParameters(0, (1, 4))],
        [start_stop, StartStopParameters(0, (1, 4), first_only=True)],
        [gaps, GapParameters((0, 1))],
        [gates, GateParameters(0, (1, 4))],
        [dispersion, BinWidths(SeriesParameters((0, 1), 10**7))],
        [stability, BinWidths(SeriesParameters((0, 1), 10**7))],
        [gaps, GapParameters((0, 1), bin_width_ps=1_000)],
    ]
    states = [processor.initial(parameters) for processor, parameters in others]
    for start, step_ps in ((0, 100_000), (10**10, 5_000), (2 * 10**10, 0)):  # sparse, dense, a burst
        time_ps = np.sort(generator.integers(start, start + 3_000 * step_ps + 1, 6_000))
        piece = segment(time_ps, generator.integers(0, 6, 6_000), start, start + 10**10, (0, 1, 4))
        state, _ = panes.step(state, piece, PaneParameters())
        correlated, _ = correlation.step(state_from_bytes(state_to_bytes(correlated), CorrelationState), piece, unequal)
        states = [one.step(kept, piece, how)[0] for (one, how), kept in zip(others, states, strict=True)]
        split_channels(piece.time_ps, piece.channel)
    assert {name: len(kernel.signatures) for name, kernel in KERNELS.items()} == before
