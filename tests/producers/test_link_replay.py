"""Two nodes' recordings through a real broker into a tag pipeline: their pairs are coincidences."""

from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from producers.errors import RecordingError
from producers.link_replay import replay_link
from producers.publisher import Publisher
from producers.recording import Recording, open_recording
from schemas import topics
from schemas.broker import BrokerConnection
from schemas.ids import DeviceId
from schemas.panes import PaneParameters
from schemas.wire import decode
from storage import tables
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.positions import Positions
from streams.tag_pipeline import TagPipeline
from streams.tag_stream import TagAnalysis
from tests.producers.test_publisher import received
from tests.storage.pane_rows import coincidences
from tests.streams.clocks import two_nodes

pytestmark = pytest.mark.stack
SECONDS = 6


def recorded(path: Path, time_ps: np.ndarray, channel: int) -> Recording:
    time_ps = time_ps[time_ps >= 0]
    np.savez(path, time_ps=time_ps, channel=np.full(time_ps.size, channel, np.uint8))
    return open_recording(path)


@pytest.mark.parametrize("start_ps", [0, 10**16])
async def test_two_nodes_become_one_stream(broker: str, tmp_path: Path, start_ps: int) -> None:
    nodes = two_nodes(51, seconds=SECONDS, singles_hz=2e4, shared_hz=2e3, offset_ps=2 * 10**11, frequency=3e-7)
    recordings = (
        recorded(tmp_path / "alice.npz", nodes.ours_ps + start_ps, 0),
        recorded(tmp_path / "bob.npz", nodes.other_ps + start_ps, 1),
    )
    link, sent = DeviceId(f"qic-link-{start_ps}"), []
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        results = await replay_link(recordings, publisher, link, progress=sent.append)
    assert [result.tags for result in results] == [sum(one.tags.values()) for one in recordings]
    assert sent[-1] == sum(result.tags for result in results)
    assert results[0].run == results[1].run
    values = await received(broker, topics.TIMETAGS, link)
    contexts = [decode(value).context for value in values]
    assert {context.clock for context in contexts} == {"a", "b"}
    assert {context.members for context in contexts} == {(results[0].source, results[1].source)}
    pipeline = TagPipeline(
        topics.TIMETAGS.name,
        0,
        analysis=TagAnalysis(PaneParameters(), lambda _device: None),
        keep_tags=False,
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=Positions(),
        stored=0,
    )
    now_ms = max(context.origin_unix_ns for context in contexts) // 10**6 + 60_000
    finished = [one for i, value in enumerate(values) for one in pipeline.feed([Message(i, now_ms + i, value)])]
    counted = sum(
        row["coincidences"]
        for one in finished
        if tables.PANES in one.batch.tables
        for row in coincidences(one.batch.tables[tables.PANES])
    )
    assert 0.6 * 2e3 * 2 < counted < 2e3 * (SECONDS - 2.5)


async def test_channels_that_both_have_are_refused(tmp_path: Path) -> None:
    both = [recorded(tmp_path / f"{name}.npz", np.arange(100) * 10**9, 3) for name in ("alice", "bob")]
    with pytest.raises(RecordingError, match=r"channels \[3\]"):
        await replay_link((both[0], both[1]), Publisher(BrokerConnection(bootstrap="127.0.0.1:1")), DeviceId("qic-link"))
