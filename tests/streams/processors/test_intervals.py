from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.processors.intervals import merged, overlap_ps

spans = st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30)), max_size=8)


@given(spans, st.none() | st.integers(-30, 30), st.integers(-30, 30), st.tuples(st.integers(-30, 30), st.integers(-30, 30)))
def test_union_and_overlap_equal_sets_of_points(intervals, since, until, bounds):
    points = {t for start, end in intervals for t in range(start, end) if t < until and (since is None or t >= since)}
    union = merged(intervals, since, until)
    assert {t for start, end in union for t in range(start, end)} == points
    assert all(left[1] < right[0] for left, right in pairwise(union))
    assert overlap_ps(union, bounds) == len(points & set(range(*bounds)))
