"""A stack in a process of its own, which a test may kill: ``one_stack HOME [KAFKA_ADDRESS]``; says its addresses when ready."""

import asyncio
import json
import os
import sys
from pathlib import Path
from random import Random

import structlog

from embedded.stack import KAFKA, STORE, Stack, StackAddresses, StackSettings
from tests.embedded.parts import part


def main(home: Path, kafka_address: str) -> None:
    def say(addresses: StackAddresses) -> None:
        known = addresses.credentials
        document = {"kafka": addresses.kafka, "store": addresses.store, "user": known.user, "password": known.password}
        print(json.dumps(document), flush=True)

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = StackSettings(home, kafka_address=kafka_address)
    deaf = part(home, "deaf", "signal.signal(15, signal.SIG_IGN);", after=(KAFKA, STORE), stop_timeout_s=300.0)
    compose = (lambda _: (deaf,)) if os.environ.get("WITH_DEAF_PART") else (lambda _: ())
    asyncio.run(Stack(settings, compose, say=structlog.get_logger(), random=Random(7)).run(say))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
