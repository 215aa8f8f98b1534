"""A platform of real parts, and devices that send at their own pace."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.synthetic import blocks
from producers.publisher import Publisher
from schemas.broker import BrokerConnection
from tests.live import LivePlatform


@contextmanager
def platform() -> Iterator[LivePlatform]:
    with tempfile.TemporaryDirectory(prefix="photonwatch-bench-") as home:
        live = LivePlatform(Path(home))
        live.start()
        try:
            yield live
        finally:
            live.stop()


async def send_paced(live: LivePlatform, devices: Sequence[str], rate_hz: float, seconds: int) -> None:
    """Each device's blocks when they are complete, in real time."""
    async with Publisher(BrokerConnection(bootstrap=live.broker.address)) as publisher:
        loop = asyncio.get_running_loop()
        origin_ns, started = time.time_ns(), loop.time()

        async def send(number: int, name: str) -> None:
            for block in blocks(name, rate_hz, seconds, origin_unix_ns=origin_ns, seed=number):
                await asyncio.sleep(max(0.0, started + block.context.reached_ps / 1e12 - loop.time()))
                await publisher.send_block(block)

        await asyncio.gather(*(send(number, name) for number, name in enumerate(devices)))
        await publisher.flush()
