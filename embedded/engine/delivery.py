"""The rows of a statement on their way to the client: held until their end or their first MiB, then streamed as they come."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

import msgspec

from embedded.engine.codings import Encoder, chosen
from embedded.engine.codings import encoder as new_encoder
from embedded.engine.core import Summary
from embedded.engine.errors import ClickHouseError
from embedded.engine.execution import Started
from embedded.engine.formats import content_type
from embedded.engine.frames import FrameEncoder
from embedded.engine.http_messages import Head
from embedded.engine.native_blocks import FLAGGED_REVISION, flagged
from embedded.engine.reply import Reply
from embedded.engine.request import Request
from embedded.engine.spool import Spool
from embedded.engine.wire import ClientGoneError, Wire

HELD_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20
_MOST_HELD_BYTES = 64 << 20
_LONG_S = 3600.0
_DEFAULT_COMPRESSION_LEVEL = 3


class Progress:
    """Headers that tell how far a statement is, at most one an interval; nothing unless the client asked for them."""

    def __init__(self, reply: Reply, request: Request, headers: Mapping[str, str]) -> None:
        self.wanted = request.flag("send_progress_in_http_headers")
        self.interval_s = max(request.number("http_headers_progress_interval_ms", 100), 10) / 1000 if self.wanted else _LONG_S
        self._reply = reply
        self._headers = dict(headers)
        self._latest: Mapping[str, int] | None = None
        self._told_s = time.monotonic()

    def seen(self, counts: Mapping[str, int]) -> None:
        """Called from the engine's thread."""
        self._latest = counts

    def tell(self) -> None:
        latest, now_s = self._latest, time.monotonic()
        if self.wanted and latest is not None and now_s - self._told_s >= self.interval_s:
            self._told_s, self._latest = now_s, None
            self._reply.early({"X-ClickHouse-Progress": json.dumps({name: str(count) for name, count in latest.items()})})


class Delivery:
    """One statement's answer."""

    def __init__(
        self,
        wire: Wire,
        head: Head,
        request: Request,
        *,
        reply: Reply,
        started: Started,
        progress: Progress,
        headers: Mapping[str, str],
    ) -> None:
        self._wire = wire
        self._request = request
        self._reply = reply
        self._work = started.work
        self._progress = progress
        self._encoders, self._coding = _encoders(head, request)
        self._headers = {**headers, "Content-Type": content_type(started.format), "X-ClickHouse-Format": started.format}
        self._held_bytes = min(max(request.number("buffer_size", HELD_BYTES), HELD_BYTES), _MOST_HELD_BYTES)
        native = started.format == "Native" and request.number("client_protocol_version", 0) >= FLAGGED_REVISION
        self._rows = flagged(self._pieces()) if native else self._pieces()

    def deliver(self, new_spool: Callable[[], Spool], cancel_s: float) -> None:
        """Raises ClickHouseError where the statement fails before anything is sent, ClientGoneError where nobody takes its rows.

        When it returns or raises, the statement is over, or was told to stop and did not within ``cancel_s``.
        """
        try:
            self._deliver(new_spool)
        except ClientGoneError:
            if not self._request.statement.reads:
                with contextlib.suppress(ClickHouseError):  # what writes goes on to its end; nobody is left to tell how it ended
                    self._work.summary()
            raise
        finally:
            self._work.finish(cancel_s)

    def _pieces(self) -> Iterator[bytes]:
        while True:
            if self._wire.readable_or_gone(self._work.source, self._progress.interval_s):
                piece = os.read(self._work.source, _PIECE_BYTES)
                if not piece:
                    break
                yield piece
            self._progress.tell()
        self._work.summary()  # raises where the statement failed

    def _deliver(self, new_spool: Callable[[], Spool]) -> None:
        held: list[bytes] = []
        size = 0
        for piece in self._rows:
            held.append(piece)
            size += len(piece)
            if size > self._held_bytes:
                break
        else:
            self._whole(b"".join(held))
            return
        if not self._request.flag("wait_end_of_query"):
            self._stream(chain(held, self._rows), {})
            return
        with new_spool() as spool:
            spool.take(held)
            spool.take(self._rows)
            self._stream(spool.pieces(), _summary(self._work.summary()))

    def _whole(self, body: bytes) -> None:
        if body:
            for encoder in self._encoders:
                body = encoder.compress(body) + encoder.flush()
        coding = self._coding if body else {}
        self._reply.whole(200, body, {**self._headers, **coding, **_summary(self._work.summary())})

    def _stream(self, pieces: Iterable[bytes], summary: Mapping[str, str]) -> None:
        self._reply.begin_stream({**self._headers, **self._coding, **summary}, self._encoders)
        try:
            for piece in pieces:
                self._reply.write(piece)
        except ClickHouseError as error:
            self._reply.break_off(error)
        else:
            self._reply.end()


def _summary(summary: Summary) -> dict[str, str]:
    return {"X-ClickHouse-Summary": json.dumps({name: str(count) for name, count in msgspec.structs.asdict(summary).items()})}


def _encoders(head: Head, request: Request) -> tuple[list[Encoder], dict[str, str]]:
    """What the answer goes through, ClickHouse's own frames first, and the header that says so."""
    encoders: list[Encoder] = [FrameEncoder()] if request.flag("compress") else []
    coding = chosen(head.headers.get("accept-encoding", "")) if request.flag("enable_http_compression") else None
    if coding is None:
        return encoders, {}
    level = request.number("http_zlib_compression_level", _DEFAULT_COMPRESSION_LEVEL)
    return [*encoders, new_encoder(coding, level)], {"Content-Encoding": coding}
