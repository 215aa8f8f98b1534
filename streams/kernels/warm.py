"""Everything compiled before the first tag."""

from fractions import Fraction

import numpy as np

from schemas.block import ADVANCE_CHANNEL
from streams.kernels import pairs
from streams.kernels.allan import add_differences
from streams.kernels.arrival_fit import VALUES, descend_arrivals
from streams.kernels.axis import EdgeAxis, TauAxis
from streams.kernels.bin_counts import count_bins
from streams.kernels.block import count_block, nothing_counted, plan_of
from streams.kernels.clock_line import ClockLine
from streams.kernels.coarse_counts import count_coarse
from streams.kernels.coincidence import CoincidenceSets, count_coincidences, first_pause
from streams.kernels.delay import delay
from streams.kernels.dispersion import add_powers, empty_sums
from streams.kernels.fold import PulseTrain, count_phases
from streams.kernels.gaps import NO_TAG, GapLayout, count_gaps
from streams.kernels.gates import GateLayout, count_gates
from streams.kernels.layout import PairLayout
from streams.kernels.merge import merge
from streams.kernels.order import first_descent
from streams.kernels.readonly import readonly
from streams.kernels.residuals import count_residuals
from streams.kernels.select import select
from streams.kernels.shares import share_out
from streams.kernels.split import split_channels
from streams.kernels.start_stop import StartStopLayout, count_every_stop, count_some_stops
from streams.kernels.unwrap import unwrap
from streams.kernels.wide_sums import WORDS


def warm() -> None:
    """Compile every kernel, or load it from the cache beside the code. Called before a worker joins its group."""
    layout, axis = PairLayout.of((0, 1)), TauAxis.symmetric(4, 2)
    gaps = np.full(4, 8, np.uint32)
    for advance in (0, ADVANCE_CHANNEL):
        time_ps, channel = unwrap(gaps, np.array([0, advance, 0, 1], np.uint8), 0)
        first_descent(time_ps)
        split_channels(time_ps, channel)
        merge([(time_ps, channel), (time_ps, channel)])
        delay(time_ps, channel, np.arange(256))
    few, dense, burst = np.arange(8), np.arange(64), np.zeros(3 * pairs.CROWD, np.int64)
    for time_ps in (few * 8, dense // 4, burst):
        tags = time_ps, np.arange(time_ps.size, dtype=np.uint8) & np.uint8(1)
        earlier = time_ps[:2] - 100, tags[1][:2]
        pairs.count_pairs(earlier, tags, (0, time_ps.size), layout, axis, pairs.empty_histogram(layout, axis))
    walked, unequal = PairLayout.chosen(((0, 0), (0, 1))), EdgeAxis((-4, 0, 1))
    channel = np.arange(few.size, dtype=np.uint8) & np.uint8(1)
    tags = few, channel
    pairs.count_pairs((few - 8, channel), tags, (1, few.size), walked, unequal, pairs.empty_histogram(walked, unequal))
    select(*tags, (1,))
    share_out(*tags, [], None, 1)
    fixed = readonly(tags[0], np.int64), readonly(tags[1], np.uint8)
    count_block(*tags, *fixed, 0, plan_of(layout, axis), layout.codes, nothing_counted(layout, axis))
    train = PulseTrain.of(Fraction(5, 2), 1, (0, 1))
    count_phases(*tags, train, train.nothing())
    _warm_coincidences(tags)
    _warm_statistics(tags)
    _warm_fits()
    line = ClockLine(0, 1 << 20, 4, 1)
    count_residuals(few * 8, line.to_ours(few), line, axis)
    count_coarse(few * 8, 0, 4, 4)


def _warm_coincidences(tags: pairs.Tags) -> None:
    count_coincidences(*tags, 0, 2, CoincidenceSets.of(((0, 1),)), np.zeros(1, np.uint64))
    first_pause(tags[0], 1)
    for layout_of_gaps in (GapLayout.doubling((0,), 3), GapLayout.equal((0,), 1, 4)):
        count_gaps(*tags, np.full(256, NO_TAG, np.int64), layout_of_gaps, layout_of_gaps.nothing())
    stops = StartStopLayout.of(0, (1,), TauAxis(0, 1, 4))
    count_every_stop(*tags, np.ones(256, np.uint64), None, stops, stops.nothing())
    count_some_stops(*tags, None, np.zeros(1, np.bool_), stops, None, stops.nothing(), first_only=True)
    count_gates(*tags, (0, tags[0].size), (0, 2), GateLayout.of(0, (1,)))


def _warm_statistics(tags: pairs.Tags) -> None:
    counts, whole = np.zeros((8, 1), np.uint32), np.zeros(1, np.int64)
    count_bins(*tags, 0, 1, tags[1], counts)
    add_differences(counts, 0, whole + 1, whole, np.zeros((1, 1, WORDS), np.uint64))
    add_powers(counts, 0, whole + 1, whole, np.zeros((1, 1), np.uint64), whole, empty_sums(1, 1))


def _warm_fits() -> None:
    counts, edges = np.ones(8), np.arange(9.0)
    values, limits = np.array([1.0, 1.0, 4.0, 1.0, 0.5]), np.full(VALUES, 9.0)
    descend_arrivals(counts, edges, 0.0, False, values, np.arange(VALUES), -limits, limits, 1.0)
