"""Keeps a simulation's faults as they are asked for, and announces every change."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from producers.errors import FleetError, SourceError
from producers.fault_catalogue import Failure
from producers.faults import Asked, read_faults, take_back
from producers.simulation import Simulation
from schemas.ids import SubjectId
from schemas.records import Annotation


class FaultWatch:
    """Call ``look`` from time to time. One fault is one annotation: it comes again with its end when it is mended."""

    def __init__(self, simulation: Simulation, failures: Mapping[str, Failure], home: Path, origin_unix_ns: int) -> None:
        self._simulation = simulation
        self._failures = failures
        self._home = home
        self._origin_unix_s = origin_unix_ns / 1e9
        self._acting: dict[tuple[str, str], Asked] = {}
        self.trouble: str | None = None
        """What is asked for and cannot be, in words, as of the last look."""

    def look(self, unix_s: float, elapsed_s: float) -> Iterator[Annotation]:
        """Take over what is asked for now, and yield what changed."""
        try:
            wanted = {(one.target, one.fault): one for one in read_faults(self._home)}
        except FleetError as error:
            self.trouble = str(error)
            return
        for one in [one for one in wanted.values() if one.over(unix_s)]:
            take_back(self._home, one.target, one.fault)
            del wanted[one.target, one.fault]
        for key, one in list(self._acting.items()):
            if wanted.get(key) != one:
                self._simulation.end(one.target, one.fault)
                del self._acting[key]
                yield self._annotation(one, unix_s)
        refused = []
        for key, one in wanted.items():
            if key in self._acting:
                continue
            if (why := self._begun(one, elapsed_s)) is not None:
                refused.append(why)
                continue
            self._acting[key] = one
            yield self._annotation(one, None)
        self.trouble = "; ".join(refused) or None

    def _begun(self, asked: Asked, elapsed_s: float) -> str | None:
        """Why it cannot begin; None: it did."""
        failure = self._failures.get(asked.fault)
        if failure is None:
            return f"no failure {asked.fault}"
        try:
            self._simulation.begin(asked.target, failure, asked.size, min(asked.asked_unix_s - self._origin_unix_s, elapsed_s))
        except (FleetError, SourceError) as error:
            return f"{asked.fault} of {asked.target}: {error}"
        return None

    def _annotation(self, asked: Asked, end_unix_s: float | None) -> Annotation:
        failure = self._failures[asked.fault]
        return Annotation(
            kind="fault",
            subject=SubjectId(asked.target),
            start_unix_s=asked.asked_unix_s,
            end_unix_s=end_unix_s,
            text=f"{asked.fault} {failure.title}, on request" + ("" if end_unix_s is None else ": mended"),
            author="fleet",
            attributes={"fault": asked.fault, "size": asked.size},
        )
