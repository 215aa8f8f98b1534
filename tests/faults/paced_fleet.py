"""Devices with known tags that publish at their own pace while a test breaks things, and the truth to compare the store with."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from producers.batching import Batcher
from producers.ordering import Chunk
from producers.publisher import Publisher
from producers.sources import Detection, PulsedParameters, PulsedSource
from schemas.block import BlockContext, Channel, TagBlock
from schemas.broker import BrokerConnection
from schemas.panes import Counts, PaneParameters
from storage.client import connect
from storage.ledger import Ledger
from streams.processors import panes
from streams.segment import Segment
from tests.live import LivePlatform

PARAMETERS = PaneParameters()


@dataclass(frozen=True)
class Device:
    """One device's run, block by block."""

    name: str
    blocks: Sequence[TagBlock]

    @classmethod
    def simulated(cls, name: str, seconds: int, rate_hz: float, seed: int) -> "Device":
        """A pulsed source of purity 0.05 whose run ends now."""
        source = PulsedSource(PulsedParameters(g2=0.05, rate_hz=rate_hz, detection=Detection(jitter_ps=50.0)), seed)
        context = BlockContext(
            domain=name,
            source=f"{name}/r1",
            device=name,
            run="r1",
            sequence=0,
            origin_unix_ns=time.time_ns() - seconds * 1_000_000_000,
            start_ps=0,
            reached_ps=0,
            channels=(Channel(0), Channel(1)),
        )
        batcher, blocks = Batcher(context), []
        for second in range(1, seconds + 1):
            time_ps, channel = source.advance(1_000_000_000_000)
            blocks += batcher.add(Chunk(time_ps, channel, second * 1_000_000_000_000))
        blocks += batcher.close(seconds * 1_000_000_000_000)
        return cls(name, blocks)

    @property
    def tags(self) -> Counter[int]:
        """Tags by channel."""
        counts: Counter[int] = Counter()
        for block in self.blocks:
            counts += Counter(dict(enumerate(np.bincount(block.times()[1], minlength=2).tolist())))
        return counts

    def histogram(self) -> Counts:
        """All pairs of the whole run, by an offline run of the same processors."""
        state, total = panes.initial(PARAMETERS), np.zeros(PARAMETERS.bins, np.uint64)
        for block in self.blocks:
            state, results = panes.step(state, Segment.of(block), PARAMETERS)
            total += sum((pane.counts for pane in results.correlations), np.zeros_like(total))
        return total + sum((pane.counts for pane in panes.close(state, PARAMETERS).correlations), np.zeros_like(total))


class PacedFleet(threading.Thread):
    """Publishes all devices' blocks, 100 ms of each every ``step_s`` seconds, until all are sent."""

    def __init__(self, platform: LivePlatform, devices: Sequence[Device], step_s: float) -> None:
        super().__init__(daemon=True)
        self._connection = BrokerConnection(bootstrap=platform.broker.address)
        self._devices = devices
        self._step_s = step_s
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._publish())
        except BaseException as error:  # noqa: BLE001 - the test asks for it
            self.error = error

    async def _publish(self) -> None:
        async with Publisher(self._connection) as publisher:
            await asyncio.gather(*(self._device(publisher, device) for device in self._devices))
            await publisher.flush()

    async def _device(self, publisher: Publisher, device: Device) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        for index, block in enumerate(device.blocks):
            await asyncio.sleep(max(0.0, started + index * self._step_s - loop.time()))
            await publisher.send_block(block)


@dataclass(frozen=True)
class Comparison:
    """Every way in which the store differs from the truth, in words; empty if it is exact."""

    differences: tuple[str, ...]

    @classmethod
    def of(cls, platform: LivePlatform, devices: Sequence[Device]) -> "Comparison":
        found: list[str] = []
        with connect(platform.store) as store:

            def counts(sql: str, device: str) -> list[dict[str, int]]:
                return store.query(sql, {"device": device}).to_pylist()

            for device in devices:
                truth = device.tags
                for table, column in (("tag_runs", "n"), *((f"v_singles_{level}", "tags") for level in ("1s", "1min", "1h"))):
                    sql = f"SELECT channel, sum({column}) AS n FROM {table} WHERE device = {{device:String}} GROUP BY channel"
                    seen = {row["channel"]: row["n"] for row in counts(sql, device.name)}
                    if seen != dict(truth):
                        found.append(f"{device.name} {table}: {seen}, truth {dict(truth)}")
                expected = device.histogram()
                for level in ("1s", "1min", "1h"):
                    sql = f"SELECT sumForEach(counts) AS counts FROM v_correlations_{level} WHERE device = {{device:String}}"
                    (row,) = counts(sql, device.name)
                    seen_histogram = np.array(row["counts"], np.uint64)
                    if not np.array_equal(seen_histogram, expected):
                        found.append(f"{device.name} correlations_{level}: {seen_histogram.sum()} pairs, truth {expected.sum()}")
                (row,) = counts(
                    "SELECT count() AS n, uniqExact(sequence) AS u FROM blocks WHERE device = {device:String}", device.name
                )
                if (row["n"], row["u"]) != (len(device.blocks), len(device.blocks)):
                    found.append(f"{device.name} blocks: {row}, truth {len(device.blocks)}")
            repeated = store.query(
                "SELECT subject, indicator, run, time, count() AS n FROM indicator_samples GROUP BY ALL HAVING n > 1"
            ).num_rows
            if repeated:
                found.append(f"{repeated} indicator samples were stored more than once")
            found += [f"ledger: {one}" for one in Ledger(store).audit()]
        return cls(tuple(found))


def sealed_messages(platform: LivePlatform) -> int:
    """Messages of the tags topic in sealed batches."""
    with connect(platform.store) as store:
        return int(store.query("SELECT sum(messages) AS n FROM ledger WHERE topic = 'timetags'")["n"][0].as_py())
