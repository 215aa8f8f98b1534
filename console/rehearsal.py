"""A rehearsal: a simulated fleet and the worker's own pipelines in one process, in event time, as fast as the machine can.

What devices say goes through the wire format into logs in memory, one partition a topic, whose time stamps are the simulation's;
every pipeline reads its log as a worker does, and what it publishes comes into the logs again. Only broker and store are not
there. The same fleet, faults and seed give the same records, to the byte.
"""

import dataclasses
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count

import msgspec
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from producers.fault_catalogue import Failure
from producers.fleet_file import Fleet
from producers.record_feed import Outgoing as Said
from producers.simulation import Simulation
from schemas import topics, wire
from schemas.block import TagBlock
from schemas.ids import IndicatorId, RunId, SubjectId
from schemas.records import AlertState, Annotation, DeadLetter, IndicatorSample, Verdict
from schemas.telemetry import Telemetry
from schemas.topics import TICK
from storage.tables import VERDICTS
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished, Pipeline
from streams.pipelines import Knowledge, Pipelines

ORIGIN_UNIX_S = 1_767_225_600
"""The new year of 2026: rehearsals begin there unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A sample of ``indicator`` that ended at ``end_unix_s``, judged under ``objective``."""

    subject: SubjectId
    indicator: IndicatorId
    objective: str
    end_unix_s: int
    verdict: Verdict


Outcome = Telemetry | IndicatorSample | Judgement | AlertState | DeadLetter


@dataclass(frozen=True, slots=True)
class Told:
    """Something the platform said (or a sensor read), and when: seconds after the rehearsal began."""

    at_s: float
    what: Outcome


class Rehearsal:
    """One run of a fleet under the platform's eyes. Advance it, switch faults in between, and advance it on.

    Args:
        fleet: who takes part. Its blocks become as long as a step.
        knowledge: definitions, topology and calibrations that the pipelines work under.
        seed: added to every seed of the fleet; another one, other luck.
        origin_unix_s: event time at which it begins.
        step_s: how far everything goes on at once. What is told is told at the end of a step.
        with_tags: without them indicators of tags are missing, and it is many times as fast.
    """

    def __init__(
        self,
        fleet: Fleet,
        knowledge: Knowledge,
        *,
        seed: int = 0,
        origin_unix_s: int = ORIGIN_UNIX_S,
        step_s: float = 1.0,
        with_tags: bool = True,
    ) -> None:
        """
        Raises:
            FleetError: parts that do not go together.
        """
        numbers = count(1)
        self.elapsed_s = 0.0
        self.origin_unix_s, self._step_s = origin_unix_s, step_s
        self._simulation = Simulation(
            _prepared(fleet, seed, step_s),
            lambda: RunId(f"rehearsal-{next(numbers)}"),
            origin_unix_s * 10**9,
            with_tags=with_tags,
        )
        counted_only = dataclasses.replace(knowledge, keep_raw_tags=False)
        self._pipelines: Mapping[str, Pipeline] = Pipelines(counted_only, WorkerMetrics(CollectorRegistry())).fresh()
        self._offsets: dict[str, Iterator[int]] = defaultdict(count)
        self._waiting: dict[str, list[Message]] = {name: [] for name in self._pipelines}
        self.tags = 0
        self.processing_s = 0.0
        """Processor time that the pipelines have taken."""

    def refusal(self, target: str, failure: Failure) -> str | None:
        """Why a device, link or shared thing cannot have this failure; None where it can."""
        return self._simulation.refusal(target, failure)

    def begin(self, target: str, failure: Failure, size: float = 1.0) -> None:
        """Let a failure act from now on; the pipelines are not told.

        Raises:
            FleetError: there is no such target, or nothing of it that the failure could change.
        """
        self._simulation.begin(target, failure, size, self.elapsed_s)

    def end(self, target: str, failure_id: str) -> None:
        """Let it act no more."""
        self._simulation.end(target, failure_id)

    def annotate(self, note: Annotation) -> None:
        """Say something that people do: a maintenance window, a deploy."""
        self._append(topics.ANNOTATIONS.name, msgspec.json.encode(note))

    def advance(self, for_s: float) -> Iterator[Told]:
        """Go on for so long, and tell what the platform says meanwhile; run the iterator to its end."""
        until_s = self.elapsed_s + for_s
        while self.elapsed_s < until_s - 1e-9:
            self.elapsed_s = min(until_s, self.elapsed_s + self._step_s)
            for outcome in chain(self._produce(), self._consume()):
                yield Told(self.elapsed_s, outcome)

    def _produce(self) -> Iterator[Telemetry]:
        """Let every device say what is due; what its sensors read is handed on besides."""
        elapsed_ps = round(self.elapsed_s * 1e12)
        for device in self._simulation.devices:
            for said in device.advance(elapsed_ps):
                if isinstance(said, TagBlock):
                    self.tags += said.channel.size
                    self._append(topics.TIMETAGS.name, wire.encode(said))
                else:
                    self._say(said)
                    if isinstance(said.record, Telemetry):
                        yield said.record
        for name in self._pipelines:
            self._append(name, TICK)

    def _say(self, said: Said) -> None:
        self._append(said.topic.name, msgspec.json.encode(said.record))

    def _append(self, topic: str, value: bytes) -> None:
        timestamp_ms = self.origin_unix_s * 1000 + round(self.elapsed_s * 1000)
        self._waiting[topic].append(Message(next(self._offsets[topic]), timestamp_ms, value))

    def _consume(self) -> Iterator[Outcome]:
        """Let every pipeline read its log to the end, until none has written into another's."""
        while any(self._waiting.values()):
            for name, pipeline in self._pipelines.items():
                messages, self._waiting[name] = self._waiting[name], []
                began_s = time.thread_time()
                found = pipeline.feed(messages)
                self.processing_s += time.thread_time() - began_s
                for finished in found:
                    yield from self._publish(finished)

    def _publish(self, finished: Finished) -> Iterator[Outcome]:
        for outgoing in finished.outgoing:
            if outgoing.topic.name in self._waiting:
                self._append(outgoing.topic.name, msgspec.json.encode(outgoing.record))
            if isinstance(outgoing.record, IndicatorSample | AlertState | DeadLetter):
                yield outgoing.record
        verdicts = finished.batch.tables.get(VERDICTS)
        if verdicts is not None:
            for row in verdicts.select(["subject", "indicator", "objective", "time", "verdict"]).to_pylist():
                yield Judgement(
                    SubjectId(row["subject"]),
                    IndicatorId(row["indicator"]),
                    row["objective"],
                    int(row["time"].timestamp()),
                    Verdict(row["verdict"]),
                )


def _prepared(fleet: Fleet, seed: int, step_s: float) -> Fleet:
    """With blocks as long as a step, and other luck."""
    return replace(
        fleet,
        block_ms=max(1, round(step_s * 1000)),
        devices=tuple(replace(one, seed=one.seed + seed) for one in fleet.devices),
        links=tuple(replace(one, seed=one.seed + seed) for one in fleet.links),
        shared=tuple(replace(one, seed=one.seed + seed) for one in fleet.shared),
    )
