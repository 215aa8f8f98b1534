"""Windows of event time: which record lies in which, who goes on having them, and who is over."""

from schemas.ids import DeviceId, RunId, SubjectId
from streams.positions import TrackPosition
from streams.processors.windows import FORGET_MS, LATENESS_S, Entry, Window, Windows

NS = 10**9
START_S, LENGTH_S = 1_800_000_000, 10


def entry(run: str, end_s: float) -> Entry[float]:
    end_ns = START_S * NS + round(end_s * NS)
    return Entry(SubjectId("a"), RunId(run), end_ns, 0, end_s, DeviceId("a"), "1.0")


def beat(windows: Windows[float], run: str, end_s: float) -> list[Window[float]]:
    """One heartbeat, told as it ends; what closes because of it."""
    one = entry(run, end_s)
    closed = list(windows.close(round(end_s * 1_000)))
    windows.take(one, round(end_s * 1_000), one.end_unix_ns // 10**6)
    position = windows.position(one)
    if one.end_unix_ns > position.beat_ns:
        position.beat_ns = one.end_unix_ns
        windows.supersede(position)
    return closed


def ends(closed: list[Window[float]]) -> list[tuple[str, int, int]]:
    return [(one.run, one.end_unix_s - START_S, len(one.records)) for one in closed]


def test_a_record_lies_in_the_window_that_its_end_lies_in() -> None:
    windows: Windows[float] = Windows(LENGTH_S, [])
    for end_s in (0.5, 10.0, 10.000000001, 20.0, 20.5):
        windows.take(entry("r", end_s), 0, (START_S + 20) * 1_000)
    closed = list(windows.close(LATENESS_S * 1_000))
    assert [one.records for one in closed] == [(0.5, 10.0), (10.000000001, 20.0)]


def test_a_subject_that_beats_in_another_run_is_not_silent_in_the_former() -> None:
    windows: Windows[float] = Windows(LENGTH_S, [])
    closed = [one for end_s in range(1, 31) for one in beat(windows, "old", end_s)]
    closed += [one for end_s in range(45, 100) for one in beat(windows, "new", end_s)]
    assert ends([one for one in closed if one.run == "old"]) == [
        ("old", 10, 10),
        ("old", 20, 10),
        ("old", 30, 10),
        ("old", 40, 0),
    ]
    assert ends([one for one in closed if one.run == "new"])[:2] == [("new", 50, 6), ("new", 60, 10)]
    assert all(one.live and one.records for one in closed if one.run == "new")


def test_a_straggler_of_a_run_that_is_over_does_not_bring_it_back() -> None:
    windows: Windows[float] = Windows(LENGTH_S, [])
    for end_s in range(1, 9):
        beat(windows, "old", end_s)
    beat(windows, "new", 12)
    beat(windows, "old", 11)
    closed = [one for end_s in range(13, 60) for one in beat(windows, "new", end_s)]
    assert {one.run for one in closed if not one.records} == set()
    assert {one.run for one in closed if one.live} == {"new"}


def test_positions_bring_back_who_beats_and_who_is_over() -> None:
    windows: Windows[float] = Windows(LENGTH_S, [])
    for end_s in range(1, 9):
        beat(windows, "old", end_s)
    beat(windows, "new", 12)
    again: Windows[float] = Windows(LENGTH_S, windows.positions)
    assert {(each.run, each.live) for each in again.positions} == {("old", False), ("new", True)}
    assert {one.run for one in again.close(60_000)} == {"new"}


def test_the_silent_are_forgotten() -> None:
    windows: Windows[float] = Windows(
        LENGTH_S,
        [TrackPosition(subject=SubjectId("b"), run=RunId("r"), reached_ns=START_S * NS, seen_ms=0, closed_s=START_S, live=True)],
    )
    list(windows.close(FORGET_MS - 1))
    assert windows.open
    list(windows.close(FORGET_MS))
    assert (windows.open, windows.positions) == (False, [])
