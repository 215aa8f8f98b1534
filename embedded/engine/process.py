"""The engine's process: what it holds before it confines itself, what it may reach afterwards, and how it starts and stops."""

import fcntl
import ipaddress
import logging
import os
import resource
import socket
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import embedded
from embedded.engine.configuration import Layout, write_configuration
from embedded.engine.errors import EngineError
from embedded.engine.landlock import Confinement, confine
from embedded.engine.tokens import forget_unkept
from embedded.engine.users import Users

_LOG = logging.getLogger(__name__)
# What the engine and the interpreter look at besides their own files.
_MACHINE = (
    "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/version", "/proc/filesystems",
    "/proc/mounts", "/proc/self/statm", "/proc/self/stat", "/proc/self/status", "/proc/self/maps", "/proc/self/cgroup",
    "/proc/self/mountinfo", "/proc/self/limits", "/proc/self/task", "/proc/self/schedstat", "/proc/sys/kernel", "/proc/sys/vm",
    "/proc/net/dev", "/sys/fs/cgroup", "/sys/devices/system", "/sys/block", "/sys/kernel/mm/transparent_hugepage",
    "/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/etc/ld.so.cache", "/dev/null", "/dev/zero", "/dev/random",
    "/dev/urandom",
)  # fmt: skip
_SESSIONS = 512  # of each user; an idle one takes some 100 KB
_CLOSING_S = 5.0
# Of the allocator in the engine's library. Given back after its five seconds, memory would be faulted in and cleared again by
# every burst of inserts, which costs more than all else in them.
_ALLOCATOR = "dirty_decay_ms:60000,muzzy_decay_ms:60000"
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")


@dataclass(frozen=True, slots=True)
class Options:
    """How the process is asked to run. ``memory_bytes`` bounds the engine, ``body_bytes`` one request's decoded body."""

    data: Path
    users: Path
    host: str
    port: int
    allow_remote: bool
    memory_bytes: int
    body_bytes: int
    queries: int
    connections: int


def hold(layout: Layout) -> int:
    """Lock the data directory; it stays so while the descriptor is open. Raises EngineError if another process has it."""
    layout.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        os.close(descriptor)
        raise EngineError(
            f"process {holder} runs an engine on this data", where=str(layout.data), do="stop it, or give another --data"
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def bind(options: Options) -> socket.socket:
    """The endpoint's socket, bound. Raises EngineError where the address is not this machine's own, or taken."""
    try:
        local = ipaddress.ip_address(options.host).is_loopback
    except ValueError as error:
        raise EngineError("the host is not a numeric address", where=options.host, do="give --host 127.0.0.1 or ::1") from error
    if not local and not options.allow_remote:
        raise EngineError(
            "passwords would cross a network in the clear", where=options.host, do="add --allow-remote if that is meant"
        )
    bound = socket.socket(socket.AF_INET6 if ":" in options.host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((options.host, options.port))
    except OSError as error:
        bound.close()
        address = f"{options.host}:{options.port}"
        raise EngineError(
            f"cannot listen: {error.strerror}", where=address, do="free the port, or give another --port"
        ) from error
    return bound


def restrain(layout: Layout) -> Confinement:
    """Confine this process to its data; must come before it has threads."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    places = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    own = {Path(place) for place in (sys.prefix, sys.base_prefix, *places, *embedded.__path__)}
    confined = confine(readable=map(Path, _MACHINE), executable=[*own, *map(Path, _LIBRARIES)], writable=[layout.data])
    if confined.files:
        _LOG.info("confined: %s", confined)
    else:
        _LOG.warning("NOT CONFINED: %s. Only roles and refused statements keep users from this machine's files", confined)
    return confined


def serve(
    options: Options, layout: Layout, users: Users, bound: socket.socket, *, confined: Confinement, wait: Callable[[], object]
) -> None:
    """Start the engine and serve until ``wait`` returns, then stop cleanly. Raises EngineError."""
    os.chdir(layout.working)
    os.environ.update(TMPDIR=str(layout.temporary), TZ="UTC", JE_MALLOC_CONF=_ALLOCATOR)
    # Importing the engine starts its threads, which must be confined already.
    from embedded.engine.core import Engine  # noqa: PLC0415
    from embedded.engine.execution import Executor  # noqa: PLC0415
    from embedded.engine.interface import Interface, Standing  # noqa: PLC0415
    from embedded.engine.server import Patience, Server  # noqa: PLC0415
    from embedded.engine.sessions import Sessions  # noqa: PLC0415
    from embedded.engine.spool import Spool  # noqa: PLC0415

    patience = Patience()
    engine = Engine(layout, options.queries)
    version, timezone = engine.ask("SELECT version(), timezone() FORMAT TSVRaw")[0].split("\t")
    sessions = Sessions(engine.connect, time.monotonic, most=_SESSIONS)
    interface = Interface(
        Executor(engine, sessions, options.queries),
        users,
        lambda most: Spool(layout.spool, min(most, options.body_bytes)),
        Standing(version, timezone, str(confined)),
        line_s=patience.receive_s,
        cancel_s=30.0,
    )
    server = Server(bound, interface.answer, patience, options.connections)
    over = threading.Event()

    def expire() -> None:
        while not over.wait(1.0):
            sessions.expire()

    for target in (server.serve, expire):
        threading.Thread(target=target, daemon=True).start()
    _LOG.info("engine %s answers at http://%s:%d", version, options.host, options.port)
    wait()
    _LOG.info("stopping")
    over.set()
    server.stop()
    sessions.close()
    if not engine.close(_CLOSING_S):
        _LOG.warning("a statement did not stop within %g s: it ends with the process", _CLOSING_S)


def prepare(options: Options) -> tuple[Layout, Users, socket.socket, int]:
    """All that must be read or bound before the process confines itself. Raises EngineError."""
    layout = Layout(options.data.resolve())
    if set("?&\n") & set(str(layout.data)):
        raise EngineError(
            "the engine cannot open a path with ?, & or a line break", where=str(layout.data), do="give another --data"
        )
    users = Users.read(options.users.resolve())
    lock = hold(layout)
    write_configuration(layout, options.memory_bytes)
    for table, count in forget_unkept(layout.store).items():
        _LOG.warning(
            "%s: %d inserts had left a token and no rows when the engine died: forgotten, they may come again", table, count
        )
    return layout, users, bind(options), lock
