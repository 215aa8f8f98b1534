"""A sign of life for somebody outside, who pages when it stops: a dead platform cannot say that it is dead."""

import asyncio
from collections.abc import Callable

import structlog
import urllib3

from storage.errors import Unavailable

EVERY_S = 60.0
_TIMEOUT_S = 10.0
_log = structlog.get_logger(__name__)


class DeadMan:
    """Asks an address for as long as the platform ``hears`` anything. The address holds a secret; it is never logged."""

    def __init__(self, url: str, pool: urllib3.PoolManager, hears: Callable[[], bool], every_s: float = EVERY_S) -> None:
        self._url = url
        self._pool = pool
        self._hears = hears
        self._every_s = every_s

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set. What goes wrong is logged, and is noticed outside by the silence."""
        while not stop.is_set():
            trouble = await asyncio.to_thread(self._sign)
            if trouble:
                _log.warning("no-sign-of-life", why=trouble)
            try:
                async with asyncio.timeout(self._every_s):
                    await stop.wait()
            except TimeoutError:
                continue

    def _sign(self) -> str:
        """Give it; why not, where it could not be given."""
        try:
            if not self._hears():
                return "nothing is heard"
            status = self._pool.request("GET", self._url, timeout=_TIMEOUT_S, retries=False).status
        except Unavailable as error:
            return str(error)
        except urllib3.exceptions.HTTPError as error:
            return type(error).__name__
        return "" if status < 300 else f"the answer is {status}"
