"""Batches are cut by the log alone, wherever reading begins at a boundary."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.log import ALIVE_STEP_MS, BATCH_BYTES, LONGEST_MS, PATIENCE_MS, PLENTY_BYTES, AliveClock, Cutter, Message

steps = st.lists(st.tuples(st.integers(-50, 400), st.sampled_from([0, 1, 1000, BATCH_BYTES // 3])), min_size=1, max_size=120)


def log_of(parts: list[tuple[int, int]], start: int = 0) -> list[Message]:
    messages, now = [], 1_000_000
    for index, (step, size) in enumerate(parts):
        now += step
        messages.append(Message(start + index, now, bytes(size)))
    return messages


def cuts(messages: list[Message], grid: int) -> list[int]:
    cutter, found = Cutter(grid), []
    for message in messages:
        if cutter.ends_before(message):
            found.append(message.offset)
            cutter.cut()
        cutter.take(message)
    return found


@given(steps, st.integers(1, 40), st.integers(0, 70))
def test_reading_from_any_boundary_finds_the_same_later_boundaries(parts: list[tuple[int, int]], grid: int, start: int) -> None:
    messages = log_of(parts, start)
    whole = cuts(messages, grid)
    for index, boundary in enumerate(whole):
        assert cuts([message for message in messages if message.offset >= boundary], grid) == whole[index + 1 :]


@given(steps, st.integers(1, 40))
def test_batches_are_bounded_in_messages_time_and_bytes(parts: list[tuple[int, int]], grid: int) -> None:
    messages = log_of(parts)
    edges = [0, *cuts(messages, grid), len(messages)]
    for lo, hi in pairwise(edges):
        batch = messages[lo:hi]
        assert lo // grid == (hi - 1) // grid
        for place, message in enumerate(batch):
            plenty = sum(len(earlier.value) for earlier in batch[:place]) >= PLENTY_BYTES
            assert message.timestamp_ms < batch[0].timestamp_ms + PATIENCE_MS * (1 + plenty)
        assert sum(len(message.value) for message in batch) <= BATCH_BYTES


def test_a_full_batch_may_take_twice_as_long() -> None:
    thin, full = bytes(PLENTY_BYTES - 1), bytes(PLENTY_BYTES)
    assert cuts([Message(0, 0, thin), Message(1, PATIENCE_MS, b"")], 100) == [1]
    assert cuts([Message(0, 0, full), Message(1, PATIENCE_MS, b""), Message(2, 2 * PATIENCE_MS, b"")], 100) == [2]


def test_the_most_urgent_message_says_how_long_a_batch_may_be_and_none_is_longer_than_the_longest() -> None:
    def end(hurries: list[int], size: int) -> int:
        """When a batch ends that took a message for each hurry."""
        cutter = Cutter(100, LONGEST_MS)
        for place, hurry in enumerate(hurries):
            cutter.take(Message(place, 0, bytes(size)))
            cutter.hurry(hurry)
        return next(ms for ms in range(100, 5_000, 100) if cutter.ends_before(Message(50, ms, b"")))

    assert end([LONGEST_MS], 0) == LONGEST_MS
    assert end([1_500, 700, 900], 0) == 700
    assert end([700], PLENTY_BYTES) == 1_400
    assert end([1_500], PLENTY_BYTES) == LONGEST_MS
    cutter = Cutter(100, LONGEST_MS)
    cutter.take(Message(0, 0, b""))
    cutter.hurry(PATIENCE_MS)
    cutter.cut()
    cutter.take(Message(1, 0, b""))
    assert not cutter.ends_before(Message(2, LONGEST_MS - 1, b""))  # the next batch has its own messages only


def test_a_broker_whose_clock_steps_back_still_ends_batches() -> None:
    messages = [Message(0, 3_600_000, b""), Message(1, 10, b""), Message(2, 300, b""), Message(3, 600, b"")]
    assert cuts(messages, 100) == [1, 3]


def test_an_outage_counts_little_in_log_alive_time() -> None:
    clock = AliveClock()
    assert clock.advance(5_000) == 0
    assert clock.advance(5_100) == 100
    assert clock.advance(65_100) == 100 + ALIVE_STEP_MS
    assert clock.advance(65_000) == 100 + ALIVE_STEP_MS  # the broker's clock stepped back
    assert clock.advance(65_250) == 100 + ALIVE_STEP_MS + 250


def test_a_restored_clock_goes_on() -> None:
    clock = AliveClock()
    for timestamp in (10, 400, 9_000):
        clock.advance(timestamp)
    other = AliveClock(clock.now_ms, clock.timestamp_ms)
    assert other.advance(9_050) == clock.advance(9_050)
