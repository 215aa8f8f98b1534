"""A fleet in which nothing is wrong: whatever alerts then is false."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from console import logs
from console.gameday.rehearsed import part_of
from console.rehearsal import Rehearsal
from console.settings import Settings
from console.wiring import knowledge
from producers.fleet_file import Fleet
from schemas.records import AlertState
from streams.kernels.warm import warm
from streams.pipelines import Knowledge


def undisturbed(fleet: Fleet, told: Knowledge, lasts_s: float) -> tuple[AlertState, ...]:
    """Alerts that fire although nothing is wrong with anybody, in the order in which they do."""
    said = Rehearsal(fleet, told).advance(lasts_s)
    return tuple(one.what for one in said if isinstance(one.what, AlertState) and one.what.firing)


def undisturbed_parts(settings: Settings, fleet: Fleet, lasts_s: float, jobs: int) -> tuple[AlertState, ...]:
    """The same of a fleet in parts, ``jobs`` at a time in processes of their own, as its devices lie on partitions in service."""
    warm()
    parts = independent(fleet)
    with ProcessPoolExecutor(min(jobs, len(parts)), multiprocessing.get_context("spawn"), initializer=logs.only_errors) as pool:
        found = pool.map(partial(_undisturbed, settings, lasts_s), parts)
        return tuple(sorted((one for alerts in found for one in alerts), key=lambda one: one.since_unix_s))


def independent(fleet: Fleet) -> Sequence[Fleet]:
    """A fleet's devices with all who share something with them and the links that they operate, each such part by itself."""
    parts: list[set[str]] = []
    for device in fleet.devices:
        needed = {str(device.id), *device.depends_on}
        needed.update(name for link in fleet.links if link.device == device.id for name in link.depends_on)
        touching = [part for part in parts if part & needed]
        parts = [part for part in parts if part not in touching]
        parts.append(needed.union(*touching))
    return [part_of(fleet, frozenset(part)) for part in parts]


def _undisturbed(settings: Settings, lasts_s: float, fleet: Fleet) -> tuple[AlertState, ...]:
    return undisturbed(fleet, knowledge(settings), lasts_s)
