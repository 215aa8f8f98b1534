"""What all tag processors together take, against the g² kernel alone: 4 Mcps of continuous light in 64k-tag blocks, one core."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.result import Result, at_most
from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import PaneParameters
from streams.kernels.axis import TauAxis
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import count_pairs, empty_histogram
from streams.kernels.warm import warm
from streams.processors import coincidences, gaps, panes, start_stop
from streams.processors.coincidences import CoincidenceParameters
from streams.processors.gaps import GapParameters
from streams.processors.partners import NO_TAGS, Partners
from streams.processors.start_stop import StartStopParameters
from streams.segment import Segment

RATE_HZ = 4e6
BLOCK = 65_536
BLOCKS = 32
ROUNDS = 15
RANGE_PS = 100_000
BIN_PS = 100
WINDOW_PS = 1_000
_PROCESSORS: dict[str, tuple[Any, Any]] = {
    "g², two-fold coincidences and rates in panes": (panes, PaneParameters(BIN_PS, RANGE_PS, WINDOW_PS)),
    "coincidences and singles of live time": (coincidences, CoincidenceParameters(((0, 1),), WINDOW_PS)),
    "start-stop: arrival and jitter": (start_stop, StartStopParameters(0, (1,), BIN_PS, RANGE_PS // BIN_PS)),
    "gap histograms": (gaps, GapParameters((0, 1))),
}


def measure() -> list[Result]:
    """The g² kernel, each processor, and all of them, in turns: medians of ratios, so that a loud machine disturbs little."""
    warm()
    segments = _segments()
    alone, together = "g² kernel alone", "all processors together"
    cases: dict[str, Callable[[], object]] = {
        alone: lambda: _kernel(segments),
        **{name: partial(_run, [case], segments) for name, case in _PROCESSORS.items()},
        together: lambda: _run(list(_PROCESSORS.values()), segments),
    }
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, case in cases.items():
            segments[:] = [replace(segment) for segment in segments]  # so that nobody finds counted what another counted before
            started = time.thread_time()
            case()
            seconds[name].append(time.thread_time() - started)
    tags = BLOCK * BLOCKS / 1e6
    ratios = {
        name: statistics.median(one / kernel for one, kernel in zip(found, seconds[alone], strict=True))
        for name, found in seconds.items()
    }
    return [
        Result(f"{alone}, 4 Mcps, ±100 ns, 64k-tag blocks", f"{tags / statistics.median(seconds[alone]):.0f} Mtags/s"),
        *(Result(f"{name}, over it", f"{ratios[name]:.2f}") for name in _PROCESSORS),
        at_most(f"{together}, over it", ratios[together], "", 3.0),
    ]


def _segments() -> list[Segment]:
    generator = np.random.default_rng(4)
    time_ps = np.cumsum(generator.exponential(1e12 / RATE_HZ, BLOCK * BLOCKS).astype(np.int64))
    channel = generator.integers(0, 2, time_ps.size).astype(np.uint8)
    edges = [0, *time_ps[BLOCK::BLOCK].tolist(), int(time_ps[-1]) + 1]
    places = np.searchsorted(time_ps, edges).tolist()
    return [
        Segment(
            DomainId("bench"), DeviceId("bench"), RunId("bench"), 0, start, end, time_ps[begin:stop], channel[begin:stop], (0, 1)
        )
        for (start, end), (begin, stop) in zip(pairwise(edges), pairwise(places), strict=True)
    ]


def _kernel(segments: list[Segment]) -> None:
    layout, axis = PairLayout.of((0, 1)), TauAxis.symmetric(RANGE_PS, BIN_PS)
    histogram, tail = empty_histogram(layout, axis), NO_TAGS
    for segment in segments:
        later = segment.time_ps, segment.channel
        count_pairs(tail, later, (0, segment.time_ps.size), layout, axis, histogram)
        tail = Partners(segment, layout, tail, *later).tail_from(segment.reached_ps - axis.reach_ps)


def _run(cases: list[tuple[Any, Any]], segments: list[Segment]) -> None:
    """Each segment through all of them before the next, as a worker does."""
    states = [processor.initial(parameters) for processor, parameters in cases]
    for segment in segments:
        for number, (processor, parameters) in enumerate(cases):
            states[number], _ = processor.step(states[number], segment, parameters)
    for (processor, parameters), state in zip(cases, states, strict=True):
        processor.close(state, parameters)
