"""Naps: as long as asked for, and over at once when the stop comes."""

import asyncio

from producers.naps import Naps

LONG_S = 3_600.0


async def test_a_nap_takes_its_time_and_others_have_their_turn() -> None:
    naps, loop, turns = Naps(asyncio.Event()), asyncio.get_running_loop(), []

    async def other() -> None:
        turns.append(loop.time())

    began_s = loop.time()
    task = asyncio.create_task(other())
    assert not await naps.nap(-1.0)
    assert turns
    assert not await naps.nap(0.05)
    assert loop.time() - began_s > 0.045
    await task


async def test_a_stop_wakes_all_and_nobody_sleeps_after_it() -> None:
    stop = asyncio.Event()
    naps = Naps(stop)
    sleepers = [asyncio.create_task(naps.nap(LONG_S)) for _ in range(1_000)]
    ending = asyncio.create_task(naps.end())
    await asyncio.sleep(0)
    assert not any(sleeper.done() for sleeper in sleepers)
    sleepers[0].cancel()
    stop.set()
    await asyncio.wait_for(ending, 30)
    woken = await asyncio.wait_for(asyncio.gather(*sleepers, return_exceptions=True), 30)
    assert isinstance(woken[0], asyncio.CancelledError)
    assert woken[1:] == [True] * 999
    assert await asyncio.wait_for(naps.nap(LONG_S), 30)
