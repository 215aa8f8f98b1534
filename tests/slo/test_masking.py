from hypothesis import given
from hypothesis import strategies as st

from slo.counts import Bucket, Counts
from slo.exclusions import is_inside
from slo.history import RunLengthHistory, between
from slo.masking import MaskedHistory

buckets = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)), max_size=20)
edges = st.lists(st.integers(-5, 70), unique=True, max_size=6).map(sorted)


@given(buckets, edges, st.integers(-5, 65), st.integers(0, 70))
def test_what_lies_inside_counts_as_excluded(
    rows: list[tuple[int, int, int, int]], borders: list[int], after: int, length: int
) -> None:
    stretches = list(zip(borders[::2], borders[1::2], strict=False))
    history = RunLengthHistory()
    masked = MaskedHistory(history, stretches)
    for end, *counts in rows:
        masked.add(Bucket(end, Counts(*counts)))
    expected = Counts()
    for end, good, bad, open_ in rows:
        if after < end <= after + length:
            out = is_inside(stretches, end)
            more = Counts(excluded=good + bad + open_) if out else Counts(good, bad, open_)
            expected = Counts(*(one + other for one, other in zip(expected, more, strict=True)))
    assert between(masked, after, after + length) == expected
    assert masked.sums([after], after + length) == [expected]
    told = list(masked.runs_between(after, after + length))
    assert [sum(run.times * run.counts[column] for run in told) for column in range(4)] == list(expected)
