"""One client's TCP connection: bytes in with deadlines, bytes out, and whether the client is still there."""

import math
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

_RECEIVE_BYTES = 1 << 20


class ClientGoneError(Exception):
    """The client closed the connection, or was too slow. There is nobody to tell."""


class Wire:
    """``receive_s`` bounds every wait for the client's bytes, ``send_s`` every wait for it to take ours."""

    def __init__(self, connection: socket.socket, receive_s: float, send_s: float) -> None:
        self._socket = connection
        self._receive_s = receive_s
        self._send_s = send_s
        self._left = b""
        self._over_s = math.inf

    @contextmanager
    def hurried(self, within_s: float) -> Iterator[None]:
        """All that is received meanwhile must come before ``within_s`` have passed; else ClientGoneError."""
        self._over_s = time.monotonic() + within_s
        try:
            yield
        finally:
            self._over_s = math.inf

    def _wait(self, longest_s: float) -> None:
        self._socket.settimeout(max(0.001, min(longest_s, self._over_s - time.monotonic())))

    def until(self, mark: bytes, most: int, first_s: float, whole_s: float) -> bytes | None:
        """Bytes through ``mark``; None where the client closed before it sent any, or sent none for ``first_s``.

        Raises ClientGoneError where they do not all come within ``whole_s``, and ValueError where they are more than ``most``.
        """
        deadline = None
        searched = 0
        while (end := self._left.find(mark, searched)) < 0:
            if len(self._left) > most:
                raise ValueError(f"more than {most} bytes")
            if deadline is None and self._left:
                deadline = time.monotonic() + whole_s
            searched = max(0, len(self._left) - len(mark) + 1)
            self._wait(first_s if deadline is None else deadline - time.monotonic())
            try:
                more = self._socket.recv(65536)
            except OSError as error:
                if deadline is None:
                    return None
                raise ClientGoneError from error
            if not more:
                if not self._left:
                    return None
                raise ClientGoneError
            self._left += more
        found, self._left = self._left[: end + len(mark)], self._left[end + len(mark) :]
        return found

    def some(self, most: int) -> bytes:
        """At least one byte and at most ``most``."""
        if self._left:
            found, self._left = self._left[:most], self._left[most:]
            return found
        if time.monotonic() > self._over_s:
            raise ClientGoneError
        self._wait(self._receive_s)
        try:
            found = self._socket.recv(min(most, _RECEIVE_BYTES))
        except OSError as error:
            raise ClientGoneError from error
        if not found:
            raise ClientGoneError
        return found

    def send(self, *parts: bytes) -> None:
        self._socket.settimeout(self._send_s)
        try:
            for part in parts:
                self._socket.sendall(part)
        except OSError as error:
            raise ClientGoneError from error

    def readable_or_gone(self, source: int, timeout_s: float) -> bool:
        """Wait until the pipe ``source`` has something or has ended: True; False after ``timeout_s``. Raises ClientGoneError."""
        poll = select.poll()
        poll.register(source, select.POLLIN)
        poll.register(self._socket, select.POLLRDHUP)
        ready = dict(poll.poll(timeout_s * 1000))
        if self._socket.fileno() in ready:
            raise ClientGoneError
        return source in ready
