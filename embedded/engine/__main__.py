"""``python -m embedded.engine --data DIR --port N --users FILE``: run the engine over DIR, with the users of FILE (see users.py).

SIGTERM and SIGINT stop it cleanly. GET /ping answers when it is ready, GET /status says how far the process is confined.
"""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from embedded.engine.errors import EngineError
from embedded.engine.process import Options, prepare, restrain, serve

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_MACHINE_BYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m embedded.engine", description="ClickHouse's HTTP interface over the embedded engine."
    )
    parser.add_argument("--data", type=Path, required=True, help="directory of all that it keeps")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--users", type=Path, required=True, help="JSON file of users, mode 0600")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    parser.add_argument("--allow-remote", action="store_true", help="let --host be an address that other machines reach")
    parser.add_argument(
        "--memory-bytes", type=int, default=min(_MACHINE_BYTES // 2, 8 << 30), help="most that the engine takes (%(default)s)"
    )
    parser.add_argument(
        "--body-bytes", type=int, default=4 << 30, help="most that one request's body holds, decoded (%(default)s)"
    )
    parser.add_argument("--queries", type=int, default=48, help="most statements at once (%(default)s)")
    parser.add_argument("--connections", type=int, default=256, help="most client connections at once (%(default)s)")
    return Options(**vars(parser.parse_args(arguments)))


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)  # before any thread: only sigwait sees them
    try:
        asked = options(sys.argv[1:])
        layout, users, bound, _lock = prepare(asked)
        serve(asked, layout, users, bound, confined=restrain(layout), wait=lambda: signal.sigwait(_STOPPING))
    except EngineError as error:
        sys.exit(str(error))
    logging.shutdown()
    os._exit(0)  # threads that wait for clients, and the engine's own, have nothing left to do


if __name__ == "__main__":
    main()
