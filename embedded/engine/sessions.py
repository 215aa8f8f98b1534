"""HTTP sessions: a user's connections that outlive a request, with their temporary tables, settings and database."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from embedded.engine.core import Connection
from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.lexer import Kind, significant
from embedded.engine.settings import resetting_statement, setting_statement
from embedded.engine.statement import quoted

DEFAULT_TIMEOUT_S, LONGEST_TIMEOUT_S = 60, 3600
DEFAULT_DATABASE = "default"


@dataclass(slots=True)
class Session:
    """``own``: settings made with SET. ``applied``: those of the last request's address, undone before the next one's."""

    connection: Connection
    timeout_s: float
    expires_s: float = 0.0
    busy: bool = True
    database: str = DEFAULT_DATABASE
    applied: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)

    def prepare(self, settings: Mapping[str, str]) -> None:
        """Settings of one request, in place of those of the request before."""
        stale = {name: value for name, value in self.applied.items() if name not in settings}
        self.applied = {}
        if unset := {name: value for name, value in stale.items() if name not in self.own}:
            self.connection.run(resetting_statement(unset))
        if restored := {name: self.own[name] for name in stale if name in self.own}:
            self.connection.run(setting_statement(restored))
        if settings:
            self.connection.run(setting_statement(settings))
        self.applied = dict(settings)

    def remember(self, statement: str) -> None:
        """After a SET: its settings outlive requests that set them otherwise."""
        for name, sign in pairwise(significant(statement)):
            if sign.upper == "=" and name.kind is Kind.WORD and not name.text.startswith("param_"):
                value, _ = self.connection.run(f"SELECT getSetting({quoted(name.text)})", "TSVRaw")
                self.own[name.text] = value.decode().removesuffix("\n")


class Sessions:
    """All sessions, at most ``most`` of each user: the one that would expire first makes room. ``clock`` is monotonic seconds.

    Safe to call from many threads.
    """

    def __init__(self, connect: Callable[[], Connection], clock: Callable[[], float], most: int) -> None:
        self._connect = connect
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, str], Session] = {}

    def acquire(self, user: str, name: str, timeout_s: int, *, must_exist: bool) -> Session:
        """The session, for this request alone. Raises SESSION_NOT_FOUND, SESSION_IS_LOCKED, INVALID_SESSION_TIMEOUT."""
        if not 0 < timeout_s <= LONGEST_TIMEOUT_S:
            raise ClickHouseError.of(
                ErrorCode.INVALID_SESSION_TIMEOUT, f"Invalid session timeout: {timeout_s}; it must be in 1..{LONGEST_TIMEOUT_S}"
            )
        with self._lock:
            session = self._sessions.get((user, name))
            if session is None:
                if must_exist:
                    raise ClickHouseError.of(ErrorCode.SESSION_NOT_FOUND, f"Session {name} not found")
                self._make_room(user)
                session = self._sessions[user, name] = Session(self._connect(), timeout_s)
                return session
            if session.busy:
                raise ClickHouseError.of(ErrorCode.SESSION_IS_LOCKED, f"Session {name} is locked by a concurrent client")
            session.busy, session.timeout_s = True, timeout_s
            return session

    def _make_room(self, user: str) -> None:
        own = [key for key in self._sessions if key[0] == user]
        if len(own) < self._most:
            return
        idle = [key for key in own if not self._sessions[key].busy]
        if not idle:
            raise ClickHouseError.of(
                ErrorCode.TOO_MANY_SIMULTANEOUS_QUERIES, f"Too many sessions of {user}. Maximum: {self._most}"
            )
        self._sessions.pop(min(idle, key=lambda key: self._sessions[key].expires_s)).connection.close()

    def release(self, user: str, name: str, *, close: bool = False) -> None:
        with self._lock:
            session = self._sessions[user, name]
            session.busy = False
            session.expires_s = self._clock() + session.timeout_s
            if close:
                del self._sessions[user, name]
        if close:
            session.connection.close()

    def expire(self) -> None:
        """Close those that nobody has used for their time-out. Called about once a second."""
        now_s = self._clock()
        with self._lock:
            over = [key for key, session in self._sessions.items() if not session.busy and session.expires_s <= now_s]
            closing = [self._sessions.pop(key) for key in over]
        for session in closing:
            session.connection.close()

    def close(self) -> None:
        with self._lock:
            closing = [session for session in self._sessions.values() if not session.busy]
            self._sessions.clear()
        for session in closing:
            session.connection.close()
