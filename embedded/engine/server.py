"""The listening socket, and a thread for each client's connection."""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from embedded.engine.http_messages import HEAD_BYTES, BadRequestError, Head, parse_head
from embedded.engine.reply import Reply
from embedded.engine.wire import ClientGoneError, Wire

_LOG = logging.getLogger(__name__)
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take: between requests, for a head, to send a piece of a body, to take a piece of an answer."""

    idle_s: float = 60.0
    head_s: float = 15.0
    receive_s: float = 30.0
    send_s: float = 120.0


class Server:
    """Serves ``answer(wire, head) -> go on`` on a bound socket; at most ``most`` connections, more are told so and closed."""

    def __init__(self, bound: socket.socket, answer: Callable[[Wire, Head], bool], patience: Patience, most: int) -> None:
        self._socket = bound
        self._answer = answer
        self._patience = patience
        self._most = most
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()

    def serve(self) -> None:
        """Until ``stop``."""
        self._socket.listen(128)
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError as error:
                if self._stopping.is_set():
                    return
                _LOG.warning("a client could not be let in: %s", error)  # too many open files, say: others will end
                self._stopping.wait(_PAUSE_S)
                continue
            with self._lock:
                full = len(self._open) >= self._most
                if not full:
                    self._open.add(connection)
            if full:
                with contextlib.suppress(ClientGoneError), connection:
                    self._refuse(Wire(connection, 1.0, 1.0), 503, f"more than {self._most} connections")
            else:
                threading.Thread(target=self._converse, args=(connection,), daemon=True, name="client").start()

    def stop(self) -> None:
        """Accept no more, and cut those that wait for a request."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)

    def _converse(self, connection: socket.socket) -> None:
        wire = Wire(connection, self._patience.receive_s, self._patience.send_s)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._one(wire):
                pass
        except ClientGoneError:
            pass
        except Exception:  # noqa: BLE001  one client's trouble must not end the others' service
            _LOG.exception("a request failed within the endpoint")
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _one(self, wire: Wire) -> bool:
        try:
            raw = wire.until(b"\r\n\r\n", HEAD_BYTES, self._patience.idle_s, self._patience.head_s)
        except ValueError:
            self._refuse(wire, 431, f"the head of the request is larger than {HEAD_BYTES} bytes")
            return False
        try:
            return raw is not None and self._answer(wire, parse_head(raw))
        except BadRequestError as error:
            self._refuse(wire, 400, str(error))
        return False

    def _refuse(self, wire: Wire, status: int, why: str) -> None:
        Reply(wire, None, {}).whole(status, f"{why}\n".encode(), {"Content-Type": "text/plain; charset=UTF-8"})
