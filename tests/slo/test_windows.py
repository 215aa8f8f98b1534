from hypothesis import given, settings
from hypothesis import strategies as st

from slo.counts import Bucket, Counts
from slo.history import RunLengthHistory
from slo.windows import SlidingWindows


def windows(*lengths: int) -> SlidingWindows:
    return SlidingWindows(lengths, RunLengthHistory())


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    sliding = windows(60)
    sliding.add(Bucket(0, Counts(good=1)))
    sliding.add(Bucket(59, Counts(bad=1)))
    assert sliding.sums == [Counts(good=1, bad=1)]
    sliding.add(Bucket(60, Counts(good=1)))
    assert sliding.sums == [Counts(good=1, bad=1)]


def test_late_restates_and_too_late_changes_nothing() -> None:
    sliding = windows(10, 100)
    sliding.add(Bucket(200, Counts(good=1)))
    assert sliding.add(Bucket(150, Counts(bad=1)))
    assert sliding.sums == [Counts(good=1), Counts(good=1, bad=1)]
    assert not sliding.add(Bucket(100, Counts(bad=1)))
    assert sliding.sums == [Counts(good=1), Counts(good=1, bad=1)]
    sliding.add(Bucket(250, Counts(good=1)))
    assert sliding.sums == [Counts(good=1), Counts(good=2)]


counts = st.builds(Counts, *[st.integers(0, 5)] * 4)


@settings(max_examples=300)
@given(
    st.lists(st.integers(1, 120), min_size=1, max_size=4, unique=True),
    st.lists(st.tuples(st.integers(-40, 60), counts), min_size=1, max_size=60),
)
def test_against_all_events(lengths: list[int], steps: list[tuple[int, Counts]]) -> None:
    lengths.sort()
    sliding, kept, now = windows(*lengths), list[Bucket](), 0
    for move, each in steps:
        bucket = Bucket(now + move, each)
        counted = not kept or bucket.end_unix_s > now - lengths[-1]
        assert sliding.add(bucket) is counted
        if counted:
            kept.append(bucket)
            now = max(other.end_unix_s for other in kept)
        for length, found in zip(lengths, sliding.sums, strict=True):
            inside = [other.counts for other in kept if now - length < other.end_unix_s <= now]
            assert found == Counts(*(sum(column) for column in zip(*inside, strict=True)))
