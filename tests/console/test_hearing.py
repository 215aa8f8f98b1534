"""What is remembered of who was heard: the same as a look at everything, for a fraction of it."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from console.web.hearing import Hearing
from schemas.ids import DeviceId, RunId, SubjectId
from storage.reader import Heard


class Rows:
    """Everything that was told, and since when it was asked for."""

    def __init__(self) -> None:
        self.told: list[Heard] = []
        self.asked: list[int] = []

    def heard(self, since_unix_ms: int) -> Iterable[Heard]:
        """As the store answers: the latest word of each, with the latest run that was named."""
        self.asked.append(since_unix_ms)
        found: dict[SubjectId, Heard] = {}
        for each in sorted(self.told, key=lambda one: one.seen_unix_ms):
            if each.seen_unix_ms >= since_unix_ms:
                before = found.get(each.subject)
                found[each.subject] = each if each.run or before is None else each._replace(run=before.run)
        return found.values()


def word(subject: str, at_s: int, run: str = "r") -> Heard:
    return Heard(SubjectId(subject), DeviceId(subject), RunId(run), at_s * 1000)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.sampled_from(["", "r"])), max_size=30), st.integers(0, 200)
)
def test_many_looks_know_what_one_look_at_everything_knows(words: list[tuple[str, int, str]], since_s: int) -> None:
    rows, now_s = Rows(), 1_000
    hearing = Hearing(rows.heard, lambda: now_s)
    for name, wait_s, run in words:
        now_s += 5 + wait_s
        rows.told.append(word(name, now_s, run))
        hearing.since(1_000)
    now_s += 5
    assert set(hearing.since(1_000 + since_s)) == {
        each for each in rows.heard(1_000_000) if each.seen_unix_ms >= (1_000 + since_s) * 1000
    }


def test_only_the_first_look_goes_far_back() -> None:
    rows, now_s = Rows(), 900.0
    rows.told = [word("a", 500), word("b", 900)]
    hearing = Hearing(rows.heard, lambda: now_s)
    assert set(hearing.since(400)) == set(rows.told)
    rows.told.append(word("late", 880))  # it was stored before the first look ended, and shows only now
    now_s = 904.9
    assert {each.subject for each in hearing.since(405)} == {"a", "b"}
    now_s = 905.0
    assert {each.subject for each in hearing.since(410)} == {"a", "b", "late"}
    assert rows.asked == [400_000, 870_000]
    assert {each.subject for each in hearing.since(600)} == {"b", "late"}
