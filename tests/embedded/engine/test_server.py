"""The server with an answer of its own, against clients that are slow, many, or wrong."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from embedded.engine.http_messages import Head, raw_body
from embedded.engine.reply import Reply
from embedded.engine.server import Patience, Server
from embedded.engine.wire import ClientGoneError, Wire

_PATIENCE = Patience(idle_s=1.0, head_s=0.4, receive_s=0.4, send_s=0.4)


@contextlib.contextmanager
def _serving(most: int = 4) -> Iterator[tuple[str, int]]:
    def answer(wire: Wire, head: Head) -> bool:
        body = b"".join(raw_body(wire, head, _PATIENCE.receive_s))
        reply = Reply(wire, head, {})
        if head.path == "/wrong":
            raise ValueError("the endpoint's own")
        if head.path == "/flood":
            reply.begin_stream({}, [])
            for _ in range(1000):
                reply.write(bytes(1 << 20))
            reply.end()
        else:
            reply.whole(200, head.path.encode() + body, {})
        return reply.keep

    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = Server(bound, answer, _PATIENCE, most)
    thread = threading.Thread(target=server.serve)
    thread.start()
    deadline = time.monotonic() + 10
    address = bound.getsockname()
    while True:
        try:
            socket.create_connection(address, 1).close()
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
    try:
        yield address
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


def _all(client: socket.socket) -> bytes:
    client.settimeout(20)
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(1 << 20):
            got += piece
    return got


def test_pipelined_requests_are_answered_in_turn() -> None:
    with _serving() as address, socket.create_connection(address) as client:
        client.sendall(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyGET /b HTTP/1.1\r\nConnection: close\r\n\r\n")
        answers = _all(client)
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.index(b"\r\n\r\n/axy") < answers.index(b"\r\n\r\n/b")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_clients_that_fall_silent_are_left(sent: bytes) -> None:
    with _serving() as address, socket.create_connection(address) as client:
        client.sendall(sent)
        started = time.monotonic()
        assert _all(client) == b""
        assert time.monotonic() - started < 10


def test_a_head_that_drips_is_cut_at_its_deadline() -> None:
    with _serving() as address, socket.create_connection(address) as client:
        started = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(200):
                client.sendall(b"x")
                time.sleep(0.05)  # a slow client is what is tested
        assert time.monotonic() - started < 8


def test_a_client_that_takes_nothing_is_left() -> None:
    with _serving(most=1) as address, socket.create_connection(address) as client:
        client.sendall(b"GET /flood HTTP/1.1\r\n\r\n")
        deadline = time.monotonic() + 20
        while True:  # its place is free again while it still holds its end
            with socket.create_connection(address) as other:
                other.sendall(b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n")
                if b"200 OK" in _all(other):
                    break
            assert time.monotonic() < deadline


def test_too_many_connections_are_told_so() -> None:
    with _serving(most=2) as address:
        held = [socket.create_connection(address) for _ in range(2)]
        for client in held:
            client.sendall(b"GET /held HTTP/1.1\r\n\r\n")
            got = b""
            while not got.endswith(b"/held"):  # head and body may come apart
                piece = client.recv(1 << 16)
                assert piece, got
                got += piece
        with socket.create_connection(address) as third:
            assert _all(third).startswith(b"HTTP/1.1 503 ")
        for client in held:
            client.close()


def test_heads_are_bounded() -> None:
    with _serving() as address, socket.create_connection(address) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(b"GET /" + b"x" * (3 << 20))
        client.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 431 ")


def test_expect_continue() -> None:
    with _serving() as address, socket.create_connection(address) as client:
        client.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\n")
        assert client.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"x")
        assert _all(client).endswith(b"/x")


def test_a_failed_accept_does_not_end_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    accept, failures = socket.socket.accept, [OSError(24, "Too many open files")] * 3

    def failing(bound: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop()
        return accept(bound)

    monkeypatch.setattr(socket.socket, "accept", failing)
    with _serving() as address, socket.create_connection(address) as client:
        client.sendall(b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert _all(client).endswith(b"/a")
    assert not failures


def _drip(wire: Wire, theirs: socket.socket) -> None:
    while True:  # never silent for as long as one wait lasts
        wire.some(1)
        theirs.sendall(bytes(1))


def test_receiving_in_a_hurry_has_one_deadline() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire = Wire(ours, 30.0, 30.0)
        theirs.sendall(bytes(100))
        with pytest.raises(ClientGoneError), wire.hurried(0.2):
            _drip(wire, theirs)
        assert wire.some(1) == bytes(1)


def test_only_a_long_head_is_told_to_be_one(caplog: pytest.LogCaptureFixture) -> None:
    with _serving() as address, socket.create_connection(address) as client:
        client.sendall(b"GET /wrong HTTP/1.1\r\n\r\n")
        assert _all(client) == b""
    assert "a request failed within the endpoint" in caplog.text
