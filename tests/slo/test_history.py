from hypothesis import given, settings
from hypothesis import strategies as st

from slo.counts import Bucket, Counts
from slo.history import RunLengthHistory, between, ends_between

GOOD, BAD = Counts(good=1), Counts(bad=1)
buckets = st.builds(Bucket, st.integers(-50, 200), st.sampled_from([GOOD, BAD, Counts(insufficient=1), Counts(40, 2, 1, 0)]))


def total(inside: list[Bucket]) -> Counts:
    return Counts(*(sum(bucket.counts[index] for bucket in inside) for index in range(4)))


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            buckets,
            st.tuples(st.integers(-50, 200), st.integers(1, 20), st.integers(2, 30)),  # start, step, count: a regular stretch
            st.integers(-50, 250),  # forget
        ),
        max_size=25,
    ),
    st.lists(st.tuples(st.integers(-60, 260), st.integers(0, 200)), min_size=1, max_size=5),
)
def test_against_a_list(actions: list[object], questions: list[tuple[int, int]]) -> None:
    history, plain, forgotten = RunLengthHistory(), list[Bucket](), -1000

    def add(bucket: Bucket) -> None:
        if bucket.end_unix_s > forgotten:
            history.add(bucket)
            plain.append(bucket)

    for action in actions:
        if isinstance(action, Bucket):
            add(action)
        elif isinstance(action, tuple):
            start, step, count = action
            for index in range(count):
                add(Bucket(start + index * step, GOOD))
        else:
            forgotten = max(forgotten, action)
            history.forget(forgotten)
            plain = [bucket for bucket in plain if bucket.end_unix_s > forgotten]
    assert sorted(history) == sorted(plain)
    assert [bucket.end_unix_s for bucket in history] == sorted(bucket.end_unix_s for bucket in plain)
    assert len(history) == len(plain)
    for after, length in questions:
        if after >= forgotten:
            inside = [bucket for bucket in plain if after < bucket.end_unix_s <= after + length]
            assert between(history, after, after + length) == total(inside)
            assert history.sums([after, after + length], after + length) == [total(inside), Counts()]
            assert set(ends_between(history, after, after + length)) == {b.end_unix_s for b in inside} - {after + length}


def test_a_month_of_health_is_one_run() -> None:
    history = RunLengthHistory()
    for end in range(10, 2_592_010, 10):
        history.add(Bucket(end, GOOD))
    assert (history.runs, len(history)) == (1, 259_200)
    history.forget(1_000_005)
    assert (history.runs, len(history)) == (1, 159_200)
    assert next(iter(history)).end_unix_s == 1_000_010


def test_forgetting_frees_memory() -> None:
    history = RunLengthHistory()
    for end in range(100_000):
        history.add(Bucket(end, BAD if end % 2 else GOOD))
        history.forget(end - 100)
    assert history.runs == 100
    assert len(history._first) <= 201


def test_equal_whatever_the_grouping() -> None:
    whole, late = RunLengthHistory(), RunLengthHistory()
    for end in (10, 20, 30):
        whole.add(Bucket(end, GOOD))
    for end in (10, 30, 20):
        late.add(Bucket(end, GOOD))
    assert whole == late
    assert whole.runs != late.runs
    assert whole != RunLengthHistory()
