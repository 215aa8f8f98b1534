"""Two clocks in one domain: aligned in the stream as offline, repeated to the last bit by every restart."""

import msgspec
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from schemas import wire
from schemas.block import BlockContext, Channel, TagBlock
from schemas.ids import IndicatorId
from schemas.panes import PaneParameters
from schemas.records import IndicatorSample
from schemas.topics import TICK
from storage import tables
from streams import positions as positions_codec
from streams.alignment import INDICATOR
from streams.clock_parameters import ClockParameters
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.positions import Positions
from streams.processors import clock_offset, panes
from streams.processors.clock_merge import AlignedStream, segment_of
from streams.processors.held_tags import NodeTags
from streams.tag_pipeline import TagPipeline
from streams.tag_stream import Sampling, TagAnalysis
from tests.storage.pane_rows import coincidences, singles
from tests.streams.clocks import SECOND_PS, two_nodes
from tests.streams.tag_logs import ORIGIN_NS

CLOCKS = ClockParameters(reach_ps=10**11, part_ps=5 * 10**11, parts=2)
ANALYSIS = TagAnalysis(PaneParameters(1_000, 20_000, 2_000), lambda _device: Sampling(IndicatorId("qic.M0"), 2), CLOCKS)
BLOCK_PS = 10**11
SECONDS = 11
DARK = (int(4.2 * SECOND_PS), int(5.6 * SECOND_PS))
MEMBERS = ("link/alice", "link/bob")


def blocks_of(time_ps, *, source, clock, first_channel, final=True, run="r1") -> list[TagBlock]:
    made = []
    count = SECONDS * SECOND_PS // BLOCK_PS
    for sequence in range(count):
        start = sequence * BLOCK_PS
        part = time_ps[slice(*np.searchsorted(time_ps, (start, start + BLOCK_PS)))]
        context = BlockContext(
            domain="link",
            source=source,
            device="qic-link",
            run=run,
            sequence=sequence,
            origin_unix_ns=ORIGIN_NS,
            start_ps=start,
            reached_ps=start + BLOCK_PS,
            channels=(Channel(first_channel), Channel(first_channel + 1)),
            members=MEMBERS,
            clock=clock,
            final=final and sequence == count - 1,
        )
        made.append(TagBlock.from_times(context, part, (first_channel + part % 2).astype(np.uint8)))
    return made


@pytest.fixture(scope="module")
def nodes():
    return two_nodes(
        41,
        seconds=SECONDS,
        singles_hz=1.2e4,
        shared_hz=1.5e3,
        offset_ps=-3 * 10**10,
        frequency=7e-7,
        phase_wander_ps=5,
        dark=(DARK,),
    )


@pytest.fixture(scope="module")
def sources(nodes) -> list[list[TagBlock]]:
    return [
        blocks_of(nodes.ours_ps, source=MEMBERS[0], clock="alice", first_channel=0),
        blocks_of(nodes.other_ps, source=MEMBERS[1], clock="bob", first_channel=2),
    ]


def log(sources, *, seed, hostile) -> list[Message]:
    """Both sources' blocks as a broker would hold them, a tenth of a second each; hostile: out of order, repeated, missing."""
    rng = np.random.default_rng(seed)
    queues = [[wire.encode(block) for block in source] for source in sources]
    withheld, values, total = [], [], len(queues[0])
    while any(queues):
        queue = queues[0] if not queues[1] or (queues[0] and rng.random() < 0.5) else queues[1]
        left = len(queue)
        match rng.integers(12) if hostile and left > 3 else -1:
            case 0:
                queue[0], queue[1] = queue[1], queue[0]
            case 1:
                values.append(queue[0])
            case 2 if left < 0.7 * total and not withheld:
                withheld.append(queue.pop(0))
            case 3:
                values.append(TICK)
            case 4 if left < 0.4 * total:
                values += [TICK] * 45  # both fall silent, and come back
        values.append(queue.pop(0))
    now_ms = ORIGIN_NS // 1_000_000 + 60_000
    messages = []
    for offset, value in enumerate([*values, *withheld, *[TICK] * 4]):
        now_ms += int(rng.integers(400, 600)) if value == TICK else int(rng.integers(20, 60))
        messages.append(Message(offset, now_ms, value))
    return messages


def pipeline(positions=None, stored=0, registry=None) -> TagPipeline:
    return TagPipeline(
        "timetags",
        3,
        analysis=ANALYSIS,
        keep_tags=False,
        metrics=WorkerMetrics(registry or CollectorRegistry()),
        positions=positions or Positions(),
        stored=stored,
    )


def run(messages, one=None):
    one = one or pipeline()
    return [finished for message in messages for finished in one.feed([message])]


def rows(finished, table):
    return [row for one in finished if table in one.batch.tables for row in one.batch.tables[table].to_pylist()]


def panes_of(finished, kind):
    return [row for one in finished if tables.PANES in one.batch.tables for row in kind(one.batch.tables[tables.PANES])]


def across(finished):
    """Coincidences between the nodes, by second."""
    seconds = {}
    for row in panes_of(finished, coincidences):
        if row["channels"][0] < 2 <= row["channels"][1]:
            second = row["time"]
            seconds[second] = seconds.get(second, 0) + row["coincidences"]
    return seconds


@pytest.mark.parametrize(
    ("seed", "hostile"), [(0, False), *(pytest.param(seed, True, marks=pytest.mark.slow) for seed in (1, 2, 3))]
)
def test_a_restart_after_any_batch_goes_on_with_the_same_batches(sources, seed, hostile):
    messages = log(sources, seed=seed, hostile=hostile)
    whole = run(messages)
    assert len(whole) > 8
    assert sum(across(whole).values()) > 3_000
    ends = {0: positions_codec.encode(Positions())} | {one.batch.hi: one.batch.positions for one in whole}
    rebuilt = 0
    for index, last in list(enumerate(whole))[seed % 3 :: 3]:
        latest = positions_codec.decode(last.batch.positions)
        rebuilt += latest.resume < last.batch.hi
        start = positions_codec.resumed(positions_codec.decode(ends[latest.resume]), latest)
        again = run([m for m in messages if m.offset >= latest.resume], pipeline(start, stored=last.batch.hi))
        assert len(again) == len(whole) - index - 1
        for left, right in zip(again, whole[index + 1 :], strict=True):
            assert (left.batch.lo, left.batch.hi, left.batch.crc) == (right.batch.lo, right.batch.hi, right.batch.crc)
            assert left.batch.tables.keys() == right.batch.tables.keys()
            for name, table in left.batch.tables.items():
                assert table.equals(right.batch.tables[name]), (index, name)
            assert left.outgoing == right.outgoing
            assert left.resume == right.resume
            assert left.batch.positions == right.batch.positions
    assert rebuilt > 2


def test_the_stream_counts_what_an_offline_run_counts(sources, nodes):
    finished = run(log(sources, seed=0, hostile=False))
    stream = AlignedStream("link", "qic-link", "r1", ORIGIN_NS, (0, 1), (2, 3))
    feed = [
        NodeTags(time_ps, (first + time_ps % 2).astype(np.uint8), 0, SECONDS * SECOND_PS)
        for first, time_ps in ((0, nodes.ours_ps), (2, nodes.other_ps[nodes.other_ps >= 0]))
    ]
    state, ticks = clock_offset.step(clock_offset.initial(), *feed, CLOCKS)
    ticks += clock_offset.close(state, CLOCKS)
    pane_state, expected = panes.initial(ANALYSIS.panes), []
    for tick in ticks:
        pane_state, results = panes.step(pane_state, segment_of(tick, stream), ANALYSIS.panes)
        expected += results.singles
    expected += panes.close(pane_state, ANALYSIS.panes).singles
    seen = panes_of(finished, singles)
    assert [(row["channel"], row["tags"], row["live_ps"], row["lost_ps"]) for row in seen] == [
        (pane.channel, pane.tags, pane.live_ps, pane.lost_ps) for pane in expected
    ]
    counted = list(across(finished).values())
    lit = [count for count in counted if count > 500]
    assert len(lit) >= 5
    assert min(counted, default=0) < 500  # darkness
    dark_loss = sum(row["lost_ps"] for row in seen if row["channel"] == 0)
    assert dark_loss > SECOND_PS


def test_the_offset_is_sampled_and_shown(sources, nodes):
    registry = CollectorRegistry()
    one = pipeline(registry=registry)
    messages = log(sources, seed=0, hostile=False)
    finished = [finished for message in messages[: len(messages) // 2 - 30] for finished in one.feed([message])]
    assert registry.get_sample_value("photonwatch_clock_state", {"subject": "link", "state": "locked"}) == 1
    assert registry.get_sample_value("photonwatch_clock_offset_seconds", {"subject": "link"}) == pytest.approx(-0.03, abs=1e-5)
    assert 0 < registry.get_sample_value("photonwatch_clock_offset_uncertainty_seconds", {"subject": "link"}) < 1e-10
    finished += [finished for message in messages[len(messages) // 2 - 30 :] for finished in one.feed([message])]
    samples = [
        each.record
        for one_batch in finished
        for each in one_batch.outgoing
        if isinstance(each.record, IndicatorSample) and each.record.indicator == INDICATOR
    ]
    assert [sample.end_unix_s % 10 for sample in samples] == [0] * len(samples)
    (sample,) = samples
    at_ps = (sample.end_unix_s * 10**9 - ORIGIN_NS) * 1_000
    assert sample.subject == "link"
    assert sample.estimate.value == pytest.approx(nodes.offset_ps(at_ps), abs=10**5)
    assert sample.estimate.parameters["state"] in {"locked", "drifting"}
    one.retire()
    assert registry.get_sample_value("photonwatch_clock_offset_seconds", {"subject": "link"}) is None


def test_one_clock_alone_passes_untouched(sources):
    both = [[TagBlock(msgspec.structs.replace(b.context, clock="same"), b.gaps, b.channel) for b in source] for source in sources]
    finished = run(log(both, seed=0, hostile=False))
    assert sum(row["lost_ps"] for row in panes_of(finished, singles)) == 0
    assert sum(row["tags"] for row in panes_of(finished, singles)) == sum(b.tags for source in both for b in source)
    assert sum(across(finished).values()) < 500  # 30 ms apart: chance alone


@pytest.mark.parametrize(
    ("clock", "channels"), [("carol", (Channel(7),)), ("bob", (Channel(0), Channel(3))), ("alice", (Channel(2),))]
)
def test_a_third_clock_and_another_ones_channels_are_refused(sources, clock, channels):
    source = [
        TagBlock(
            msgspec.structs.replace(block.context, clock=clock, channels=channels, source="link/carol"),
            np.empty(0, np.uint32),
            np.empty(0, np.uint8),
        )
        for block in sources[0][:3]
    ]
    messages = log(sources, seed=0, hostile=False)
    values = [message.value for message in messages]
    values[20:20] = [wire.encode(block) for block in source]
    finished = run([Message(i, messages[min(i, len(messages) - 1)].timestamp_ms, value) for i, value in enumerate(values)])
    letters = rows(finished, tables.DEAD_LETTERS)
    assert [letter["reason"] for letter in letters] == ["contradiction"] * 3
    assert "third clock" in letters[0]["detail"]
    assert sum(across(finished).values()) > 3_000
