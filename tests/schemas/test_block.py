"""A block says exactly what was put in, and refuses what contradicts itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.block import ADVANCE_CHANNEL, MAX_TAGS, BlockContext, Channel, TagBlock
from schemas.errors import WireError, WireFault


def context(start_ps: int = 0, reached_ps: int = 1 << 62, sequence: int = 0) -> BlockContext:
    return BlockContext(
        domain="link-1",
        source="tagger-1",
        device="sps-1",
        run="run-1",
        sequence=sequence,
        origin_unix_ns=1_700_000_000_000_000_123,
        start_ps=start_ps,
        reached_ps=reached_ps,
        channels=(Channel(0), Channel(1, "sync", "laser")),
        firmware="1.4.2",
    )


tags = st.lists(st.tuples(st.integers(0, 1 << 36) | st.integers(0, 9), st.integers(0, 254)), max_size=60)


@settings(deadline=None)
@given(tags, st.integers(-(1 << 40), 1 << 40))
def test_times_come_back_as_they_went_in(steps: list[tuple[int, int]], start_ps: int) -> None:
    time_ps = start_ps + np.cumsum(np.array([gap for gap, _ in steps], np.int64))
    channel = np.array([number for _, number in steps], np.uint8)
    block = TagBlock.from_times(context(start_ps), time_ps, channel)
    seen_ps, seen = block.times()
    assert seen_ps.tolist() == time_ps.tolist()
    assert seen.tolist() == channel.tolist()
    assert block.tags == time_ps.size
    if time_ps.size:
        assert block.span_ps() == time_ps[-1] - start_ps


def test_a_long_silence_is_an_advance_record() -> None:
    block = TagBlock.from_times(context(), np.array([3, 3 + (5 << 32) + 7]), np.array([1, 1], np.uint8))
    assert block.channel.tolist() == [1, ADVANCE_CHANNEL, 1]
    assert block.gaps.tolist() == [3, 5, 7]


@pytest.mark.parametrize(
    ("times", "channels", "reached_ps", "fault"),
    [
        ([5, 4], [0, 0], 10, WireFault.CONTRADICTION),
        ([-1], [0], 10, WireFault.CONTRADICTION),
        ([10], [0], 10, WireFault.CONTRADICTION),
        ([1, 2], [0], 10, WireFault.CONTRADICTION),
        ([0] * (MAX_TAGS + 1), [0] * (MAX_TAGS + 1), 10, WireFault.OVERSIZED),
    ],
)
def test_contradictions_are_refused(times: list[int], channels: list[int], reached_ps: int, fault: WireFault) -> None:
    with pytest.raises(WireError) as refusal:
        TagBlock.from_times(context(0, reached_ps), np.array(times, np.int64), np.array(channels, np.uint8))
    assert refusal.value.fault is fault
