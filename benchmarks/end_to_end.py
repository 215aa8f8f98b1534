"""The worker from Kafka to rows, beside a bare consumer of the same topic and a bare insert of the same arrays.

Everything is real: a broker, an engine, one worker process. Each of the peers runs alone, over the same messages.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
from aiokafka import AIOKafkaConsumer
from aiokafka.partitioner import DefaultPartitioner

from benchmarks.memory import memory_mib
from benchmarks.paced import platform
from benchmarks.result import Result, at_least, at_most
from benchmarks.synthetic import blocks
from producers.publisher import Publisher
from schemas.block import TagBlock
from schemas.broker import BrokerConnection
from schemas.topics import TIMETAGS
from storage import tables
from storage.client import Client, StoreAddress, connect
from storage.migrate import migrate
from streams.sequence import Arrival, Fate
from streams.tag_rows import TagRows
from tests.live import LivePlatform, until

DEVICES = TIMETAGS.partitions
RATE_HZ = 4e6
BLOCKS = 40
"""Blocks in a bare insert: a batch of the worker's at most."""
ASK_EVERY_S = 0.5
"""How often the store is asked whether the worker is done: every answer takes time from what is measured."""


def measure(million_tags: int) -> list[Result]:
    seconds = max(1, round(million_tags * 1e6 / (DEVICES * RATE_HZ)))
    with platform() as live:
        tags, published_s = asyncio.run(_publish(live, seconds))
        consumer = tags / asyncio.run(_consume(live)) / 1e6
        insert = _bare_insert(live, seconds)
        kept, kept_mib = _worker(live, "kept", keep_raw_tags=True)
        with connect(replace(live.store, database="kept")) as client:
            stored = _stored(client)
        counted, counted_mib = _worker(live, "counted", keep_raw_tags=False)
    slower = min(consumer, insert)
    return [
        Result("tags replayed", f"{tags / 1e6:.0f} M in {DEVICES} devices of {RATE_HZ / 1e6:.0f} Mcps"),
        Result("publishing them", f"{tags / published_s / 1e6:.3g} Mtags/s"),
        Result("bare consumer of the topic", f"{consumer:.3g} Mtags/s"),
        Result("bare insert of the same arrays", f"{insert:.3g} Mtags/s"),
        at_least("worker, raw tags kept", kept, "Mtags/s", 20),
        at_least("worker, raw tags kept, over the slower of the two", kept / slower, "", 0.6),
        at_least("worker, raw tags not kept", counted, "Mtags/s", 60),
        Result("memory of these workers, at most", f"{kept_mib:.0f} MiB, {counted_mib:.0f} MiB"),
        Result("stored raw at 4 Mcps", f"{stored.size / stored.tags:.3g} B a tag"),
    ]


async def _publish(live: LivePlatform, seconds: int) -> tuple[int, float]:
    origin = time.time_ns() - seconds * 1_000_000_000
    started, tags = time.perf_counter(), 0
    async with Publisher(BrokerConnection(bootstrap=live.broker.address)) as publisher:
        devices = [blocks(name, RATE_HZ, seconds, origin_unix_ns=origin, seed=n) for n, name in enumerate(_one_a_partition())]
        for together in zip(*devices, strict=False):
            for block in together:
                await publisher.send_block(block)
                tags += block.channel.size
        await publisher.flush()
    return tags, time.perf_counter() - started


def _one_a_partition() -> list[str]:
    """Names of devices that Kafka's own partitioner spreads evenly: a fleet of many would be."""
    partition_of, places = DefaultPartitioner(), list(range(TIMETAGS.partitions))
    names: dict[int, str] = {}
    candidates = (f"sps-bench-{number}" for number in itertools.count())
    while len(names) < len(places):
        name = next(candidates)
        names.setdefault(partition_of(name.encode(), places, places), name)
    return [names[place] for place in places]


async def _consume(live: LivePlatform) -> float:
    """Seconds from the first message to the last."""
    consumer = AIOKafkaConsumer(
        TIMETAGS.name, bootstrap_servers=live.broker.address, auto_offset_reset="earliest", max_partition_fetch_bytes=8 << 20
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        left, started = sum(ends.values()), time.perf_counter()
        while left:
            for messages in (await consumer.getmany(timeout_ms=1000)).values():
                left -= len(messages)
        return time.perf_counter() - started
    finally:
        await consumer.stop()


def _bare_insert(live: LivePlatform, seconds: int) -> float:
    """Mtags/s of inserting the same tag rows, made beforehand, in batches of the worker's size."""
    address = replace(live.store, database="bare")
    migrate(address)
    batches = list(_tag_rows("sps-bench-0", RATE_HZ, min(seconds, 6)))
    with connect(address) as client:
        started = time.perf_counter()
        for number, batch in enumerate(batches):
            client.insert(tables.TAG_RUNS, batch, token=f"bench-{number}")
        seconds_taken = time.perf_counter() - started
        return _stored(client).tags / seconds_taken / 1e6


def _tag_rows(device: str, rate_hz: float, seconds: int) -> Iterator[pa.Table]:
    """The rows of each batch's tags, as the worker stores them."""
    marks = {"batch_pipeline": "bench", "batch_topic": "bench", "batch_partition": 0, "batch_lo": 0}
    for batch in _batches(blocks(device, rate_hz, seconds, origin_unix_ns=time.time_ns() - 10**11)):
        collected = TagRows(keep_tags=True)
        for block in batch:
            collected.add_block(Arrival(0, block.context, *block.times()), Fate.IN_ORDER)
        rows = collected.tables()[tables.TAG_RUNS]
        for name, value in marks.items():
            rows = rows.append_column(name, pa.array([value] * rows.num_rows))
        yield rows


def _batches(blocks: Iterator[TagBlock]) -> Iterator[list[TagBlock]]:
    while batch := list(itertools.islice(blocks, BLOCKS)):
        yield batch


@dataclass(frozen=True)
class _Stored:
    tags: int
    size: int


def _stored(client: Client) -> _Stored:
    tags = client.query("SELECT sum(n) AS n FROM tag_runs")["n"][0].as_py()
    size = client.query(
        "SELECT sum(data_compressed_bytes) AS n FROM system.parts "
        "WHERE active AND table = 'tag_runs' AND database = currentDatabase()"
    )["n"][0].as_py()
    return _Stored(int(tags or 0), int(size or 0))


def _worker(live: LivePlatform, database: str, *, keep_raw_tags: bool) -> tuple[float, float]:
    """Mtags/s of one worker process, from its first sealed batch to its last; and the most memory that it took, MiB."""
    address: StoreAddress = replace(live.store, database=database)
    migrate(address)
    worker = live.worker(f"worker-{database}", database=database, group=database, keep_raw_tags=keep_raw_tags)
    with connect(address) as client:

        def finished() -> bool:
            assert worker.alive, worker.log.read_text()
            return int(client.query("SELECT count() AS n FROM blocks WHERE final")["n"][0].as_py()) == DEVICES

        until(finished, 600, "the worker to finish", every_s=ASK_EVERY_S)
        batches = client.query(
            "SELECT toUnixTimestamp64Milli(max(stored_at)) AS at, sum(tags) AS tags FROM blocks "
            "GROUP BY batch_partition, batch_lo ORDER BY at"
        ).to_pylist()
    most_mib = memory_mib(worker.pid).most
    worker.kill()
    return sum(batch["tags"] for batch in batches[1:]) / (batches[-1]["at"] - batches[0]["at"]) * 1e3 / 1e6, most_mib


def stored_at_1_mcps() -> list[Result]:
    """Bytes that a raw tag takes in the store at 1 Mcps."""
    with platform() as live, connect(live.store) as client:
        client.insert(tables.TAG_RUNS, pa.concat_tables(_tag_rows("sps-bench-0", 1e6, 8)).combine_chunks(), token="one")
        stored = _stored(client)
        return [at_most("stored raw: bytes a tag at 1 Mcps", stored.size / stored.tags, "B", 3.0)]
