"""A detector driver that streams JSON lines: the latest whole message answers, and nothing is ever sent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from producers.errors import LinkError
from producers.instruments.json_stream import JsonStreamLink
from producers.instruments.profile import Instrument, shipped_profiles
from schemas.ids import DeviceId
from schemas.telemetry import ReadingState

PROFILE = shipped_profiles()["single-quantum-eos"]


@contextmanager
def streaming(*parts: bytes, close: bool = False) -> Iterator[tuple[JsonStreamLink, list[bytes]]]:
    """A link to a server that sends these parts, and what the server received."""
    got: list[bytes] = []
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                for part in parts:
                    connection.sendall(part)
                if not close:
                    done.wait(10)
                    connection.settimeout(0.2)
                    try:
                        got.append(connection.recv(100))
                    except TimeoutError:
                        got.append(b"")

        thread = threading.Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        instrument = Instrument(device=DeviceId("x"), profile=PROFILE.name, resource=f"127.0.0.1:{port}")
        link = JsonStreamLink(instrument, PROFILE)
        try:
            yield link, got
        finally:
            done.set()
            thread.join()
            link.close()


def test_the_latest_whole_message_answers_and_nothing_is_sent() -> None:
    with streaming(b'{"counts": [1, 2]}\n{"counts": [30, 40]}\n{"cou') as (link, got):
        assert link.ask("counts.0") == "30"
    assert got == [b""]


@pytest.mark.parametrize(
    ("parts", "close", "state"),
    [
        ((b"no json\n",), False, ReadingState.GARBAGE),
        ((b'{"rates": [1]}\n',), False, ReadingState.GARBAGE),
        ((b'{"cou',), True, ReadingState.DISCONNECTED),
    ],
)
def test_what_is_wrong_is_named(parts: tuple[bytes, ...], close: bool, state: ReadingState) -> None:
    with streaming(*parts, close=close) as (link, _), pytest.raises(LinkError) as raised:
        link.ask("counts.0")
    assert raised.value.state is state
