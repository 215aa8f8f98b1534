"""Runs one worker as tests ask for it: the process that fault tests kill. Takes its settings as JSON."""

import json
import sys
from pathlib import Path

import structlog

from schemas.broker import BrokerConnection
from schemas.panes import PaneParameters
from storage.client import StoreAddress
from streams.app import run_worker
from streams.settings import WorkerSettings


def main(arguments: str) -> None:
    given = json.loads(arguments)
    structlog.configure(
        processors=[structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    host, port, user, password = given["store"]
    run_worker(
        WorkerSettings(
            kafka=BrokerConnection(bootstrap=given["kafka"]),
            instance=given["name"],
            store=StoreAddress(host, port, user, password, database=given.get("database", "photonwatch")),
            group=given.get("group", "photonwatch"),
            data=Path(given["data"]),
            name=given["name"],
            definitions=tuple(map(Path, given.get("definitions", []))),
            panes=PaneParameters(**given.get("panes", {})),
            keep_raw_tags=given.get("keep_raw_tags", True),
            insert_tokens=given.get("insert_tokens", True),
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
