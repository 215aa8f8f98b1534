"""Keeps the parts of one home running: starts them in order, starts again what dies, stops them in reverse."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from structlog.typing import FilteringBoundLogger

from embedded.errors import PartStartError
from embedded.holding import Holding
from embedded.leftovers import end, leftovers, mark
from embedded.part import SupervisedPart
from embedded.part_log import PartLog
from embedded.service import Service
from embedded.state import Part, PartState, ProcessId, StackState, write_state

_ROTATE_S = 5.0


def log_file(home: Path, name: str) -> Path:
    return home / "logs" / f"{name}.log"


class Supervisor:
    """The services of a held home. ``external`` parts are shown beside them and are not run.

    Fork from the thread that holds the home: the kernel kills the parts when the thread that started them ends.
    """

    def __init__(
        self,
        holding: Holding,
        services: Sequence[Service],
        *,
        say: FilteringBoundLogger,
        random: Random,
        external: Sequence[Part] = (),
    ) -> None:
        self._home = holding.home
        self._say = say
        self._random = random
        self._external = tuple(external)
        self._identity = ProcessId.this()
        self._mark = mark(holding.home)
        self._parts = {service.name: self._part(service) for service in services}
        self._check_order()

    def _part(self, service: Service) -> SupervisedPart:
        return SupervisedPart(service, PartLog(log_file(self._home, service.name)), self._mark, self._write, self._say)

    def _check_order(self) -> None:
        """Refuse, as a fault of the composition, names that nobody has and circles."""
        placed = {part.name for part in self._external}
        waiting = {name: set(part.service.after) for name, part in self._parts.items()}
        while waiting:
            free = {name for name, after in waiting.items() if after <= placed}
            if not free:
                raise ValueError(f"these services wait for each other, or for names that nobody has: {waiting}")
            placed |= free
            waiting = {name: after for name, after in waiting.items() if name not in free}

    def parts(self) -> tuple[Part, ...]:
        return (*self._external, *(part.part for part in self._parts.values()))

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start all, call ``on_ready`` once when all are ready, keep them running; stop all when this task is cancelled.

        Raises PartStartError where a part's first start fails. Later deaths raise nothing: the part is started again. When this
        ends, however it ends, no process of the home is left.
        """
        self._write()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._rotate())
                for part in self._parts.values():
                    group.create_task(self._keep(part), name=part.service.name)
                for part in self._parts.values():
                    await part.became_ready.wait()
                on_ready()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await self._stop_all()

    def kill(self) -> None:
        """Do not wait for parts that are slow to stop."""
        for part in self._parts.values():
            part.kill()

    async def _keep(self, part: SupervisedPart) -> None:
        for name in part.service.after:
            if name in self._parts:
                await self._parts[name].became_ready.wait()
        how = await self._life(part)
        while True:
            await self._pause(part, how)
            try:
                how = await self._life(part)
            except PartStartError as error:
                part.deaths += 1
                how = error.what

    async def _life(self, part: SupervisedPart) -> str:
        """One process from its start to its death; says how it died."""
        clock = asyncio.get_running_loop().time
        await part.start()
        ready_s = clock()
        how = await part.lost()
        stable = clock() - ready_s >= part.service.restart.stable_after_s
        part.deaths = 1 if stable else part.deaths + 1
        return f"{part.service.name} {how}"

    async def _pause(self, part: SupervisedPart, how: str) -> None:
        restart = part.service.restart
        pause_s = restart.pause_s(part.deaths, self._random.random())
        loops = part.deaths >= restart.loop_after
        told = f"{how}; {part.deaths} in a row; starts again in {pause_s:.1f} s; log: {part.log.path}"
        part.set_state(PartState.CRASH_LOOP if loops else PartState.RESTARTING, told)
        (self._say.error if loops else self._say.warning)(
            "crash loop" if loops else "died, starts again", part=part.service.name, how=told, tail=part.tail()
        )
        await asyncio.sleep(pause_s)

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(_ROTATE_S)
            for part in self._parts.values():
                try:
                    part.log.rotate()
                except OSError as error:  # a full disk stops no part that can wait for room
                    self._say.warning("cannot rotate a log", log=str(part.log.path), error=str(error))

    async def _stop_all(self) -> None:
        await asyncio.gather(*(self._stop(part) for part in self._parts.values()))
        if astray := leftovers(self._home, None):
            self._say.warning("ending what parts left behind", pids=[process.pid for process in astray])
            end(astray)
        self._write()

    async def _stop(self, part: SupervisedPart) -> None:
        for other in self._parts.values():
            if part.service.name in other.service.after:
                await other.stopped.wait()
        try:
            await part.stop()
        finally:
            part.stopped.set()

    def _write(self) -> None:
        try:
            write_state(self._home, StackState(supervisor=self._identity, parts=self.parts()))
        except OSError as error:
            self._say.warning("cannot write the stack's state; the next change is tried again", error=str(error))
