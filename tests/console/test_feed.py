"""One poller, however many look."""

import asyncio
import threading

from console.web.feed import Feed


class _Store:
    """Counts how often it is looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.trouble: Exception | None = None
        self.turn = threading.Event()

    def look(self) -> bytes:
        self.looks += 1
        if self.trouble:
            raise self.trouble
        return str(self.looks).encode()


def _sorry(error: Exception) -> bytes:
    return f"sorry: {error}".encode()


async def test_all_followers_share_one_look() -> None:
    store = _Store()
    feed = Feed(store.look, _sorry, 0.01)
    followers = [feed.follow() for _ in range(20)]
    first = await asyncio.gather(*(anext(follower) for follower in followers))
    second = await asyncio.gather(*(anext(follower) for follower in followers))
    assert len(set(first)) == 1
    assert len(set(second)) <= 2
    assert store.looks < 20
    for follower in followers:
        await follower.aclose()
    assert feed.followers == 0


async def test_nobody_looks_when_nobody_follows() -> None:
    store = _Store()
    feed = Feed(store.look, _sorry, 0.001)
    follower = feed.follow()
    await anext(follower)
    await follower.aclose()
    looks = store.looks
    await asyncio.sleep(0.05)  # many periods: time itself is what is tested here
    assert store.looks <= looks + 1
    again = feed.follow()
    assert int(await anext(again)) > looks
    await again.aclose()


async def test_a_slow_follower_gets_the_latest() -> None:
    store = _Store()
    feed = Feed(store.look, _sorry, 0.001)
    slow, quick = feed.follow(), feed.follow()
    await anext(slow)
    last = 0
    while last < 10:
        last = int(await anext(quick))
    assert int(await anext(slow)) >= 10
    await slow.aclose()
    await quick.aclose()


async def test_trouble_is_told_and_passes() -> None:
    store = _Store()
    store.trouble = OSError("away")
    feed = Feed(store.look, _sorry, 0.001)
    follower = feed.follow()
    assert await anext(follower) == b"sorry: away"
    store.trouble = None
    async for message in follower:
        if message.isdigit():
            break
    await follower.aclose()
