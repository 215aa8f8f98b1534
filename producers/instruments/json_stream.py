"""Instruments that send a JSON message a line, as SNSPD drivers do. Nothing is sent to them; the latest message answers."""

import json
import socket
from typing import Any

from producers.errors import LinkError
from producers.instruments.profile import Instrument, Profile
from schemas.telemetry import ReadingState

_MOST_BYTES = 1 << 20


class JsonStreamLink:
    """Reads what came since the last question, and answers from the last whole message."""

    def __init__(self, instrument: Instrument, profile: Profile) -> None:
        host, _, port = instrument.resource.rpartition(":")
        self._name = instrument.resource
        try:
            self._socket = socket.create_connection((host, int(port)), timeout=profile.timeout_s)
        except (OSError, ValueError) as error:
            raise LinkError(ReadingState.DISCONNECTED, f"{self._name} cannot be reached: {error}") from error
        self._timeout_s = profile.timeout_s
        self._waiting = b""

    def ask(self, query: str) -> str:
        """``query`` is the path into the message: keys and places, with dots between."""
        message = self._latest()
        found: Any = message
        for step in query.split("."):
            try:
                found = found[int(step)] if isinstance(found, list) else found[step]
            except (KeyError, IndexError, ValueError, TypeError):
                raise LinkError(ReadingState.GARBAGE, f"{self._name}: its messages have no {query}") from None
        return str(found)

    def _latest(self) -> object:
        self._socket.settimeout(self._timeout_s)
        while b"\n" not in self._waiting:
            self._receive()
        self._socket.settimeout(0.0)
        try:
            while True:
                self._receive()
        except BlockingIOError:
            pass
        lines, self._waiting = self._waiting.rsplit(b"\n", 1)
        try:
            return json.loads(lines.rsplit(b"\n", 1)[-1])
        except ValueError as error:
            raise LinkError(ReadingState.GARBAGE, f"{self._name}: a message is no JSON: {error}") from error

    def _receive(self) -> None:
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            raise LinkError(ReadingState.TIMEOUT, f"{self._name} sent nothing for {self._timeout_s:g} s") from None
        except BlockingIOError:
            raise
        except OSError as error:
            raise LinkError(ReadingState.DISCONNECTED, f"{self._name} went away: {error}") from error
        if not data:
            raise LinkError(ReadingState.DISCONNECTED, f"{self._name} closed the connection")
        self._waiting += data
        if len(self._waiting) > _MOST_BYTES:
            self._waiting = b""
            raise LinkError(ReadingState.GARBAGE, f"{self._name}: a mebibyte without a whole message")

    def close(self) -> None:
        self._socket.close()
