"""Sleep that a stop ends: of a thousand who sleep, each at the price of one timer."""

import asyncio


class Naps:
    """Of those who sleep until their time comes or ``stop`` is set. ``end`` must run meanwhile, as a task."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._asleep: set[asyncio.Future[None]] = set()

    async def end(self) -> None:
        """Wait for the stop, and wake all."""
        await self._stop.wait()
        for nap in self._asleep:
            _wake(nap)

    async def nap(self, for_s: float) -> bool:
        """Sleep so long, at least one turn of the loop; whether the stop has come."""
        if not self._stop.is_set():
            loop = asyncio.get_running_loop()
            nap = loop.create_future()
            timer = loop.call_later(max(for_s, 0.0), _wake, nap)
            self._asleep.add(nap)
            try:
                await nap
            finally:
                timer.cancel()
                self._asleep.discard(nap)
        return self._stop.is_set()


def _wake(nap: asyncio.Future[None]) -> None:
    if not nap.done():
        nap.set_result(None)
