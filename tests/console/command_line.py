"""The command line as a script meets it: a process, its exit code, what it says."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
    """Run ``photonwatch ARGUMENTS`` over ``home``; variables of the caller's own photonwatch do not reach it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PHOTONWATCH_")}
    done = subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**environment, "PHOTONWATCH_HOME": str(home), "COLUMNS": "100", **variables},
    )
    return Said(done.returncode, done.stdout, done.stderr)
