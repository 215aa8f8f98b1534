"""The command line as a script meets it: a process, its exit code, what it says."""

import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PATIENCE_S = 120
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["console.cli", "matplotlib.figure", "numba", "numpy", "pyarrow", "rich.console", "scipy.optimize", "scipy.stats"]
)


@dataclass(frozen=True)
class Said:
    """What a finished command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def run(home: Path, *arguments: str, **variables: str) -> Said:
    """Run ``photonwatch ARGUMENTS`` over ``home``; variables of the caller's own photonwatch do not reach it.

    A process of its own, forked from one that has imported the libraries already: what takes a user's first second is not done
    hundreds of times.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("PHOTONWATCH_")}
    environment = {**own, "PHOTONWATCH_HOME": str(home), "COLUMNS": "100", **variables}
    with tempfile.TemporaryDirectory() as scratch:
        out, err = Path(scratch, "out"), Path(scratch, "err")
        process = _processes.Process(target=_command, args=(arguments, environment, Path.cwd(), out, err))
        process.start()
        process.join(_PATIENCE_S)
        if process.is_alive():
            process.kill()
            raise TimeoutError(f"photonwatch {' '.join(arguments)} did not end within {_PATIENCE_S} s")
        assert process.exitcode is not None
        return Said(process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def _command(arguments: Sequence[str], environment: Mapping[str, str], directory: Path, out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    from console.cli import main

    sys.argv = ["photonwatch", *arguments]
    main()
