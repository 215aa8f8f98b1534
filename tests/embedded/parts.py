"""Small parts to supervise, and a supervisor process of them that a test may kill."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import structlog

from embedded.holding import hold
from embedded.probes import FileNames
from embedded.service import Restart, Service
from embedded.state import Part, PartState, read_state
from embedded.supervisor import Supervisor

QUICK = Restart(first_pause_s=0.01, longest_pause_s=0.05, stable_after_s=60.0, loop_after=3)

_READY = "import os, pathlib, signal, subprocess, sys, time; pathlib.Path({path!r}).write_text(str(os.getpid())); "


def part(home: Path, name: str, code: str = "", **changes: Any) -> Service:
    """A part that is ready at once, then runs ``code``, then waits for its end."""
    ready = home / f"{name}.ready"
    program = _READY.format(path=str(ready)) + "\n" + code + "\nwhile True: signal.pause()"
    plain = Service(name=name, argv=(sys.executable, "-c", program), ready=FileNames(str(ready)), restart=QUICK)
    return replace(plain, **changes)


def states(home: Path) -> dict[str, Part]:
    state = read_state(home)
    return {part.name: part for part in state.parts} if state else {}


def pid_of(home: Path, name: str) -> int:
    process = states(home)[name].process
    assert process is not None
    return process.pid


async def supervise(home: Path, services: Sequence[Service], ready: asyncio.Event) -> None:
    say = structlog.get_logger()
    with hold(home, say) as holding:
        await Supervisor(holding, services, say=say, random=Random(7)).run(ready.set)


async def until(condition: Callable[[], object], what: str, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.02)


def is_in(home: Path, name: str, *wanted: PartState) -> bool:
    parts = states(home)
    return name in parts and parts[name].state in wanted


_CHILD = "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], start_new_session={own_group})"


def _main(home: Path) -> None:
    """Two parts, one of which leaves a child in its group and one outside of it."""
    spawning = ";".join(_CHILD.format(own_group=own) for own in (False, True))

    async def run() -> None:
        ready = asyncio.Event()
        running = asyncio.create_task(supervise(home, (part(home, "a"), part(home, "b", spawning, after=("a",))), ready))
        await ready.wait()
        print("ready", flush=True)
        await running

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of shells begin with it ignored
    asyncio.run(run())


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
