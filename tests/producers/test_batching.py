"""Blocks: they touch, hold every tag once, stay within their limits, and survive the wire."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.batching import SPAN_PS, Batcher
from producers.errors import ProducerError
from producers.ordering import Chunk
from schemas.block import MAX_TAGS, BlockContext, Channel, Loss, TagBlock
from schemas.ids import DeviceId, DomainId, RunId, SourceId
from schemas.topics import MAX_MESSAGE_BYTES
from schemas.wire import decode, encode


def context(start_ps: int = 0, sequence: int = 0) -> BlockContext:
    return BlockContext(
        domain=DomainId("d"),
        source=SourceId("d/r"),
        device=DeviceId("d"),
        run=RunId("r"),
        sequence=sequence,
        origin_unix_ns=5,
        start_ps=start_ps,
        reached_ps=start_ps,
        channels=(Channel(0), Channel(1)),
        labels={"file": "f"},
    )


def chunk(time_ps: list[int] | np.ndarray, reached_ps: int, **counts: int) -> Chunk:
    times = np.array(time_ps, np.int64)
    return Chunk(times, (np.arange(times.size) % 2).astype(np.uint8), reached_ps, **counts)


def check(blocks: list[TagBlock], time_ps: np.ndarray, end_ps: int) -> None:
    assert [block.context.sequence for block in blocks] == list(range(len(blocks)))
    assert blocks[0].context.start_ps == 0
    for before, after in itertools.pairwise(blocks):
        assert after.context.start_ps == before.context.reached_ps
    assert blocks[-1].context.reached_ps == end_ps
    assert [block.context.final for block in blocks] == [False] * (len(blocks) - 1) + [True]
    assert np.concatenate([block.times()[0] for block in blocks]).tolist() == time_ps.tolist()
    for block in blocks:
        assert block.context.reached_ps - block.context.start_ps <= SPAN_PS
        assert decode(encode(block)).times()[0].tolist() == block.times()[0].tolist()


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.one_of(st.integers(0, 3), st.integers(0, SPAN_PS // 3), st.integers(0, 3 * SPAN_PS)), max_size=60),
    cuts=st.lists(st.integers(0, 100), max_size=5),
    max_tags=st.integers(5, 50),
    silence=st.integers(1, 3 * SPAN_PS),
)
def test_blocks_of_any_chunks_hold_every_tag_once(gaps: list[int], cuts: list[int], max_tags: int, silence: int) -> None:
    gaps = [gap if n % 5 == 0 else max(gap, 1) for n, gap in enumerate(gaps)]
    time_ps = np.cumsum(np.array(gaps, np.int64))
    end_ps = (int(time_ps[-1]) if time_ps.size else 0) + silence
    batcher = Batcher(context(), max_tags=max_tags)
    blocks: list[TagBlock] = []
    previous = 0
    for cut in sorted({cut % (time_ps.size + 1) for cut in cuts}):
        reached = int(time_ps[cut]) if cut < time_ps.size else end_ps
        part = time_ps[(time_ps >= previous) & (time_ps < reached)]
        blocks += batcher.add(chunk(part, reached))
        previous = reached
    blocks += batcher.add(chunk(time_ps[time_ps >= previous], end_ps))
    blocks += batcher.close(end_ps)
    check(blocks, time_ps, end_ps)
    assert all(block.tags <= max_tags for block in blocks)


def test_the_same_tags_in_other_chunks_make_the_same_blocks() -> None:
    time_ps = np.sort(np.random.default_rng(3).integers(0, 10 * SPAN_PS, 30_000))

    def blocks(pieces: int) -> list[bytes]:
        batcher = Batcher(context())
        made = []
        for part in np.array_split(time_ps, pieces):
            made += list(batcher.add(Chunk(part, np.zeros(part.size, np.uint8), int(part[-1]))))
        made += batcher.close(10 * SPAN_PS)
        return [encode(block) for block in made]

    time_ps = np.unique(time_ps)
    assert blocks(1) == blocks(7) == blocks(100)


def test_a_full_block_of_noise_stays_under_the_message_limit() -> None:
    random = np.random.default_rng(1)
    time_ps = np.sort(random.integers(0, SPAN_PS, 450_000))
    batcher = Batcher(context())
    blocks = [
        *batcher.add(Chunk(time_ps, random.integers(0, 255, time_ps.size).astype(np.uint8), SPAN_PS)),
        *batcher.close(SPAN_PS),
    ]
    check(blocks, time_ps, SPAN_PS)
    assert max(block.tags for block in blocks) > MAX_TAGS * 0.99
    assert max(len(encode(block)) for block in blocks) < MAX_MESSAGE_BYTES


def test_tags_of_one_picosecond_stay_together() -> None:
    batcher = Batcher(context(), max_tags=4)
    blocks = [*batcher.add(chunk([1, 2, 2, 2, 2, 3], 10)), *batcher.close(10)]
    assert [block.times()[0].tolist() for block in blocks] == [[1], [2, 2, 2, 2], [3]]
    with pytest.raises(ProducerError, match="more than 4 tags at 7 ps"):
        list(Batcher(context(), max_tags=4).add(chunk([7] * 5, 10)))


def test_silence_is_sent() -> None:
    batcher = Batcher(context())
    blocks = [*batcher.add(chunk([], 5 * SPAN_PS + 1)), *batcher.close(5 * SPAN_PS + 1)]
    assert [(b.tags, b.context.reached_ps) for b in blocks] == [(0, n * SPAN_PS) for n in range(1, 6)] + [(0, 5 * SPAN_PS + 1)]


def test_counts_are_carried_once() -> None:
    batcher = Batcher(context())
    blocks = [
        *batcher.add(chunk([1], 2, reordered=3, overflows=4)),
        *batcher.add(chunk([SPAN_PS], 3 * SPAN_PS, reordered=1)),
        *batcher.close(3 * SPAN_PS),
    ]
    assert [(b.context.reordered, b.context.overflows) for b in blocks] == [(4, 4), (0, 0), (0, 0), (0, 0)]


def test_a_declared_loss_leaves_a_hole_that_the_next_block_names() -> None:
    batcher = Batcher(context())
    blocks = [*batcher.add(chunk([5, 7], 10))]
    blocks += batcher.lose(2 * SPAN_PS, tags=99)
    blocks += [*batcher.add(chunk([2 * SPAN_PS + 1], 3 * SPAN_PS)), *batcher.close(3 * SPAN_PS)]
    assert [(b.context.start_ps, b.context.reached_ps) for b in blocks] == [
        (0, 8),
        (2 * SPAN_PS, 3 * SPAN_PS),
        (3 * SPAN_PS, 3 * SPAN_PS),
    ]
    assert blocks[1].context.losses == (Loss(8, 2 * SPAN_PS, 99),)
    assert blocks[0].context.losses == blocks[2].context.losses == ()
    assert [b.context.sequence for b in blocks] == [0, 1, 2]


def test_losses_of_a_chunk_are_named_by_the_blocks_that_they_lie_in() -> None:
    batcher = Batcher(context(), span_ps=100)
    losses = Loss(20, 30, 4), Loss(90, 260), Loss(260, 270)
    blocks = [*batcher.add(chunk([5, 50, 280], 290, losses=losses)), *batcher.close(290)]
    assert [block.context.losses for block in blocks] == [
        (Loss(20, 30, 4), Loss(90, 100)),
        (Loss(100, 200),),
        (Loss(200, 260), Loss(260, 270)),
    ]
    assert [block.context.reached_ps for block in blocks] == [100, 200, 290]


def test_context_goes_on_from_where_it_is_given() -> None:
    batcher = Batcher(context(start_ps=3 * SPAN_PS, sequence=12))
    (block,) = batcher.close(3 * SPAN_PS + 5)
    assert (block.context.sequence, block.context.start_ps, block.context.labels) == (12, 3 * SPAN_PS, {"file": "f"})


def test_a_tag_from_before_the_last_block_is_refused() -> None:
    batcher = Batcher(context())
    list(batcher.add(chunk([1], 2 * SPAN_PS)))
    with pytest.raises(ProducerError, match="after a block had reached"):
        list(batcher.add(chunk([SPAN_PS], 3 * SPAN_PS)))


@pytest.mark.parametrize(("span_ps", "max_tags"), [(0, 5), (SPAN_PS, 0), (SPAN_PS, MAX_TAGS + 1), (MAX_TAGS << 32, 5)])
def test_limits_that_no_block_keeps_are_refused(span_ps: int, max_tags: int) -> None:
    with pytest.raises(ProducerError, match="no block holds"):
        Batcher(context(), span_ps=span_ps, max_tags=max_tags)
