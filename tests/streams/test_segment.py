"""What a segment accepts, and how a block becomes one."""

import numpy as np
import pytest

from schemas.block import ADVANCE_PS, BlockContext, Channel, Loss, TagBlock
from streams.errors import SegmentError
from streams.segment import Segment
from tests.streams.tag_streams import segment


def test_a_block_becomes_a_segment():
    context = BlockContext(
        domain="d",
        source="s",
        device="q",
        run="r",
        sequence=3,
        origin_unix_ns=17,
        start_ps=-5,
        reached_ps=10 * ADVANCE_PS,
        channels=(Channel(9), Channel(2), Channel(5, "sync"), Channel(1, "marker")),
        losses=(Loss(1, 2, 3),),
    )
    time_ps = np.array([0, 7, 7, 5 * ADVANCE_PS], np.int64)
    made = Segment.of(TagBlock.from_times(context, time_ps, np.array([9, 2, 5, 9], np.uint8)))
    assert made.time_ps.tolist() == time_ps.tolist()
    assert made.channel.tolist() == [9, 2, 5, 9]
    assert made.detectors == (2, 9)
    assert (made.domain, made.device, made.run, made.origin_unix_ns) == ("d", "q", "r", 17)
    assert (made.start_ps, made.reached_ps, made.losses) == (-5, 10 * ADVANCE_PS, (Loss(1, 2, 3),))


def test_its_arrays_cannot_be_changed():
    time_ps = np.array([1, 2], np.int64)
    made = segment(time_ps, [0, 1], 0, 10)
    assert not made.time_ps.flags.writeable
    assert time_ps.flags.writeable


@pytest.mark.parametrize(
    ("time_ps", "channel", "start_ps", "reached_ps", "detectors", "what"),
    [
        ([5, 4], [0, 1], 0, 10, (0, 1), "tag 1 is earlier"),
        ([0, 4], [0, 1], 1, 10, (0, 1), "lie outside"),
        ([0, 10], [0, 1], 0, 10, (0, 1), "lie outside"),
        ([0, 4], [0], 0, 10, (0, 1), "but"),
        ([], [], 10, 9, (0, 1), "start <= reached"),
        ([], [], 0, 2**63, (0, 1), "nearer origin|origin nearer"),
        ([], [], 0, 9, (1, 0), "must ascend"),
        ([], [], 0, 9, (1, 1), "must ascend"),
    ],
)
def test_contradictions_are_refused_by_name(time_ps, channel, start_ps, reached_ps, detectors, what):
    with pytest.raises(SegmentError, match=what) as caught:
        segment(time_ps, channel, start_ps, reached_ps, detectors)
    assert "of d (run r)" in str(caught.value)
