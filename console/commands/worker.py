"""``photonwatch worker``: the process that turns tags into judged results."""

import sys

import typer

from console import logs
from console.invocation import of
from console.wiring import broker_connection, store_address, worker_settings


def worker(context: typer.Context) -> None:
    """Run one worker until it is told to stop. “photonwatch up” runs one by itself."""
    settings = of(context).settings
    logs.configure(settings.log.level, sys.stderr)
    from console.budget_views import views_in_force
    from console.preparing import prepare
    from streams.app import run_worker

    prepare(broker_connection(settings), store_address(settings, readonly=False))
    worked = worker_settings(settings)
    views_in_force(worked.store, worked.definitions, worked.exclusions, worked.topology)
    run_worker(worked)
