"""``python -m embedded.engine --data DIR --port N --users FILE``."""

import argparse
import os
import signal
import threading
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m embedded.engine", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--users", type=Path, required=True)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    users = arguments.users.resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chdir(data)
    from embedded.engine.server import build_server

    server = build_server(data, arguments.port, users)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.shutdown()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
