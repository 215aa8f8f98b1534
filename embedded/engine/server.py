"""First cut of the endpoint."""

import base64
import gzip
import os
import re
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lz4.frame
import zstandard
from chdb import _chdb

from embedded.engine.users import Role, User, Users

_NOT_SETTINGS = frozenset(
    "query database session_id query_id user password compress decompress enable_http_compression wait_end_of_query buffer_size role "
    "client_protocol_version session_timeout session_check quota_key default_format".split()
)
_INSERT = re.compile(r"(?is)\s*(INSERT\s+INTO\s+.*?)((?:\s+SETTINGS\s+[^\n]*?)?)\s+FORMAT\s+(\w+)\s*?(?:\n|$)")
_FORMAT = re.compile(r"(?is)\bFORMAT\s+(\w+)\s*;?\s*$")
_OUTPUT = re.compile(r"(?is)\s*\(*\s*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS|CHECK)\b")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, *_: Any) -> None:
        return

    def _reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "X-ClickHouse-Timezone": "UTC", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.headers.get("Content-Encoding"):
            case "gzip":
                return gzip.decompress(body)
            case "lz4":
                return lz4.frame.decompress(body)
            case "zstd":
                return zstandard.ZstdDecompressor().decompressobj().decompress(body)
            case "deflate":
                return zlib.decompress(body)
        return body

    def _user(self, parameters: dict[str, str]) -> User | None:
        name = self.headers.get("X-ClickHouse-User")
        password = self.headers.get("X-ClickHouse-Key", "")
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if name is None and scheme.lower() == "basic":
            name, _, password = base64.b64decode(token).decode().partition(":")
        if name is None:
            name, password = parameters.get("user", "default"), parameters.get("password", "")
        return self.server.users.authenticate(name, password)

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/ping":
            return self._reply(200, b"Ok.\n")
        parameters = dict(parse_qsl(url.query, keep_blank_values=True))
        body = self._body()
        user = self._user(parameters)
        if user is None:
            return self._reply(403, b"Code: 516. DB::Exception: Authentication failed", X_ClickHouse_Exception_Code="516")
        try:
            self._reply(*self._run(user, parameters, body))
        except RuntimeError as error:
            code = re.search(r"Code: (\d+)", str(error))
            number = code.group(1) if code else "1002"
            self._reply(404 if number == "60" else 500, str(error).encode(), X_ClickHouse_Exception_Code=number)

    def _run(self, user: User, parameters: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = _chdb.connect(str(self.server.data))
        try:
            settings = {k: v for k, v in parameters.items() if k not in _NOT_SETTINGS and not k.startswith("param_")}
            values = {k[6:]: v for k, v in parameters.items() if k.startswith("param_")}
            if parameters.get("database"):
                connection.query("USE `" + parameters["database"].replace("`", "\\`") + "`")
            if user.role is Role.READER:
                settings["readonly"] = "1"
            if settings:
                connection.query("SET " + ", ".join(f"{name}={_quoted(value)}" for name, value in settings.items()))
            query = parameters.get("query", "").encode()
            text = query + b"\n" + body if query else body
            head = text[: 1 << 20].decode(errors="ignore")
            if insert := _INSERT.match(head):
                data = text[len(head[: insert.end()].encode()) :]
                fd = os.open(self.server.data, os.O_TMPFILE | os.O_RDWR, 0o600)
                try:
                    view = memoryview(data)
                    while view:
                        view = view[os.write(fd, view) :]
                    os.lseek(fd, 0, os.SEEK_SET)
                    connection.query(
                        f"{insert.group(1)} FROM INFILE '/proc/self/fd/{fd}' COMPRESSION 'none' {insert.group(2)} FORMAT {insert.group(3)}"
                    )
                finally:
                    os.close(fd)
                return 200, b""
            sql = text.decode().strip().rstrip(";")
            form = _FORMAT.search(sql)
            output = form.group(1) if form else parameters.get("default_format", "TabSeparated")
            sql = sql[: form.start()] if form else sql
            if not _OUTPUT.match(sql):
                return 200, bytes(connection.query(sql, output, params=values).bytes())
            return 200, self._selected(connection, sql, output, values)
        finally:
            connection.close()

    def _selected(self, connection: Any, sql: str, output: str, values: dict[str, str]) -> bytes:
        source, sink = os.pipe()
        parts = []

        def pump() -> None:
            while part := os.read(source, 1 << 20):
                parts.append(part)

        thread = threading.Thread(target=pump)
        thread.start()
        try:
            connection.query(f"{sql} INTO OUTFILE '/proc/self/fd/{sink}' TRUNCATE FORMAT {output}", "Null", params=values)
        finally:
            os.close(sink)
            thread.join()
            os.close(source)
        return b"".join(parts)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], data: Path, users: Users) -> None:
        super().__init__(address, _Handler)
        self.data = data
        self.users = users
        self.first = _chdb.connect(str(data))


def build_server(data: Path, port: int, users: Path) -> Server:
    return Server(("127.0.0.1", port), data, Users.read(users))
