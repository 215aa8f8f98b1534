"""Many rehearsals at a time, each in a process of its own."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from console import logs
from console.gameday.rehearsed import Plan, rehearsed
from console.gameday.score import Score
from console.settings import Settings
from console.wiring import knowledge
from producers.fault_catalogue import Failure
from producers.fleet_file import Fleet
from streams.kernels.warm import warm


@dataclass(frozen=True, slots=True)
class _Task:
    settings: Settings
    fleet: Fleet
    failure: Failure
    target: str
    plan: Plan


def campaign(settings: Settings, fleet: Fleet, played: Sequence[tuple[Failure, str]], plan: Plan, jobs: int) -> Iterator[Score]:
    """Rehearse each failure with its target, ``jobs`` at a time; scores come in the order of the failures.

    Raises:
        FleetError: a target cannot have its failure.
    """
    warm()
    tasks = [_Task(settings, fleet, failure, target, plan) for failure, target in played]
    if jobs == 1 or len(tasks) == 1:
        yield from map(_score, tasks)
        return
    with ProcessPoolExecutor(min(jobs, len(tasks)), multiprocessing.get_context("spawn"), initializer=_quiet) as pool:
        yield from pool.map(_score, tasks)


def _quiet() -> None:
    """Every alert of a rehearsal would be logged as if it were one."""
    logs.configure("error")


def _score(task: _Task) -> Score:
    return rehearsed(task.fleet, knowledge(task.settings), task.failure, task.target, task.plan)
