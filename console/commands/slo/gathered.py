"""What reports ask of the store, put together from settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from console.settings import Settings
from console.wiring import definition_paths, store_address, topology

if TYPE_CHECKING:
    from console.fleet_report.gathering import Gathering


@contextmanager
def gathered(settings: Settings) -> "Iterator[Gathering]":
    """Open for the length of a question.

    Raises:
        Refusal: no store is known.
        SloError, FleetError, StoreError: what is in force cannot be read, or the store is away.
    """
    from console.fleet_report.gathering import Gathering
    from slo.definitions import load
    from storage.reader import Reader

    objectives = settings.objectives
    plan = Path(objectives.exclusions).expanduser() if objectives.exclusions else None
    with Reader(store_address(settings, readonly=True)) as reader:
        yield Gathering(reader, load(definition_paths(settings, None)), plan, topology(settings))
