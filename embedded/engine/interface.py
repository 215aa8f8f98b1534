"""ClickHouse's HTTP interface: what each request is answered."""

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from embedded.engine.access import authenticated
from embedded.engine.delivery import Delivery, Progress
from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.execution import Executor
from embedded.engine.http_messages import Head, raw_body
from embedded.engine.reply import Reply
from embedded.engine.request import read_request
from embedded.engine.spool import Spool
from embedded.engine.users import Role, Users
from embedded.engine.wire import ClientGoneError, Wire

_NO_SUCH_PATH = """There is no handle {path}

Use / or /ping for health checks.
Or /replicas_status for more sophisticated health checks.

Send queries from your program with POST method or GET /?query=...
"""
_GET_ONLY_READS = (
    "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. "
    "You should use method POST for modifying queries."
)
_HTML, _JSON, _TEXT = "text/html; charset=UTF-8", "application/json; charset=UTF-8", "text/plain; charset=UTF-8"


_DRAINED_BYTES, _DRAINED_S = 32 << 20, 5.0
_STRANGER_BYTES, _STRANGER_S = 64 << 10, 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What the endpoint says of itself at /status."""

    version: str
    timezone: str
    confinement: str


class Interface:
    """Answers requests; called from a thread for each client's connection.

    ``line_s`` bounds each line of a body's framing, ``cancel_s`` the wait for a statement that was told to stop.
    """

    def __init__(
        self,
        executor: Executor,
        users: Users,
        new_spool: Callable[[int], Spool],
        standing: Standing,
        *,
        line_s: float,
        cancel_s: float,
    ) -> None:
        self._executor = executor
        self._users = users
        self._new_spool = new_spool
        self._standing = standing
        self._line_s = line_s
        self._cancel_s = cancel_s

    def answer(self, wire: Wire, head: Head) -> bool:
        """Serve one request; whether the connection can take another. Raises ClientGoneError."""
        reply = Reply(wire, head, {"X-ClickHouse-Server-Display-Name": "photonwatch"})
        if head.method == "OPTIONS":
            reply.whole(204, b"", {})
        elif head.path in ("/ping", "/replicas_status") or (
            head.path == "/" and head.method in ("GET", "HEAD") and "query" not in head.parameters
        ):
            reply.whole(200, b"Ok.\n", {"Content-Type": _HTML})
        elif head.path == "/status":
            status = {**msgspec.to_builtins(self._standing), "running": self._executor.running}
            reply.whole(200, msgspec.json.encode(status), {"Content-Type": _JSON})
        elif head.path not in ("/", "/query") or head.method not in ("GET", "HEAD", "POST"):
            reply.whole(404, _NO_SUCH_PATH.format(path=head.path).encode(), {"Content-Type": _TEXT})
        else:
            self._query(wire, head, reply)
            return reply.keep
        return reply.keep and not head.has_body

    def _query(self, wire: Wire, head: Head, reply: Reply) -> None:
        query_id = head.parameters.get("query_id") or str(uuid.uuid4())
        identity = {"X-ClickHouse-Query-Id": query_id, "X-ClickHouse-Timezone": self._standing.timezone}
        unread, drained = head.has_body, (_STRANGER_BYTES, _STRANGER_S)
        raw = raw_body(wire, head, self._line_s)
        try:
            if not query_id.isprintable() or not query_id.isascii():
                identity["X-ClickHouse-Query-Id"] = ""
                raise ClickHouseError.of(ErrorCode.BAD_REQUEST_PARAMETER, "query_id has characters that a header cannot hold")
            user = authenticated(self._users, head)
            drained = (_DRAINED_BYTES, _DRAINED_S)
            most = user.limits.max_body_bytes if user.role is Role.READER else sys.maxsize

            def new_spool() -> Spool:
                return self._new_spool(most)

            with read_request(head, raw, new_spool) as request:
                unread = False
                if head.method != "POST" and not request.statement.reads:
                    raise ClickHouseError.of(ErrorCode.READONLY, _GET_ONLY_READS)
                if request.parameters.get("role"):
                    raise ClickHouseError.of(ErrorCode.SET_NON_GRANTED_ROLE, "the users file gives each user its role")
                progress = Progress(reply, request, identity)
                started = self._executor.start(user, head, request, query_id, progress.seen if progress.wanted else None)
                delivery = Delivery(wire, head, request, reply=reply, started=started, progress=progress, headers=identity)
                delivery.deliver(new_spool, self._cancel_s)
        except ClickHouseError as error:
            reply.keep = reply.keep and (not unread or _drained(wire, raw, *drained))
            asks = {"WWW-Authenticate": 'Basic realm="ClickHouse server HTTP API"'} if error.status == 401 else {}
            headers = {**identity, **asks, "X-ClickHouse-Exception-Code": str(error.code), "Content-Type": _TEXT}
            reply.whole(error.status, error.text.encode() + b"\n", headers)


def _drained(wire: Wire, raw: Iterator[bytes], most: int, within_s: float) -> bool:
    """Take what is left of a refused body, up to a bound: a client sees no answer before it has sent all.

    A stranger's only as far as it comes with the head anyway. Whether all was taken, so that the connection can go on.
    """
    try:
        with wire.hurried(within_s):
            for piece in raw:
                most -= len(piece)
                if most < 0:
                    return False
    except ClientGoneError:
        return False
    return True
