"""A game day without broker and store: the worker's own pipelines in this process, in event time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from console.evidence import Evidence
from console.gameday.modes import known_modes
from console.gameday.plan import Plan
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
from slo.evaluation import system_by_prefix
from streams.pipelines import Knowledge

_SLICE_S = 30.0
_LEAST_S = 300.0
"""So long at least it is watched whether somebody else pages."""


def target_of(fleet: Fleet, failure: Failure) -> str:
    """The first device that can have it, of a system with an indicator that should tell of it where there is one.

    Raises:
        FleetError: none can.
    """
    simulation = Simulation(fleet, lambda: RunId(""), 0, with_tags=False)
    able = [device.id for device in fleet.devices if simulation.refusal(device.id, failure) is None]
    if not able:
        raise FleetError(f"no device of this fleet can have {failure.id}")
    telling = {name.partition(".")[0] for name in failure.notice.indicators}
    return next((name for name in able if system_by_prefix(name) in telling), able[0])


def company(fleet: Fleet, target: str, failures: Sequence[Failure], neighbours: int) -> Fleet:
    """The part of a fleet that takes part: whom any of the failures reaches, and so many healthy neighbours, those of its site
    first.
    """
    theirs = frozenset[str]().union(*(reached(fleet, target, failure) for failure in failures))
    kinds = {one.kind for one in fleet.devices if one.id in theirs}
    sites = {one.site for one in fleet.devices if one.id in theirs}
    others = sorted(
        (one for one in fleet.devices if one.id not in theirs), key=lambda one: (one.site not in sites, one.kind not in kinds)
    )
    return part_of(fleet, theirs | {str(one.id) for one in others[:neighbours]})


def part_of(fleet: Fleet, kept: frozenset[str]) -> Fleet:
    """These devices of a fleet, and the links that they operate."""
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


class Prelude:
    """A company that is healthy so far, before one failure of its target; scoring one spends it.

    Args:
        fleet: the whole fleet.
        knowledge: what the pipelines judge by.
        target: who is to have the failure.
        failures: those that it may come to.
        neighbours: so many healthy devices take part besides.
    """

    def __init__(self, fleet: Fleet, knowledge: Knowledge, target: str, failures: Sequence[Failure], neighbours: int) -> None:
        """
        Raises:
            FleetError: parts that do not go together.
        """
        self._fleet, self._target = fleet, target
        self._rehearsal = Rehearsal(company(fleet, target, failures, neighbours), knowledge)
        self._witness = _Witness(Evidence(known_modes()), self._rehearsal.origin_unix_s)

    def until(self, at_s: float) -> None:
        """Go on in health, up to so long after its beginning."""
        self._witness.hear(self._rehearsal.advance(at_s - self._rehearsal.elapsed_s))

    def scored(self, failure: Failure, size: float, lasts_s: float) -> Score:
        """Inject a failure and score what comes of it; ends once it is noticed as it should be and some minutes were watched.

        Raises:
            FleetError: the target cannot have it.
        """
        rehearsal, witness = self._rehearsal, self._witness
        begun_s = rehearsal.elapsed_s
        rehearsal.begin(self._target, failure, size)
        theirs = reached(self._fleet, self._target, failure)
        exercise = Exercise(failure, self._target, theirs, rehearsal.origin_unix_s + round(begun_s))
        while (left_s := begun_s + lasts_s - rehearsal.elapsed_s) > 0:
            witness.hear(rehearsal.advance(min(_SLICE_S, left_s)))
            found = score(exercise, witness.alerts, witness.diagnoses)
            if found.decided and rehearsal.elapsed_s >= begun_s + _LEAST_S:
                break
        return score(exercise, witness.alerts, witness.diagnoses)


def rehearsed(fleet: Fleet, knowledge: Knowledge, failure: Failure, target: str, plan: Plan) -> Score:
    """One failure, from its healthy past to its score.

    Raises:
        FleetError: the target cannot have it.
    """
    prelude = Prelude(fleet, knowledge, target, (failure,), plan.neighbours)
    prelude.until(plan.healthy_s)
    return prelude.scored(failure, plan.size, plan.lasts_s)
