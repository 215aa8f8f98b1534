"""The queue on disk: in order, once, through deaths at any byte; bounded, and loud about what it drops."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.errors import SpoolError
from producers.spool import Dropped, Spool

SEGMENT = 4_000
LIMIT = 40_000


def opened(home: Path, limit: int = LIMIT) -> Spool:
    return Spool(home, limit_bytes=limit, segment_bytes=SEGMENT)


def value(number: int) -> bytes:
    return f"value {number} ".encode() * (number % 40 + 1)


def fill(spool: Spool, count: int) -> None:
    for _ in range(count):
        assert spool.append("timetags", f"device-{spool.next % 3}", value(spool.next)) is None


def test_what_goes_in_comes_out_in_order(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        fill(spool, 100)
        found = list(spool.read(0))
    assert [record.number for record in found] == list(range(100))
    assert all(record.value == value(record.number) and record.key == f"device-{record.number % 3}" for record in found)
    assert {record.topic for record in found} == {"timetags"}


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        fill(spool, 50)
        spool.acknowledge(30)
    with opened(tmp_path) as spool:
        assert (spool.acknowledged, spool.next, spool.waiting) == (30, 50, 20)
        assert [record.number for record in spool.read(spool.acknowledged)] == list(range(30, 50))
        fill(spool, 5)
        spool.acknowledge(55)
        assert list(spool.read(55)) == []
    with opened(tmp_path) as spool:
        assert (spool.next, spool.waiting) == (55, 0)


def test_acknowledged_segments_are_deleted(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        fill(spool, 80)
        before = spool.size
        spool.acknowledge(80)
        assert spool.size <= SEGMENT < before
        assert len(list(tmp_path.glob("*.spool"))) == 1


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 3_000))
def test_a_death_at_any_byte_loses_only_what_was_being_written(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    home = tmp_path_factory.mktemp("spool")
    ends = []
    with opened(home) as spool:
        for number in range(9):
            spool.append("t", "k", value(number))
            ends.append(spool.size)
    (segment,) = home.glob("*.spool")
    data = segment.read_bytes()
    segment.write_bytes(data[:cut])
    whole = sum(end <= cut for end in ends)
    with opened(home) as spool:
        assert spool.next == whole
        spool.append("t", "k", value(whole))
        assert [record.value for record in spool.read(0)] == [value(number) for number in range(whole + 1)]


def test_a_full_queue_drops_the_oldest_and_says_how_many(tmp_path: Path) -> None:
    dropped = []
    with opened(tmp_path) as spool:
        for number in range(400):
            gone = spool.append("t", "k", value(number))
            dropped += [gone] if gone else []
        assert spool.size <= LIMIT
        left = [record.number for record in spool.read(0)]
    assert left == list(range(left[0], 400))
    assert sum(each.messages for each in dropped) == left[0] > 0
    assert all(isinstance(each, Dropped) and each.size > 0 for each in dropped)


def test_a_changed_byte_is_found_and_a_stranger_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        fill(spool, 5)
        (segment,) = tmp_path.glob("*.spool")
        data = bytearray(segment.read_bytes())
        data[200] ^= 1
        segment.write_bytes(data)
        with pytest.raises(SpoolError, match="damaged"):
            list(spool.read(0))
    (tmp_path / "notes.spool").write_text("mine")
    with pytest.raises(SpoolError, match="no segment"):
        opened(tmp_path)


def test_a_damaged_mark_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        fill(spool, 5)
        spool.acknowledge(3)
    (tmp_path / "acknowledged").write_bytes(b"\x01" * 12)
    with pytest.raises(SpoolError, match="sent again"):
        opened(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(SpoolError, match="another process sends from it"):
        opened(tmp_path)
    opened(tmp_path).close()


def test_what_is_taken_at_once_is_bounded_in_bytes(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        fill(spool, 100)
        cursor, taken = spool.cursor(0), []
        while batch := cursor.take(100, 500):
            assert sum(len(record.value) for record in batch[:-1]) < 500
            taken += [record.number for record in batch]
    assert taken == list(range(100))


def test_whoever_asks_is_told_before_segments_go(tmp_path: Path) -> None:
    told: list[list[int]] = []
    with Spool(tmp_path, limit_bytes=LIMIT, segment_bytes=SEGMENT, leaving=lambda: told.append(spool.segments)) as spool:
        fill(spool, 80)
        spool.acknowledge(1)
        assert told == []
        whole = spool.segments
        spool.acknowledge(80)
        assert told == [whole]
        assert spool.segments == whole[-1:]
        while len(told) == 1:
            spool.append("t", "k", value(spool.next))
        assert told[1][0] not in spool.segments
