"""Confinement, each time in a process of its own: there is no way back."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.engine.landlock import Confinement

_PROGRAM = """
import os, socket, subprocess, sys, threading
from pathlib import Path
from embedded.engine.landlock import confine
inside, outside, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
listening = socket.create_server(("127.0.0.1", 0))
(outside / "secret").write_text("secret")
runs = [Path(sys.prefix), Path(sys.base_prefix), Path("/usr/lib"), Path("/lib")]
confined = confine([Path("/dev/null"), Path("/nowhere/at/all")], runs, [inside])

def tried(work):
    try:
        work()
        return "done"
    except OSError as error:
        return type(error).__name__

def connected(port):
    socket.create_connection(("127.0.0.1", port), 5).close()

def in_thread(work):
    told = []
    thread = threading.Thread(target=lambda: told.append(tried(work)))
    thread.start()
    thread.join()
    return told[0]

(inside / "tool").write_text("#!/bin/sh\\n")
(inside / "tool").chmod(0o755)
print(confined.abi, confined.network)
for work in (
    lambda: (inside / "made").write_text("x"),
    lambda: (inside / "made").rename(inside / "renamed"),
    lambda: (inside / "renamed").unlink(),
    lambda: (outside / "secret").read_text(),
    lambda: (outside / "made").write_text("x"),
    lambda: (outside / "secret").unlink(),
    lambda: os.listdir("/etc"),
    lambda: Path("/etc/hostname").read_text(),
    lambda: Path("/proc/self/environ").read_text(),
    lambda: os.symlink(outside / "secret", inside / "link") or (inside / "link").read_text(),
    lambda: subprocess.run([inside / "tool"], check=True),
    lambda: connected(port),
    lambda: socket.create_server(("127.0.0.1", 0)).close(),
    lambda: os.kill(os.getppid(), 0),
):
    print(tried(work), in_thread(work))
reached = tried(lambda: listening.getsockname())
print(reached)
"""


def test_what_is_left(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        arguments = [sys.executable, "-c", _PROGRAM, str(inside), str(outside), str(other.getsockname()[1])]
        run = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)
    first, *told, last = run.stdout.split("\n")[:-1]
    abi, network = first.split()
    if abi == "0":
        pytest.skip("this kernel has no Landlock")
    denied, refused = "PermissionError PermissionError", "PermissionError PermissionError" if network == "True" else "done done"
    assert told[:3] == ["done done", "done FileNotFoundError", "done FileNotFoundError"]
    assert told[3:9] == [denied] * 6
    assert told[9] == "PermissionError FileExistsError"
    assert told[10] == denied
    assert told[11:13] == [refused] * 2
    assert told[13] == (denied if int(abi) >= 6 else "done done")
    assert last == "done"


def test_it_says_what_holds() -> None:
    assert str(Confinement(7, files=True, network=True)) == "Landlock ABI 7: files, no outgoing TCP"
    assert "needs Linux 6.7" in str(Confinement(3, files=True, network=False))
    assert str(Confinement(0, files=False, network=False)).startswith("none")
