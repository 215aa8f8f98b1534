"""Many rehearsals, several at a time, in processes of their own.

The failures of one device share its healthy past: that is played once, and where a failure begins the process forks. A rehearsal
has no threads, files or connections that a fork would have to share; where processes cannot fork, each failure has a past of its
own.
"""

import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from console import logs
from console.gameday.plan import Play
from console.gameday.rehearsed import Prelude, rehearsed
from console.gameday.score import Score
from console.refusal import ExitCode, Refusal
from console.settings import Settings
from console.wiring import knowledge
from producers.fleet_file import Fleet
from producers.simulation import Simulation
from schemas.ids import RunId
from streams.kernels.warm import warm

_CAN_FORK = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class _Batch:
    """Plays of one target, the shortest past first."""

    settings: Settings
    fleet: Fleet
    plays: tuple[Play, ...]

    def prelude(self) -> Prelude:
        first, failures = self.plays[0], [play.failure for play in self.plays]
        return Prelude(self.fleet, knowledge(self.settings), first.target, failures, max(p.plan.neighbours for p in self.plays))


def campaign(settings: Settings, fleet: Fleet, plays: Sequence[Play], jobs: int) -> Iterator[Score]:
    """Rehearse each, ``jobs`` at a time. Scores come when they are there, whatever the order of the plays.

    Raises:
        FleetError: a target cannot have its failure.
        Refusal: a process ended before its time.
    """
    _check(fleet, plays)
    warm()
    if len(plays) == 1:
        (play,) = plays
        yield rehearsed(fleet, knowledge(settings), play.failure, play.target, play.plan)
        return
    waiting = [_Batch(settings, fleet, batch) for batch in batches(plays, jobs, share=_CAN_FORK)]
    spawn = multiprocessing.get_context("spawn")
    running: dict[Connection, SpawnProcess] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                ours, theirs = spawn.Pipe(duplex=False)
                process = spawn.Process(target=_play, args=(waiting.pop(0), theirs))
                process.start()
                theirs.close()
                running[ours] = process
            for end in wait(list(running)):
                assert isinstance(end, Connection)  # noqa: S101 - nothing else was given
                try:
                    yield end.recv()
                except EOFError:
                    _end(running.pop(end))
    finally:
        for process in running.values():
            process.terminate()
            process.join()


def batches(plays: Sequence[Play], jobs: int, *, share: bool = True) -> list[tuple[Play, ...]]:
    """Plays that share their past, largest batches first; none larger than keeps all jobs busy. Within, the shortest past first.

    ``share``: whether a past can be shared at all.
    """
    most = ceil(len(plays) / jobs) if share else 1
    alike: dict[str, list[Play]] = {}
    for play in plays:
        alike.setdefault(play.target, []).append(play)
    cut = [tuple(some[at : at + most]) for some in alike.values() for at in range(0, len(some), most)]
    return sorted((tuple(sorted(batch, key=lambda play: play.plan.healthy_s)) for batch in cut), key=lambda batch: -len(batch))


def _check(fleet: Fleet, plays: Sequence[Play]) -> None:
    """Whether everybody can have what is in store for him, before anything is played.

    Raises:
        FleetError, SourceError: one cannot.
    """
    simulation = Simulation(fleet, lambda: RunId(""), 0, with_tags=False)
    for play in plays:
        simulation.begin(play.target, play.failure, play.plan.size, 0.0)
        simulation.end(play.target, play.failure.id)


def _play(batch: _Batch, told: Connection) -> None:
    """In a process of its own: play a batch, and tell each score."""
    logs.only_errors()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this ends it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.INTERRUPTED))
    prelude = batch.prelude()
    *before, last = batch.plays
    for play in before:
        prelude.until(play.plan.healthy_s)
        branch = multiprocessing.get_context("fork").Process(target=_branch, args=(prelude, play, told))
        branch.start()
        try:
            branch.join()
        finally:
            branch.terminate()
        if branch.exitcode:
            sys.exit(branch.exitcode)
    prelude.until(last.plan.healthy_s)
    _branch(prelude, last, told)


def _branch(prelude: Prelude, play: Play, told: Connection) -> None:
    told.send(prelude.scored(play.failure, play.plan.size, play.plan.lasts_s))


def _end(process: SpawnProcess) -> None:
    """
    Raises:
        Refusal: it did not end well.
    """
    process.join()
    if process.exitcode:
        raise Refusal(
            ExitCode.INTERNAL,
            f"a rehearsal ended with exit code {process.exitcode}",
            where="gameday --rehearse",
            do="see what it wrote above; killed processes often lack memory: try fewer --jobs",
        )
