"""A user's request put to the engine: on which connection, with which rights and settings, and what is given back at its end."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from embedded.engine.configuration import READER_ROLE
from embedded.engine.core import Connection, Engine, Summary, Work
from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.guard import Guard
from embedded.engine.http_messages import Head
from embedded.engine.lexer import significant, unquoted
from embedded.engine.request import Request
from embedded.engine.sessions import DEFAULT_DATABASE, DEFAULT_TIMEOUT_S, Session, Sessions
from embedded.engine.settings import permitted, setting_statement, settings_in
from embedded.engine.statement import Shape, quoted_name
from embedded.engine.users import Role, User

Seen = Callable[[Mapping[str, int]], None]
_WORD = re.compile(r"\w{1,64}", re.ASCII)
_DEFAULT_FORMAT = "TabSeparated"


@dataclass(frozen=True, slots=True)
class Started:
    """``format``: what the rows come in."""

    work: Work
    format: str


class Executor:
    """Starts statements; ``most`` of them at once, and of each reader's as many as the users file allows."""

    def __init__(self, engine: Engine, sessions: Sessions, most: int) -> None:
        self._engine = engine
        self._sessions = sessions
        self._guard = Guard(
            engine.ask("SELECT name FROM system.table_functions"),
            engine.ask("SELECT name FROM system.functions WHERE is_aggregate"),
        )
        self._most = most
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}

    @property
    def running(self) -> int:
        return len(self._running)

    def start(self, user: User, head: Head, request: Request, query_id: str, seen: Seen | None) -> Started:
        """Put the statement to work. Raises ClickHouseError where it is not let so far."""
        statement = request.statement
        if user.role is Role.READER:
            self._guard.check(f"{statement.text}\n{statement.tail}")
        settings = permitted(user, settings_in(request.parameters))
        comment = request.parameters.get("log_comment")
        settings["log_comment"] = f"{comment} {query_id}" if comment else query_id
        form = request.parameters.get("default_format") or head.headers.get("x-clickhouse-format") or _DEFAULT_FORMAT
        if not _WORD.fullmatch(form):
            raise ClickHouseError.of(ErrorCode.BAD_ARGUMENTS, f"{form!r} is not the name of a format")
        with ExitStack() as undo:
            self._reserve(user, settings["log_comment"], undo)
            session = self._session(user, request, undo)
            if session is None or user.role is Role.READER:
                connection = self._engine.connect()
                undo.callback(connection.close)
            else:
                connection = session.connection
            database = request.parameters.get("database") or head.headers.get("x-clickhouse-database")
            bench = Bench(user, request, connection, session)
            self._prepare(bench, settings, database, undo)
            if seen is not None:
                connection.watch(seen)
                undo.callback(connection.watch, None)
            released = undo.pop_all().close
        run = bench.running(form)
        return Started(self._engine.start(run, settings["log_comment"], released), statement.format or form)

    def _reserve(self, user: User, tag: str, undo: ExitStack) -> None:
        with self._lock:
            if tag in self._running:
                raise ClickHouseError.of(
                    ErrorCode.QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING, f"Query with id = {tag} is already running."
                )
            of_user = Counter(self._running.values())[user.name]
            most = min(self._most, user.limits.max_concurrent_queries) if user.role is Role.READER else self._most
            if len(self._running) >= self._most or of_user >= most:
                raise ClickHouseError.of(
                    ErrorCode.TOO_MANY_SIMULTANEOUS_QUERIES,
                    f"Too many simultaneous queries for user {user.name}. Maximum: {most}",
                )
            self._running[tag] = user.name
        undo.callback(self._running.pop, tag)

    def _session(self, user: User, request: Request, undo: ExitStack) -> Session | None:
        name = request.parameters.get("session_id")
        if not name:
            return None
        timeout_s = request.number("session_timeout", DEFAULT_TIMEOUT_S)
        session = self._sessions.acquire(user.name, name, timeout_s, must_exist=request.flag("session_check"))
        undo.callback(self._sessions.release, user.name, name, close=request.flag("close_session"))
        return session

    def _prepare(self, bench: "Bench", settings: Mapping[str, str], database: str | None, undo: ExitStack) -> None:
        connection, session, request = bench.connection, bench.session, bench.request
        if bench.keeps:
            bench.keeps.prepare({} if request.statement.keyword == "SET" else settings)
        else:
            connection.run(setting_statement(settings))
        for table, rows in request.tables:  # before the reader's rights hold: its own role may make no tables
            connection.run(table.creation)
            if bench.keeps:
                undo.callback(connection.run, table.removal)
            if rows.size:
                connection.run(table.insertion(rows.path))
        wanted = database or (session.database if session else DEFAULT_DATABASE)
        if bench.keeps or wanted != DEFAULT_DATABASE:
            connection.run(f"USE {quoted_name(wanted)}")
        if bench.user.role is Role.READER:
            self._guard.check_database(wanted)
            connection.run(f"SET ROLE {READER_ROLE}")
            connection.run("SET readonly = 1")
            if request.statement.keyword != "USE":
                text = f"EXPLAIN AST {request.statement.text}\n{request.statement.tail}"
                tree, _ = connection.run(text, _DEFAULT_FORMAT, request.query_parameters)
                self._guard.check_tree(tree.decode().splitlines())


@dataclass(frozen=True, slots=True)
class Bench:
    """A request and the connection it is worked on. A reader's connection is new each time: it cannot be made writable again."""

    user: User
    request: Request
    connection: Connection
    session: Session | None

    @property
    def keeps(self) -> Session | None:
        """The session, where its connection is the one that is worked on."""
        return self.session if self.user.role is Role.ADMIN else None

    def running(self, form: str) -> Callable[[str], tuple[bytes, Summary]]:
        """What the statement's thread does, given the pipe that its rows go into."""
        return {Shape.STREAMED: self._streamed, Shape.DATA: self._inserted, Shape.WHOLE: self._whole}[
            self.request.statement.shape
        ](form)

    def _streamed(self, form: str) -> Callable[[str], tuple[bytes, Summary]]:
        statement, parameters = self.request.statement, self.request.query_parameters
        return lambda path: self.connection.run(statement.into(path, form), form, parameters)

    def _inserted(self, form: str) -> Callable[[str], tuple[bytes, Summary]]:
        statement, data = self.request.statement, self.request.data
        if data is None:
            raise ClickHouseError.of(ErrorCode.INCORRECT_DATA, "the insert came without its data")
        return lambda _: self.connection.run(statement.out_of(data.path), form, self.request.query_parameters)

    def _whole(self, form: str) -> Callable[[str], tuple[bytes, Summary]]:
        statement, session = self.request.statement, self.session

        def run(_: str) -> tuple[bytes, Summary]:
            answer = self.connection.run(statement.text, form, self.request.query_parameters)
            if session is not None and statement.keyword == "USE":
                session.database = unquoted([*significant(statement.text)][-1])
            if session is not None and statement.keyword == "SET":
                session.remember(statement.text)
            return answer

        return run
