"""What reports ask of the store, put together from settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from console.refusal import ExitCode, Refusal
from console.settings import Settings
from console.wiring import definition_paths, store_address, topology

if TYPE_CHECKING:
    from console.fleet_report.gathering import Gathering

_UNKNOWN_TABLE = 60
"""The engine's code."""


@contextmanager
def gathered(settings: Settings) -> "Iterator[Gathering]":
    """Open for the length of a question.

    Raises:
        Refusal: no store is known, or it lacks the views.
        SloError, FleetError, StoreError: what is in force cannot be read, or the store is away.
    """
    from console.fleet_report.gathering import Gathering
    from slo.definitions import load
    from storage.errors import Refused
    from storage.reader import Reader

    objectives = settings.objectives
    plan = Path(objectives.exclusions).expanduser() if objectives.exclusions else None
    address = store_address(settings, readonly=True)
    with Reader(address) as reader:
        try:
            yield Gathering(reader, load(definition_paths(settings, None)), plan, topology(settings))
        except Refused as error:
            if error.code != _UNKNOWN_TABLE:
                raise
            raise Refusal(
                ExitCode.UNAVAILABLE,
                "the store has not the views of budgets, or older ones",
                where=str(address),
                do="make them with “photonwatch slo views --apply”; a worker does it when it starts",
            ) from None
