"""A game day on the running platform: a fleet of its own, under names of its own, through the real broker, worker and store.

Its event time begins in the past and is sent as fast as it goes: to the platform, these are devices whose tags come late. When
event time has caught up with the clock it goes on as the clock does.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from console.gameday.modes import known_modes
from console.gameday.plan import Plan
from console.gameday.rehearsed import company
from console.gameday.score import Exercise, Score, score
from console.refusal import ExitCode, Refusal
from console.stored_evidence import stored_evidence
from producers.fault_catalogue import Failure
from producers.fleet import Sender
from producers.fleet_file import Fleet
from producers.reach import reached
from producers.run_ids import new_run
from producers.simulation import Simulation
from schemas import topics
from schemas.block import TagBlock
from schemas.exercise import exercise_name
from schemas.ids import DeviceId, SubjectId
from schemas.records import Annotation
from storage.reader import Reader

MARGIN_S = 180
"""So much before now a game day ends that is not to reach the present: its last devices must not count as falling silent."""
_STEP_S = 1
_QUIET_S, _ASK_S = 15.0, 1.0
_MOST_TRANSITIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Stage:
    """Who takes part under which names, what happens to whom, and the event time at which it begins."""

    fleet: Fleet
    failure: Failure
    target: str
    reached: frozenset[str]
    plan: Plan
    origin_unix_s: int

    @property
    def onset_unix_s(self) -> int:
        return self.origin_unix_s + round(self.plan.healthy_s)


def staged(fleet: Fleet, failure: Failure, target: str, plan: Plan, *, token: str, now_unix_s: int, live: bool) -> Stage:
    """Set up an exercise of that ``token``. ``live``: the failure begins now; else all of it is over by now.

    Raises:
        FleetError: the target cannot have the failure.
    """
    lasts_s = 0.0 if live else plan.lasts_s + MARGIN_S
    return Stage(
        fleet=_renamed(company(fleet, target, (failure,), plan.neighbours), token),
        failure=failure,
        target=exercise_name(target, token),
        reached=frozenset(exercise_name(name, token) for name in reached(fleet, target, failure)),
        plan=plan,
        origin_unix_s=now_unix_s - round(plan.healthy_s + lasts_s),
    )


async def play(
    stage: Stage, sender: Sender, *, unix_s: Callable[[], float] = time.time, progress: Callable[[float], None] = lambda _: None
) -> None:
    """Send the whole game day; returns when everything is handed over. ``progress`` is told the seconds of event time.

    Raises:
        PublishError: the broker stayed away too long or refused.
    """
    simulation = Simulation(stage.fleet, new_run, stage.origin_unix_s * 10**9)
    what = f"game day: {stage.failure.id} ({stage.failure.title}) is injected"
    for device in simulation.devices:
        note = Annotation(
            kind="exercise",
            subject=SubjectId(device.device.id),
            start_unix_s=float(stage.onset_unix_s),
            text=f"{what} into {stage.target}",
        )
        await sender.send_record(topics.ANNOTATIONS, note.subject, note)
    begun = False
    for elapsed_s in range(_STEP_S, round(stage.plan.healthy_s + stage.plan.lasts_s) + 1, _STEP_S):
        if not begun and elapsed_s > stage.plan.healthy_s:
            simulation.begin(stage.target, stage.failure, stage.plan.size, stage.plan.healthy_s)
            begun = True
        if (ahead_s := stage.origin_unix_s + elapsed_s - unix_s()) > 0:
            await asyncio.sleep(ahead_s)
        for device in simulation.devices:
            for said in device.advance(elapsed_s * 10**12):
                if isinstance(said, TagBlock):
                    await sender.send_block(said)
                else:
                    await sender.send_record(said.topic, said.key, said.record)
        progress(float(elapsed_s))
    for device in simulation.devices:
        for block in device.close():
            await sender.send_block(block)


def settled(stage: Stage, reader: Reader, patience_s: float) -> None:
    """Wait until the worker has judged what was sent: nothing new came for a while.

    Raises:
        Refusal: nothing came at all, or it does not end.
        StoreError: the store is away, or refuses.
    """
    deadline, changed, before = time.monotonic() + patience_s, time.monotonic(), 0
    while True:
        now = sum(reader.sample_count(SubjectId(name), stage.origin_unix_s) for name in _names(stage.fleet))
        if now != before:
            before, changed = now, time.monotonic()
        elif before and time.monotonic() - changed >= _QUIET_S:
            return
        if time.monotonic() > deadline:
            raise Refusal(
                ExitCode.NOT_YET,
                f"the worker has not judged the game day after {patience_s:g} s ({before} samples so far)",
                where=stage.target,
                do="see “photonwatch status”: is a worker running, and does it keep up?",
            )
        time.sleep(_ASK_S)


def scored(stage: Stage, reader: Reader) -> Score:
    """What the store says came of it.

    Raises:
        StoreError: the store is away, or refuses.
    """
    evidence = stored_evidence(reader, known_modes(), [device.id for device in stage.fleet.devices], stage.origin_unix_s)
    names = _names(stage.fleet)
    alerts = [one for one in reader.alert_history(stage.origin_unix_s, limit=_MOST_TRANSITIONS) if one.subject in names]
    diagnoses = {one.alert: evidence.hints_of(one, one.since_unix_s) for one in alerts if one.firing}
    return score(Exercise(stage.failure, stage.target, stage.reached, stage.onset_unix_s), alerts, diagnoses)


def _names(fleet: Fleet) -> frozenset[str]:
    return frozenset(str(one) for one in (*(device.id for device in fleet.devices), *(link.id for link in fleet.links)))


def _renamed(fleet: Fleet, token: str) -> Fleet:
    """Every device and link under its name of the exercise; blocks as long as a step."""

    def device(name: DeviceId) -> DeviceId:
        return DeviceId(exercise_name(name, token))

    def link(name: SubjectId) -> SubjectId:
        return SubjectId(exercise_name(name, token))

    return replace(
        fleet,
        block_ms=_STEP_S * 1000,
        devices=tuple(replace(one, id=device(one.id)) for one in fleet.devices),
        links=tuple(
            replace(
                one,
                id=link(one.id),
                device=device(one.device),
                nodes=(device(one.nodes[0]), device(one.nodes[1])),
                hops=tuple(link(hop) for hop in one.hops),
            )
            for one in fleet.links
        ),
    )
