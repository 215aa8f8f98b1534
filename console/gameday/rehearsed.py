"""A game day without broker and store: the worker's own pipelines in this process, in event time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from console.evidence import Evidence
from console.gameday.modes import known_modes
from console.gameday.score import Exercise, Score, score
from console.rehearsal import Rehearsal, Told
from producers.errors import FleetError
from producers.fault_catalogue import Failure
from producers.fleet_file import Fleet
from producers.reach import reached
from producers.simulation import Simulation
from schemas.ids import RunId
from schemas.records import AlertState, IndicatorSample
from schemas.telemetry import Telemetry
from slo.diagnosis import Hint
from streams.pipelines import Knowledge

_SLICE_S = 30.0
_LEAST_S = 300.0
"""So long at least it is watched whether somebody else pages."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``healthy_s`` without the failure, then with it for ``lasts_s`` at most. ``neighbours`` healthy devices take part."""

    healthy_s: float = 1_200.0
    lasts_s: float = 900.0
    neighbours: int = 1
    size: float = 1.0


def target_of(fleet: Fleet, failure: Failure) -> str:
    """The first device that can have it.

    Raises:
        FleetError: none can.
    """
    simulation = Simulation(fleet, lambda: RunId(""), 0, with_tags=False)
    for device in fleet.devices:
        if simulation.refusal(device.id, failure) is None:
            return device.id
    raise FleetError(f"no device of this fleet can have {failure.id}")


def company(fleet: Fleet, target: str, failure: Failure, neighbours: int) -> Fleet:
    """The part of a fleet that takes part: whom the failure reaches, and so many healthy neighbours, those of its site first."""
    theirs = reached(fleet, target, failure)
    kinds = {one.kind for one in fleet.devices if one.id in theirs}
    sites = {one.site for one in fleet.devices if one.id in theirs}
    others = sorted(
        (one for one in fleet.devices if one.id not in theirs), key=lambda one: (one.site not in sites, one.kind not in kinds)
    )
    kept = theirs | {str(one.id) for one in others[:neighbours]}
    return replace(
        fleet,
        devices=tuple(one for one in fleet.devices if one.id in kept),
        links=tuple(link for link in fleet.links if link.device in kept),
    )


@dataclass(slots=True)
class _Witness:
    """Listens to a rehearsal; keeps transitions, and what was taken for their cause when they came."""

    evidence: Evidence
    origin_unix_s: int
    alerts: list[AlertState] = field(default_factory=list)
    diagnoses: dict[str, tuple[Hint, ...]] = field(default_factory=dict)

    def hear(self, told: Iterator[Told]) -> None:
        for one in told:
            what = one.what
            if isinstance(what, Telemetry):
                self.evidence.telemetry(what)
            elif isinstance(what, IndicatorSample):
                self.evidence.sample(what)
            elif isinstance(what, AlertState):
                self.alerts.append(what)
                if what.firing:
                    self.diagnoses[what.alert] = self.evidence.hints_of(what, self.origin_unix_s + one.at_s)


def rehearsed(fleet: Fleet, knowledge: Knowledge, failure: Failure, target: str, plan: Plan) -> Score:
    """Inject a failure and score what comes of it; ends once it is noticed as it should be and some minutes were watched.

    Raises:
        FleetError: the target cannot have it.
    """
    rehearsal = Rehearsal(company(fleet, target, failure, plan.neighbours), knowledge)
    witness = _Witness(Evidence(known_modes()), rehearsal.origin_unix_s)
    witness.hear(rehearsal.advance(plan.healthy_s))
    onset_unix_s = rehearsal.origin_unix_s + round(rehearsal.elapsed_s)
    rehearsal.begin(target, failure, plan.size)
    exercise = Exercise(failure, target, reached(fleet, target, failure), onset_unix_s)
    while rehearsal.elapsed_s < plan.healthy_s + plan.lasts_s:
        witness.hear(rehearsal.advance(min(_SLICE_S, plan.healthy_s + plan.lasts_s - rehearsal.elapsed_s)))
        found = score(exercise, witness.alerts, witness.diagnoses)
        if found.decided and rehearsal.elapsed_s >= plan.healthy_s + _LEAST_S:
            break
    return score(exercise, witness.alerts, witness.diagnoses)


def undisturbed(fleet: Fleet, knowledge: Knowledge, lasts_s: float) -> tuple[AlertState, ...]:
    """Alerts that fire although nothing is wrong with anybody of the whole fleet, in the order in which they do."""
    told = Rehearsal(fleet, knowledge).advance(lasts_s)
    return tuple(one.what for one in told if isinstance(one.what, AlertState) and one.what.firing)
