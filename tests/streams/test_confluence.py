"""Sources of one domain come out merged, in time order, whatever the order in which their blocks arrived."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.block import Loss
from streams.confluence import Confluence
from streams.positions import SourcePosition, StreamPosition
from streams.sequence import Stretch

STEP_PS = 1_000


def position(*sources: str) -> StreamPosition:
    return StreamPosition(
        domain="d", device="dev", run="r", origin_unix_ns=0, firmware="", detectors=(0, 1), released_ps=None,
        sources=[SourcePosition(source=source, origin_unix_ns=0, seen_ms=0) for source in sources],
    )  # fmt: skip


def stretch(sequence: int, times: list[int], channel: int, *, final: bool = False, losses: tuple[Loss, ...] = ()) -> Stretch:
    start = sequence * STEP_PS
    time_ps = np.sort(np.array(times, np.int64) + start)
    return Stretch(start, start + STEP_PS, time_ps, np.full(time_ps.size, channel, np.uint8), losses, None, final)


def push(confluence: Confluence, where: StreamPosition, source: str, one: Stretch) -> int | None:
    next(s for s in where.sources if s.source == source).reached_ps = one.reached_ps  # the sequence gate keeps it
    return confluence.push(source, one)


def test_one_source_passes_through_untouched() -> None:
    where = position("a")
    confluence = Confluence(where)
    one = stretch(0, [3, 7], 0)
    push(confluence, where, "a", one)
    segment = confluence.release()
    assert segment is not None
    assert np.shares_memory(segment.time_ps, one.time_ps)
    assert (segment.start_ps, segment.reached_ps) == (0, STEP_PS)
    assert confluence.release() is None


times = st.lists(st.integers(0, STEP_PS - 1), max_size=5)


@given(st.lists(times, min_size=4, max_size=4), st.lists(times, min_size=4, max_size=4), st.permutations([0] * 4 + [1] * 4))
def test_two_sources_merge_to_the_same_stream_for_every_interleaving(
    left: list[list[int]], right: list[list[int]], turns: list[int]
) -> None:
    where = position("a", "b")
    confluence = Confluence(where)
    pending = [list(enumerate(left)), list(enumerate(right))]
    time_ps, channel, edges = [], [], [0]
    for turn in turns:
        sequence, tags = pending[turn].pop(0)
        push(confluence, where, "ab"[turn], stretch(sequence, tags, turn, final=sequence == 3))
        while (segment := confluence.release()) is not None:
            assert segment.start_ps == edges[-1]
            edges.append(segment.reached_ps)
            time_ps += segment.time_ps.tolist()
            channel += segment.channel.tolist()
    expected = sorted(
        (sequence * STEP_PS + tag, side)
        for side, rows in enumerate((left, right))
        for sequence, row in enumerate(rows)
        for tag in row
    )
    assert list(zip(time_ps, channel, strict=True)) == expected
    assert edges[-1] == 4 * STEP_PS
    assert confluence.ended


def test_a_silent_source_holds_the_watermark_until_it_is_waited_for_no_longer() -> None:
    where = position("a", "b")
    confluence = Confluence(where)
    push(confluence, where, "a", stretch(0, [1], 0))
    assert confluence.release() is None
    where.sources[1].waited = False
    segment = confluence.release()
    assert segment is not None
    assert segment.reached_ps == STEP_PS
    assert push(confluence, where, "b", stretch(0, [2], 1)) is None  # what it brings now is late
    assert push(confluence, where, "b", stretch(1, [2], 1)) == 2 * STEP_PS


def test_one_source_cannot_make_the_other_wait_in_memory_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.confluence.MOST_WAITING", 10)
    where = position("a", "b")
    confluence = Confluence(where)
    push(confluence, where, "b", stretch(0, [], 1))
    for sequence in range(5):
        push(confluence, where, "a", stretch(sequence, [1, 2, 3], 0))
    segment = confluence.release()
    assert segment is not None
    assert segment.reached_ps >= 4 * STEP_PS
    assert push(confluence, where, "b", stretch(1, [7], 1)) is None
    assert not where.sources[1].waited


def test_losses_are_cut_at_the_watermark() -> None:
    where = position("a", "b")
    confluence = Confluence(where)
    push(confluence, where, "a", stretch(0, [], 0))
    push(confluence, where, "b", stretch(0, [], 1, losses=(Loss(500, 1500, 7),)))
    first = confluence.release()
    push(confluence, where, "a", stretch(1, [], 0))
    push(confluence, where, "b", stretch(1, [], 1))
    second = confluence.release()
    assert first is not None
    assert second is not None
    assert first.losses == (Loss(500, 1000, 7),)
    assert second.losses == (Loss(1000, 1500),)


def test_origins_are_brought_to_one_axis() -> None:
    where = position("a")
    where.sources.append(SourcePosition(source="b", origin_unix_ns=1, seen_ms=0))
    confluence = Confluence(where)
    push(confluence, where, "a", stretch(1, [0], 0, final=True))
    push(confluence, where, "b", stretch(0, [5], 1, final=True))
    segment = confluence.release()
    assert segment is not None
    assert segment.time_ps.tolist() == [1000, 1005]


def test_a_restored_confluence_waits_for_those_it_waited_for() -> None:
    where = position("a", "b")
    confluence = Confluence(where)
    for source in "ab":
        push(confluence, where, source, stretch(0, [1], 0))
    confluence.release()
    again = msgspec.json.decode(msgspec.json.encode(where), type=StreamPosition)
    restored = Confluence(again)
    push(restored, again, "a", stretch(1, [1], 0))
    assert restored.release() is None
    push(restored, again, "b", stretch(1, [2], 1))
    segment = restored.release()
    assert segment is not None
    assert (segment.start_ps, segment.reached_ps) == (STEP_PS, 2 * STEP_PS)
