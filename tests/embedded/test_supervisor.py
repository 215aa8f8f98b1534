"""Parts start in order, come again when they die, and never outlive their supervisor."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import psutil
import pytest
import structlog

from embedded.errors import HomeHeldError, PartStartError
from embedded.holding import hold
from embedded.leftovers import leftovers
from embedded.probes import FileNames
from embedded.service import Service
from embedded.state import PartState, gone, read_state, state_file
from embedded.supervisor import Supervisor, log_file
from tests.embedded.parts import QUICK, is_in, part, pid_of, states, supervise, until


def never(home: Path) -> FileNames:
    return FileNames(str(home / "never"))


@asynccontextmanager
async def running(home: Path, services: Sequence[Service]) -> AsyncIterator[None]:
    """The services, ready; stopped, and nothing left of them, afterwards."""
    ready = asyncio.Event()
    task = asyncio.create_task(supervise(home, services, ready))
    try:
        await asyncio.wait({task, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert leftovers(home, read_state(home)) == ()


async def test_starts_in_order_and_stops_in_reverse(tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = f"def note(what):\n  with open({str(order)!r}, 'a') as f: f.write(what)\n"
    code += "note('+{0} '); signal.signal(15, lambda *_: (note('-{0} '), os._exit(0)))"
    services = tuple(
        part(tmp_path, name, code.format(name), after=after) for name, after in (("c", ("a", "b")), ("b", ("a",)), ("a", ()))
    )
    async with running(tmp_path, services):
        await until(lambda: order.read_text().count("+") == 3, "all have written")
        assert {name: found.state for name, found in states(tmp_path).items()} == dict.fromkeys("cba", PartState.READY)
        assert all(found.process and found.process.process() for found in states(tmp_path).values())
    assert order.read_text().split() == ["+a", "+b", "+c", "-c", "-b", "-a"]
    assert {found.state for found in states(tmp_path).values()} == {PartState.STOPPED}


async def test_killed_part_comes_again(tmp_path: Path) -> None:
    async with running(tmp_path, (part(tmp_path, "a"),)):
        first = pid_of(tmp_path, "a")
        os.kill(first, signal.SIGKILL)
        await until(lambda: is_in(tmp_path, "a", PartState.READY) and pid_of(tmp_path, "a") != first, "a runs again")
        assert states(tmp_path)["a"].deaths == 1


async def test_children_of_a_dead_part_die_with_it(tmp_path: Path) -> None:
    child = "print('child', subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']).pid, flush=True);"
    async with running(tmp_path, (part(tmp_path, "a", child),)):
        log = log_file(tmp_path, "a")
        await until(lambda: "child" in log.read_text(), "the child is there")
        pid = int(log.read_text().split()[-1])
        os.kill(pid_of(tmp_path, "a"), signal.SIGKILL)
        await until(lambda: not psutil.pid_exists(pid) or gone(psutil.Process(pid)), "the child is gone")


async def test_crash_loop_says_so(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    code = f"p = pathlib.Path({str(marker)!r}); p.exists() and sys.exit('no luck'); p.touch()"
    async with running(tmp_path, (part(tmp_path, "a", code),)):
        await until(marker.exists, "it ran")
        os.kill(pid_of(tmp_path, "a"), signal.SIGKILL)
        await until(lambda: is_in(tmp_path, "a", PartState.CRASH_LOOP), "the loop is seen")
        found = states(tmp_path)["a"]
        assert found.deaths >= QUICK.loop_after
        assert "ended with exit code 1" in found.detail
        assert str(log_file(tmp_path, "a")) in found.detail


async def test_part_that_does_not_start_names_its_last_words(tmp_path: Path) -> None:
    broken = Service(
        name="b", argv=(sys.executable, "-c", "raise SystemExit('the moon is full')"), after=("a",), ready=never(tmp_path)
    )
    with pytest.raises(PartStartError) as raised:
        async with running(tmp_path, (part(tmp_path, "a"), broken)):
            raise AssertionError
    assert raised.value.part == "b"
    assert "exit code 1" in raised.value.what
    assert "the moon is full" in raised.value.what
    assert raised.value.where == str(log_file(tmp_path, "b"))
    assert states(tmp_path)["b"].state is PartState.FAILED
    assert states(tmp_path)["a"].state is PartState.STOPPED


async def test_part_that_cannot_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(PartStartError, match=r"exit code 127.*cannot run no-such-program"):
        async with running(tmp_path, (Service(name="a", argv=("no-such-program",), ready=never(tmp_path)),)):
            raise AssertionError


async def test_part_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    mute = part(tmp_path, "a", ready=never(tmp_path), start_timeout_s=0.3)
    with pytest.raises(PartStartError, match=r"was not ready within 0\.3 s"):
        async with running(tmp_path, (mute,)):
            raise AssertionError


async def test_part_that_ignores_its_stop_is_killed(tmp_path: Path) -> None:
    deaf = part(tmp_path, "a", "signal.signal(15, signal.SIG_IGN);", stop_timeout_s=0.2)
    async with running(tmp_path, (deaf,)):
        process = psutil.Process(pid_of(tmp_path, "a"))
        await until(process.is_running, "it runs")
    assert gone(process)


async def test_silent_part_is_ended_and_comes_again(tmp_path: Path) -> None:
    async with running(tmp_path, (part(tmp_path, "a", silent_for_s=0.1),)):
        first = pid_of(tmp_path, "a")
        (tmp_path / "a.ready").write_text("0")
        await until(lambda: is_in(tmp_path, "a", PartState.READY) and pid_of(tmp_path, "a") != first, "a new one is ready")


async def test_second_supervisor_is_refused_and_says_who_holds(tmp_path: Path) -> None:
    async with running(tmp_path, (part(tmp_path, "a"),)):
        first = pid_of(tmp_path, "a")
        with pytest.raises(HomeHeldError, match=f"supervised by process {os.getpid()}"), hold(tmp_path, structlog.get_logger()):
            raise AssertionError
        assert psutil.pid_exists(first)


def test_services_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    circle = (part(tmp_path, "a", after=("b",)), part(tmp_path, "b", after=("a",)))
    with hold(tmp_path, structlog.get_logger()) as holding, pytest.raises(ValueError, match="wait for each other"):
        Supervisor(holding, circle, say=structlog.get_logger(), random=Random(7))


@asynccontextmanager
async def supervisor_process(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A supervisor in a process of its own, with parts a and b ready, and two children of b."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.embedded.parts", str(home), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        await until(lambda: len(leftovers(home, None)) == 4, "both parts and what b started run")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_killed_supervisor_leaves_nothing_after_the_next_start(tmp_path: Path) -> None:
    async with supervisor_process(tmp_path) as supervisor:
        parts = [psutil.Process(pid_of(tmp_path, name)) for name in "ab"]
        supervisor.kill()
    await until(lambda: all(map(gone, parts)), "parts die with it")
    left = leftovers(tmp_path, read_state(tmp_path))
    assert len(left) == 2, "what the part had started is still there"
    async with running(tmp_path, (part(tmp_path, "a"),)):
        assert all(map(gone, left))


async def test_lost_state_file_hides_no_leftover(tmp_path: Path) -> None:
    async with supervisor_process(tmp_path) as supervisor:
        supervisor.kill()
    state_file(tmp_path).write_text("{ torn")
    await until(lambda: len(leftovers(tmp_path, None)) == 2, "grandchildren are left")
    with hold(tmp_path, structlog.get_logger()):
        assert leftovers(tmp_path, None) == ()


async def test_interrupted_supervisor_stops_all(tmp_path: Path) -> None:
    async with supervisor_process(tmp_path) as supervisor:
        supervisor.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await supervisor.wait()
    assert leftovers(tmp_path, None) == ()
    assert {found.state for found in states(tmp_path).values()} == {PartState.STOPPED}


async def test_unwritable_state_stops_no_part(tmp_path: Path) -> None:
    async with running(tmp_path, (part(tmp_path, "a"),)):
        first, ready = pid_of(tmp_path, "a"), tmp_path / "a.ready"
        state_file(tmp_path).unlink()
        state_file(tmp_path).mkdir()  # as a full disk would, it refuses what is written
        os.kill(first, signal.SIGKILL)
        await until(lambda: ready.read_text() not in ("", str(first)), "a runs again")
        state_file(tmp_path).rmdir()


async def test_a_part_that_crashes_while_starting_gets_a_second_chance(tmp_path: Path) -> None:
    once = tmp_path / "crashed-once"
    plain = part(tmp_path, "a")
    crash = (
        f"import os, pathlib, signal; once = pathlib.Path({str(once)!r}); first = not once.exists(); once.touch(); "
        "first and os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    crashing = replace(plain, argv=(*plain.argv[:2], crash + plain.argv[2]))
    async with running(tmp_path, (crashing,)):
        assert once.exists()
        assert is_in(tmp_path, "a", PartState.READY)
