"""Signs of life: as long as something is heard, and not a moment longer."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3

from console.notify.dead_man import DeadMan
from storage.errors import Unavailable


def test_signs_stop_when_nothing_is_heard() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    looks: list[bool | None] = [True, False, None, True]

    async def live(url: str) -> None:
        stop = asyncio.Event()

        def hears() -> bool:
            if len(looks) == 1:
                stop_soon()
            heard = looks.pop(0)
            if heard is None:
                raise Unavailable("the store is away")
            return heard

        loop = asyncio.get_running_loop()

        def stop_soon() -> None:
            loop.call_soon_threadsafe(stop.set)

        with urllib3.PoolManager() as pool:
            await DeadMan(url, pool, hears, every_s=0.01).run(stop)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        asyncio.run(live(f"http://127.0.0.1:{server.server_port}/secret"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == ["/secret", "/secret"]
    assert looks == []
