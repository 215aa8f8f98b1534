"""Sums by the hour and samples at the edges against a history that has everything in memory."""

from collections.abc import Iterator

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.ids import SubjectId
from slo.counts import Bucket, Counts
from slo.history import RunLengthHistory, between
from slo.layered_history import LayeredHistory
from storage.errors import Unavailable
from storage.past_verdicts import Sums
from streams.stored_past import HOUR_S, StoredHours, StoredPast

KEY = ("purity", SubjectId("sps-1"))


class Rows:
    """A store that holds these (end, good, bad), and is away the first time."""

    def __init__(self, rows: list[tuple[int, int, int]]) -> None:
        self.rows = rows
        self.asked = 0

    def counts(self, after_unix_s: int, until_unix_s: int) -> Iterator[tuple[str, SubjectId, int, int, int, int]]:
        self.asked += 1
        if self.asked == 1:
            raise Unavailable("away")
        for end, good, bad in sorted(self.rows):
            if after_unix_s < end <= until_unix_s:
                yield (*KEY, end, good, bad, 0)

    def sums(self, grain: int) -> Sums:
        ends = sorted({-(-end // grain) * grain for end, _, _ in self.rows})
        held = [[row for row in self.rows if -(-row[0] // grain) * grain == end] for end in ends]
        return Sums(ends, [sum(r[1] for r in rows) for rows in held], [sum(r[2] for r in rows) for rows in held], [0] * len(ends))


times = st.integers(-2 * HOUR_S, 60 * HOUR_S)
rows = st.lists(st.tuples(times, st.integers(0, 3), st.integers(0, 3)), max_size=25)


@settings(max_examples=200, deadline=None)
@given(rows, rows, st.lists(st.tuples(times, times), min_size=1, max_size=8), st.sampled_from([600, HOUR_S, 5_400, 86_400]))
@example([], [(0, 0, 0), (1, 0, 0), (1, 0, 0)], [(0, 1)], 600)
def test_against_everything_in_memory(
    old: list[tuple[int, int, int]], new: list[tuple[int, int, int]], asked: list[tuple[int, int]], grain: int
) -> None:
    store, waited = Rows(old), list[Unavailable]()
    past = StoredPast(KEY, store.sums(grain), StoredHours(store, waited.append), grain)
    layered, plain = LayeredHistory(past, RunLengthHistory()), RunLengthHistory()
    for end, good, bad in old:
        plain.add(Bucket(end, Counts(good, bad)))
    for end, good, bad in new:
        layered.add(Bucket(end, Counts(good, bad)))
        plain.add(Bucket(end, Counts(good, bad)))
    for one, other in asked:
        after, until = min(one, other), max(one, other)
        assert between(layered, after, until) == between(plain, after, until)
        assert layered.sums([after], until) == plain.sums([after], until)
        found = list(layered.runs_between(after, until))
        assert [run.first_unix_s for run in found] == sorted(run.first_unix_s for run in found)
        total = [sum(run.times * run.counts[column] for run in found) for column in (0, 1)]
        if until - after <= 48 * HOUR_S or (after % grain == 0 and until % grain == 0):
            assert tuple(total) == between(plain, after, until)[:2]
    assert len(waited) <= 1


def test_one_fetch_serves_every_track_and_every_question_of_its_hour() -> None:
    store = Rows([(10, 1, 0), (20, 0, 1)])
    hours = StoredHours(store, lambda _: None)
    for subject in ("sps-1", "sps-2"):
        past = StoredPast(("purity", SubjectId(subject)), store.sums(HOUR_S), hours, HOUR_S)
        for time in (5, 10, 15, 25):
            past.until(time)
    assert store.asked == 2
