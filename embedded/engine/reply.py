"""Answers on the wire: whole ones with their length, and streams in chunks that say so when they break off."""

import secrets
from collections.abc import Mapping

from embedded.engine.codings import Encoder
from embedded.engine.errors import ClickHouseError
from embedded.engine.http_messages import LAST_CHUNK, Head, chunk, fields, status_line
from embedded.engine.wire import Wire


class Reply:
    """One answer to one request; ``headers`` go with it whatever it is. ``keep`` afterwards: whether the connection can go on."""

    def __init__(self, wire: Wire, head: Head | None, headers: Mapping[str, str]) -> None:
        self._wire = wire
        self._silent = head is not None and head.method == "HEAD"
        self._chunks = head is not None and head.persistent
        self._headers = dict(headers)
        self.keep = head is not None and head.persistent
        self._encoders: list[Encoder] = []
        self._early = False
        self._tag = secrets.token_hex(8)

    def whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """A complete answer."""
        self._begin(status, {**headers, "Content-Length": str(len(body))})
        if not self._silent:
            self._wire.send(body)

    def early(self, headers: Mapping[str, str]) -> None:
        """Headers before the answer is known, for progress. Its status is 200 from then on."""
        if not self._early:
            self._wire.send(status_line(200))
            self._early = True
        self._wire.send(fields(headers))

    def begin_stream(self, headers: Mapping[str, str], encoders: list[Encoder]) -> None:
        """The head of a stream; what ``write`` takes goes through ``encoders`` in their order."""
        self._encoders = encoders
        framing = {"Transfer-Encoding": "chunked"} if self._chunks else {}
        self._begin(200, {**headers, **framing, "X-ClickHouse-Exception-Tag": self._tag})

    def write(self, data: bytes) -> None:
        for encoder in self._encoders:
            data = encoder.compress(data)
        self._send(data)

    def end(self) -> None:
        self._flush()
        if self._chunks and not self._silent:
            self._wire.send(LAST_CHUNK)

    def break_off(self, error: ClickHouseError) -> None:
        """Say within the stream that it failed; its last chunk never comes, so that no client takes it for whole."""
        text = error.text.encode()
        tag = self._tag.encode()
        self.write(b"\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n" % (tag, text, len(text) + 1, tag))
        self._flush()
        self.keep = False

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        connection = "keep-alive" if self.keep else "close"
        lines = fields({**self._headers, **headers, "Connection": connection})
        self._wire.send((b"" if self._early else status_line(status)) + lines + b"\r\n")

    def _flush(self) -> None:
        data = b""
        for encoder in self._encoders:
            data = (encoder.compress(data) if data else b"") + encoder.flush()
        self._send(data)

    def _send(self, data: bytes) -> None:
        if data and not self._silent:
            self._wire.send(*(chunk(data) if self._chunks else (data,)))
