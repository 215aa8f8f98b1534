import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kernels import gates
from streams.kernels.gates import GateLayout, count_gates
from tests.streams.tag_streams import crowds


@settings(max_examples=40)
@given(crowds(most=20, span=80), st.integers(-40, 40), st.integers(1, 50))
def test_uncompiled_equals_compiled(tags, begin_ps, length_ps):
    layout, results = GateLayout.of(0, (1, 7)), []
    for count in (gates._count, gates._count.py_func):
        patterns, in_gates = np.zeros(4, np.uint64), np.zeros(2, np.uint64)
        count(*tags, (0, tags[0].size), (begin_ps, begin_ps + length_ps), 0, layout.place, patterns, in_gates)
        results.append((patterns.tolist(), in_gates.tolist()))
    assert results[0] == results[1]


def test_the_ends_of_time():
    time_ps, channel = np.array([-(2**62), 2**62 - 1]), np.array([0, 1], np.uint8)
    patterns, _ = count_gates(time_ps, channel, (0, 2), (-(2**41), 2**41), GateLayout.of(0, (1,)))
    assert patterns.tolist() == [1, 0]
