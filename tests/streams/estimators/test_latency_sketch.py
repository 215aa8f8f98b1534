from itertools import permutations

import numpy as np
import pytest

from streams.estimators.latency_sketch import ACCURACY, LatencySketch


def sketch_of(latencies):
    found = LatencySketch()
    found.add(latencies)
    return found


def test_order_statistics_are_within_the_accuracy():
    latencies = np.sort(np.random.default_rng(1).lognormal(15, 2, 5_000).astype(int))
    found = sketch_of(latencies.tolist())
    for rank in (0, 1, 2_500, 4_949, 4_999):
        assert found.ordered(rank) == pytest.approx(latencies[rank], rel=ACCURACY * 1.01)


def test_merging_in_any_order_is_the_sketch_of_all():
    generator = np.random.default_rng(2)
    parts = [generator.integers(1, 10**9, 200).tolist() for _ in range(3)]
    whole = sketch_of([latency for part in parts for latency in part])
    for order in permutations(range(3)):
        merged = LatencySketch()
        for place in order:
            merged.merge(sketch_of(parts[place]))
        assert merged.count == whole.count == 600
        assert [merged.ordered(rank) for rank in range(0, 600, 37)] == [whole.ordered(rank) for rank in range(0, 600, 37)]


def test_the_merged_part_stays_as_it_is():
    part, total = sketch_of([5]), LatencySketch()
    total.merge(part)
    total.add([7])
    assert (part.count, total.count) == (1, 2)


def test_no_such_rank():
    with pytest.raises(IndexError, match="rank 0 of 0"):
        LatencySketch().ordered(0)
