"""The engine in a process of its own, which ends although a statement does not."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.stack

_PROGRAM = """
import os, sys, threading
from pathlib import Path
from embedded.engine.configuration import Layout, write_configuration

layout = Layout(Path(sys.argv[1]))
write_configuration(layout, 1 << 30)
os.chdir(layout.working)
os.environ["TMPDIR"] = str(layout.temporary)
from embedded.engine.core import Engine, Summary

engine = Engine(layout, 2)
blocked, at_work = threading.Event(), threading.Event()

def work(path):
    at_work.set()
    if sys.argv[2] == "blocked":
        blocked.wait()
    return b"", Summary()

engine.start(work, "tag", lambda: None)
at_work.wait()
print(engine.close(0.5 if sys.argv[2] == "blocked" else 60.0), flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(("kind", "closed"), [("blocked", b"False"), ("done", b"True")])
def test_closing_waits_no_longer_than_it_says(tmp_path: Path, kind: str, closed: bytes) -> None:
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path / "data"), kind]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert ended.stdout.strip() == closed
