"""A feed: one poller of the store shared by everybody who looks at the same thing."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import structlog

_log = structlog.stdlib.get_logger(__name__)


class Feed:
    """Calls ``look`` in a thread every ``period_s`` while anybody follows, and hands each follower the latest answer.

    ``look`` blocks and returns a finished message; a follower that is slow skips messages, it never delays the others. When
    ``look`` raises, ``apologise`` makes the message that says so, and the next round tries again.
    """

    def __init__(self, look: Callable[[], bytes], apologise: Callable[[Exception], bytes], period_s: float) -> None:
        self._look = look
        self._apologise = apologise
        self._period_s = period_s
        self._followers: set[asyncio.Queue[bytes]] = set()
        self._poller: asyncio.Task[None] | None = None
        self._latest: bytes | None = None

    @property
    def followers(self) -> int:
        return len(self._followers)

    async def follow(self) -> AsyncGenerator[bytes, None]:
        """Messages, the latest known one at once. Ends with the caller."""
        mailbox: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        self._followers.add(mailbox)
        if self._poller is None:
            self._latest = None
            self._poller = asyncio.create_task(self._poll())
        elif self._latest is not None:
            mailbox.put_nowait(self._latest)
        try:
            while True:
                yield await mailbox.get()
        finally:
            self._followers.discard(mailbox)
            if not self._followers:
                self._poller.cancel()
                self._poller = None

    async def _poll(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                self._latest = await asyncio.to_thread(self._look)
            except Exception as error:  # noqa: BLE001 - whatever it was, the viewers are told and the next round tries again
                _log.warning("a look at the store failed", error=str(error), kind=type(error).__name__)
                self._latest = self._apologise(error)
            for mailbox in self._followers:
                with suppress(asyncio.QueueEmpty):
                    mailbox.get_nowait()
                mailbox.put_nowait(self._latest)
            await asyncio.sleep(max(0.0, self._period_s - (clock() - began)))
