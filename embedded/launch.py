"""Becomes a child that the kernel kills when its supervisor dies.

Run by path, with nothing but the standard library: ``launch.py SUPERVISOR_PID COMMAND [ARGUMENT…]``. The child asks for its death
signal itself, after the fork: code between fork and exec would run in a copy of a process that may have threads.

The kernel ties the death signal to the *thread* that forked, so fork from a thread that lives as long as the supervisor.
SIGKILL, because every part survives it by design, and a part that hangs in its clean-up would be an orphan.
Only this process gets the signal, not what it forks: ``embedded.leftovers`` ends those at the next start.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_SUPERVISOR_GONE = 113


def launched(argv: Sequence[str]) -> tuple[str, ...]:
    """``argv``, to be run by this process as a child that does not outlive it."""
    return (sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv)


def main(arguments: Sequence[str]) -> None:
    """Replace this process with the command; exit 113 where the supervisor is gone already, 127 where the command cannot run."""
    supervisor, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0):
        sys.exit(f"cannot tie this process to its supervisor: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(supervisor):  # it died before the signal was asked for, so nothing will send it
        sys.exit(_SUPERVISOR_GONE)
    try:
        os.execvp(command[0], command)  # noqa: S606  the command is the supervisor's own, and no shell reads it
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201  stderr is the part's log
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
