"""Brings the store's views of budgets to the definitions in force: made anew at every start, and on request."""

import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from slo.budget_views import view_statements
from slo.definitions import Definitions, load
from slo.exclusion_file import read_plan
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.schedule import Schedule
from slo.topology import Topology
from storage.client import Client, StoreAddress, connect
from storage.errors import StoreError

_log = structlog.get_logger(__name__)
_AROUND_S = 400 * 86_400
"""How far back and ahead planned exclusions stand in the views, whose text a store takes up to a length."""


def planned_around(schedule: Schedule, now_unix_s: int) -> Sequence[Exclusion]:
    """The occurrences of planned exclusions that the views know."""
    since_ns = (now_unix_s - _AROUND_S) * NS
    return [each for each in schedule.until((now_unix_s + _AROUND_S) * NS) if each.end_ns > since_ns]


def apply_views(
    client: Client, definitions: Definitions, schedule: Schedule, now_unix_s: int, topology: Topology | None = None
) -> int:
    """Make the views; how many statements it took.

    Raises:
        StoreError: the store is away, or refuses.
    """
    statements = view_statements(definitions.objectives, planned_around(schedule, now_unix_s), now_unix_s, topology)
    for statement in statements:
        client.command(statement)
    return len(statements)


def views_in_force(store: StoreAddress, definitions: Sequence[Path], plans: Sequence[Path], topology: Topology) -> None:
    """Make the views of what a worker judges by. Nothing that flows needs them: a store that refuses them is only told of.

    Raises:
        SloError, OSError: definitions or plans cannot be read.
    """
    schedule = Schedule([planned for file in plans for planned in read_plan(file)])
    try:
        with connect(store) as client:
            apply_views(client, load(definitions), schedule, int(time.time()), topology)
    except StoreError as error:
        _log.warning("views-not-made", reason=str(error), do="photonwatch slo views --apply")
