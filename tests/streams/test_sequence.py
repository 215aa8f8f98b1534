"""Blocks of one source come out in order, each at most once, and what is missing is said."""

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.block import BlockContext, Channel, Loss
from streams.positions import SourcePosition
from streams.sequence import HOLD_BLOCKS, HOLD_MS, Arrival, Fate, SequenceGate

STEP_PS = 1_000


def arrival(sequence: int, offset: int = 0, *, start_ps: int | None = None, final: bool = False) -> Arrival:
    start_ps = sequence * STEP_PS if start_ps is None else start_ps
    context = BlockContext(
        domain="d", source="s", device="dev", run="r", sequence=sequence, origin_unix_ns=0,
        start_ps=start_ps, reached_ps=start_ps + STEP_PS, channels=(Channel(0),), final=final,
    )  # fmt: skip
    return Arrival(offset, context, np.array([start_ps + 1]), np.zeros(1, np.uint8))


def gate() -> SequenceGate:
    return SequenceGate(SourcePosition(source="s", origin_unix_ns=0, seen_ms=0))


@given(st.permutations(range(12)))
def test_any_order_comes_out_sorted(order: list[int]) -> None:
    one = gate()
    stretches = [stretch for sequence in order for stretch in one.offer(arrival(sequence), 0)[1]]
    assert [stretch.start_ps for stretch in stretches] == [sequence * STEP_PS for sequence in range(12)]
    assert not any(stretch.losses for stretch in stretches)
    assert one.position.ahead == []


def test_a_block_that_comes_again_is_a_duplicate_also_while_it_waits() -> None:
    one = gate()
    assert one.offer(arrival(0), 0)[0] is Fate.IN_ORDER
    assert one.offer(arrival(0), 0) == (Fate.DUPLICATE, [])
    assert one.offer(arrival(2), 0) == (Fate.HELD, [])
    assert one.offer(arrival(2), 0) == (Fate.DUPLICATE, [])


def test_a_gap_is_waited_for_then_lost_and_a_straggler_is_late_once() -> None:
    one = gate()
    one.offer(arrival(0), 0)
    one.offer(arrival(3), 100)
    assert one.expire(100 + HOLD_MS - 1) == []
    (stretch,) = one.expire(100 + HOLD_MS)
    assert stretch.losses == (Loss(STEP_PS, 3 * STEP_PS),)
    assert (stretch.start_ps, stretch.reached_ps) == (STEP_PS, 4 * STEP_PS)
    assert one.offer(arrival(1), 200 + HOLD_MS)[0] is Fate.LATE
    assert one.offer(arrival(1), 200 + HOLD_MS)[0] is Fate.DUPLICATE
    assert one.offer(arrival(2), 200 + HOLD_MS)[0] is Fate.LATE


def test_too_many_waiting_blocks_end_the_wait() -> None:
    one = gate()
    released = [stretch for sequence in range(1, HOLD_BLOCKS + 2) for stretch in one.offer(arrival(sequence), 0)[1]]
    assert len(released) == HOLD_BLOCKS + 1
    assert one.position.missing == [(0, 1)]


def test_a_block_that_reaches_back_contradicts_its_source() -> None:
    one = gate()
    one.offer(arrival(0), 0)
    assert one.offer(arrival(1, start_ps=STEP_PS - 1), 0) == (Fate.CONTRADICTION, [])
    fate, stretches = one.offer(arrival(1), 0)
    assert fate is Fate.IN_ORDER
    assert len(stretches) == 1


def test_a_held_block_that_reaches_back_is_passed_over_and_named() -> None:
    one = gate()
    one.offer(arrival(0), 0)
    held = arrival(2, start_ps=STEP_PS + 500)
    assert one.offer(held, 0)[0] is Fate.HELD
    fate, stretches = one.offer(arrival(1), 0)
    assert fate is Fate.IN_ORDER
    assert len(stretches) == 1
    assert one.passed_over == [held]


def test_a_source_that_changes_its_origin_contradicts_itself() -> None:
    one = gate()
    one.offer(arrival(0), 0)
    other = arrival(1)
    moved = Arrival(0, msgspec.structs.replace(other.context, origin_unix_ns=5), other.time_ps, other.channel)
    assert one.offer(moved, 0) == (Fate.CONTRADICTION, [])


@given(st.lists(st.integers(0, 15), min_size=1, max_size=40), st.integers(0, 39))
def test_a_gate_restored_from_its_position_goes_on_alike(order: list[int], cut: int) -> None:
    one = gate()
    for sequence in order[:cut]:
        one.offer(arrival(sequence), 0)
    position = msgspec.json.decode(msgspec.json.encode(one.position), type=SourcePosition)
    other = SequenceGate(position)
    for sequence in order[cut:]:
        fate, stretches = one.offer(arrival(sequence), 10)
        restored_fate, restored = other.offer(arrival(sequence), 10)
        assert fate is restored_fate
        assert [(s.start_ps, s.reached_ps, s.final) for s in stretches] == [(s.start_ps, s.reached_ps, s.final) for s in restored]
    assert one.position == other.position
