"""What is launched dies with who launched it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from embedded.launch import launched
from embedded.state import gone
from tests.embedded.parts import until

_LAUNCHER = """
import subprocess, sys
from embedded.launch import launched
child = subprocess.Popen(launched([sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN); signal.pause()"]))
print(child.pid, flush=True)
child.wait()
"""


async def test_child_dies_with_its_supervisor_whatever_it_ignores() -> None:
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", _LAUNCHER, stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    child = psutil.Process(int(await supervisor.stdout.readline()))
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: gone(child), "the child is gone")


def test_pid_arguments_and_environment_are_the_commands_own() -> None:
    program = "import os, sys; print(os.getpid(), sys.argv[1:], os.environ['KEPT'])"
    argv = launched((sys.executable, "-c", program, "a b", "--c"))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "KEPT": "yes"}) as child:
        assert child.stdout is not None
        assert child.stdout.read().strip() == f"{child.pid} ['a b', '--c'] yes"


def test_orphan_of_a_supervisor_that_died_at_once_does_not_run(tmp_path: Path) -> None:
    argv = list(launched((sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')")))
    argv[4] = "1"  # as if another process had launched it
    assert subprocess.run(argv, check=False).returncode == 113
    assert not (tmp_path / "ran").exists()


def test_exit_code_and_signal_are_the_commands_own() -> None:
    ended = subprocess.run(launched((sys.executable, "-c", "raise SystemExit(7)")), check=False)
    assert ended.returncode == 7
    ended = subprocess.run(launched((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")), check=False)
    assert ended.returncode == -signal.SIGKILL
