"""The tag pipeline: whatever the log holds, restarts change nothing, and its panes are those of an offline run."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from prometheus_client import CollectorRegistry

from schemas import wire
from schemas.topics import TICK
from storage import tables
from storage.batch import Batch
from streams import positions as positions_codec
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished
from streams.positions import Positions
from streams.processors import panes
from streams.segment import Segment
from streams.tag_pipeline import TagPipeline
from tests.storage.pane_rows import correlations, singles
from tests.streams.tag_logs import ANALYSIS, blocks, damaged, hostile_log, log, renamed


def pipeline(positions: Positions | None = None, stored: int = 0, *, keep_tags: bool = True) -> TagPipeline:
    return TagPipeline(
        "timetags",
        3,
        analysis=ANALYSIS,
        keep_tags=keep_tags,
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=positions or Positions(),
        stored=stored,
    )


def run(messages: list[Message], one: TagPipeline | None = None) -> list[Finished]:
    one = one or pipeline()
    return [finished for message in messages for finished in one.feed([message])]


def rows(finished: list[Finished], table: str) -> list[dict[str, object]]:
    return [row for one in finished if table in one.batch.tables for row in one.batch.tables[table].to_pylist()]


def panes_of(finished: list[Finished], kind: Callable[[pa.Table], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [row for one in finished if tables.PANES in one.batch.tables for row in kind(one.batch.tables[tables.PANES])]


def same(left: Batch, right: Batch) -> bool:
    return (
        (left.lo, left.hi, left.messages, left.crc) == (right.lo, right.hi, right.messages, right.crc)
        and left.tables.keys() == right.tables.keys()
        and all(left.tables[name].equals(right.tables[name]) for name in left.tables)
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_restart_after_any_batch_goes_on_with_the_same_batches(seed: int) -> None:
    messages = hostile_log(seed)
    whole = run(messages)
    assert len(whole) > 10
    ends = {0: positions_codec.encode(Positions())} | {one.batch.hi: one.batch.positions for one in whole}
    resumes = set()
    for index, last in list(enumerate(whole))[seed % 3 :: 3]:
        resume = positions_codec.decode(last.batch.positions).resume
        assert resume == last.resume <= last.batch.hi
        resumes.add(last.batch.hi - resume)
        start = positions_codec.decode(ends[resume])
        start.resume = resume
        again = run([m for m in messages if m.offset >= resume], pipeline(start, stored=last.batch.hi))
        assert len(again) == len(whole) - index - 1
        for left, right in zip(again, whole[index + 1 :], strict=True):
            assert same(left.batch, right.batch)
            assert left.outgoing == right.outgoing
            assert left.resume == right.resume
    assert len(resumes) > 2  # some restarts had something to rebuild


def test_slow_sources_make_long_batches_and_a_fast_one_among_them_short_ones() -> None:
    slow = [wire.encode(block) for block in blocks(1, 60, span_ps=5 * 10**12, final=False)]
    fast = [wire.encode(block) for block in blocks(2, 2, device="sps-b", final=False)]
    messages = log([*slow[:45], fast[0], *slow[45:], fast[1], TICK, TICK], step_ms=(100, 101))
    whole = run(messages)
    assert [one.batch.hi for one in whole] == [20, 40, 46, 62]  # 2 s, 2 s, 0.5 s, and at once
    for last in whole[:-1]:
        start = positions_codec.decode(next((one.batch.positions for one in whole if one.batch.hi == last.resume), b"{}"))
        start.resume = last.resume
        again = run([m for m in messages if m.offset >= last.resume], pipeline(start, stored=last.batch.hi))
        assert [one.batch.hi for one in again] == [one.batch.hi for one in whole if one.batch.hi > last.batch.hi]


@pytest.mark.parametrize("seed", range(4))
def test_panes_are_those_of_an_offline_run(seed: int) -> None:
    made = blocks(seed, 40)
    finished = run(log([wire.encode(block) for block in made], seed=seed))
    state, expected = panes.initial(ANALYSIS.panes), []
    for block in made:
        state, results = panes.step(state, Segment.of(block), ANALYSIS.panes)
        expected += results.correlations
    expected += panes.close(state, ANALYSIS.panes).correlations
    seen = panes_of(finished, correlations)
    assert sum(int(pane.counts.sum()) for pane in expected) > 100
    assert [row["counts"] for row in seen] == [pane.counts.tolist() for pane in expected]
    assert finished[-1].resume == finished[-1].batch.hi == 40
    stored = Counter({row["channel"]: 0 for row in rows(finished, tables.TAG_RUNS)})
    for row in rows(finished, tables.TAG_RUNS):
        stored[row["channel"]] += row["n"]
    assert stored == Counter(np.concatenate([block.times()[1] for block in made]).tolist())


def test_swapped_and_repeated_blocks_change_no_pane() -> None:
    made = [wire.encode(block) for block in blocks(5, 12)]
    calm = run(log(made))
    swapped = run(log([made[1], made[0], made[0], *made[3:6], made[2], made[4], *made[6:]]))
    assert panes_of(swapped, correlations) == panes_of(calm, correlations)
    assert panes_of(swapped, singles) == panes_of(calm, singles)
    assert Counter(row["fate"] for row in rows(swapped, tables.LATE_BLOCKS)) == {"duplicate": 2}
    total = sum(row["n"] for row in rows(calm, tables.TAG_RUNS))
    assert sum(row["n"] for row in rows(swapped, tables.TAG_RUNS)) == total


def test_a_missing_block_is_a_loss_and_a_late_one_is_counted_apart() -> None:
    made = blocks(6, 12)
    encoded = [wire.encode(block) for block in made]
    finished = run(log([*encoded[:4], *encoded[5:11], *[TICK] * 80, encoded[4], encoded[11], TICK], step_ms=(90, 110)))
    assert sum(row["lost_ps"] for row in panes_of(finished, singles) if row["channel"] == 0) == 100_000_000_000
    (late,) = rows(finished, tables.LATE_BLOCKS)
    assert (late["fate"], late["sequence"]) == ("late", 4)
    assert sum(row["n"] for row in rows(finished, tables.TAG_RUNS)) == sum(block.tags for block in made)
    in_panes = sum(row["tags"] for row in panes_of(finished, singles))
    assert in_panes == sum(block.tags for block in made) - made[4].tags


def test_junk_damage_and_clocks_from_the_future_become_dead_letters() -> None:
    good = blocks(7, 3)
    future = renamed(good[1], origin_unix_ns=good[1].context.origin_unix_ns + 10**14, run="future", sequence=0)
    values = [wire.encode(good[0]), b"junk", damaged(good[1]), wire.encode(future), *map(wire.encode, good[1:])]
    finished = run(log(values))
    letters = rows(finished, tables.DEAD_LETTERS)
    assert [(row["offset"], row["reason"]) for row in letters] == [
        (1, "truncated"),
        (2, "checksum"),
        (3, "clock-from-the-future"),
    ]
    assert sum(row["n"] for row in rows(finished, tables.TAG_RUNS)) == sum(block.tags for block in good)


def test_a_dead_letter_alone_waits_to_be_stored() -> None:
    one = pipeline()
    assert not one.pending
    one.feed(log([b"junk"]))
    assert one.pending
    assert rows(run(log([b"junk", *[TICK] * 6], step_ms=(200, 201)), pipeline()), tables.DEAD_LETTERS)


def test_a_source_that_falls_silent_is_closed_after_enough_log_alive_time() -> None:
    made = [wire.encode(block) for block in blocks(8, 3, final=False)]
    one = pipeline()
    finished = run(log([*made, *[TICK] * 300], step_ms=(95, 105)), one)
    assert not one.pending
    assert {row["channel"] for row in panes_of(finished, singles)} == {0, 1}
    assert sum(row["tags"] for row in panes_of(finished, singles)) == sum(block.tags for block in blocks(8, 3))
    assert finished[-1].resume > 3  # nothing holds the log back


def test_raw_tags_need_not_be_kept() -> None:
    finished = run(log([wire.encode(block) for block in blocks(9, 3)]), pipeline(keep_tags=False))
    assert rows(finished, tables.TAG_RUNS) == []
    assert panes_of(finished, correlations)
