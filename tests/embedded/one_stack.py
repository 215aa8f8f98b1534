"""A stack in a process of its own, which a test may kill: ``one_stack HOME [KAFKA_ADDRESS]``; says its addresses when ready."""

import asyncio
import json
import sys
from pathlib import Path
from random import Random

import structlog

from embedded.stack import Stack, StackAddresses, StackSettings


def main(home: Path, kafka_address: str) -> None:
    def say(addresses: StackAddresses) -> None:
        known = addresses.credentials
        document = {"kafka": addresses.kafka, "store": addresses.store, "user": known.user, "password": known.password}
        print(json.dumps(document), flush=True)

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = StackSettings(home, kafka_address=kafka_address)
    asyncio.run(Stack(settings, lambda _: (), say=structlog.get_logger(), random=Random(7)).run(say))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
