"""What a report or a question about spending needs of the store."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from console.past_exclusions import raised
from schemas.ids import DeviceId, RunId, SubjectId
from slo.definitions import Definitions
from slo.exclusion_file import read_exclusions
from slo.exclusions import Exclusion, allowed, is_inside, spread
from slo.fleet_report import Counted, FleetReport, Key, Sums, assemble, incidents, wholes
from slo.instant import NS
from slo.objective import Objective
from slo.spending import By, Causes, Happening, Share, Spending, spent_by
from slo.topology import Topology
from storage.reader import Reader
from storage.reader.histories import CountedRow

Stretch = tuple[int, int]
"""(since, until] in UTC seconds."""


class Gathering:
    """Asks one store. Everything raises StoreError."""

    def __init__(self, reader: Reader, definitions: Definitions, plan: Path | None, topology: Topology) -> None:
        """``plan``: a file of planned exclusions."""
        self._reader = reader
        self._definitions = definitions
        self._plan = plan
        self._topology = topology

    def report(self, stretch: Stretch) -> FleetReport:
        """The fleet over a stretch, and what it counted in the one of equal length before."""
        before = (stretch[0] - (stretch[1] - stretch[0]), stretch[0])
        return assemble(
            self._definitions.objectives,
            stretch,
            self._counted(stretch),
            self._counted(before),
            {key: Fraction(text) for key, text in self._reader.remaining(stretch[1]).items()},
            self._reader.transitions(before[0], stretch[1]),
            self._exclusions(stretch),
        )

    def spent(self, stretch: Stretch, by: By) -> Mapping[str, Sequence[Share]]:
        """Of each objective who spent its budget in a stretch; what is excluded was not spent."""
        rows = self._reader.bad_samples(*stretch).to_pylist()
        known = {each.name: each for each in self._definitions.objectives}
        declared = self._exclusions((0, stretch[1]))
        out: dict[Key, Sequence[tuple[int, int]]] = {}
        spendings = []
        for row in rows:
            key = (row["objective"], SubjectId(row["subject"]))
            if key[0] not in known:
                continue
            if key not in out:
                out[key] = self._out(known[key[0]], key[1], declared)
            if not is_inside(out[key], row["end"] * NS):
                device, run = DeviceId(row["device"]), RunId(row["run"])
                spendings.append(Spending(*key, device, run, row["firmware"], row["end"], row["bad"]))
        return spent_by(spendings, by, self._causes(stretch))

    @staticmethod
    def _out(objective: Objective, subject: SubjectId, declared: Sequence[Exclusion]) -> Sequence[tuple[int, int]]:
        return allowed(objective, [each for each in declared if each.concerns(subject)])

    def _causes(self, stretch: Stretch) -> Causes:
        noted = [
            Happening(each.subject, each.start_unix_s, each.end_unix_s, f"{each.kind}: {each.text}" if each.text else each.kind)
            for each in self._reader.annotations()
            if each.start_unix_s < stretch[1]
        ]
        alerts = [
            Happening(each.subject, each.fired_unix_s, each.cleared_unix_s, f"{each.severity} of {each.objective}")
            for each in incidents(self._reader.transitions(*stretch))
        ]
        return Causes(noted, alerts, self._topology)

    def _counted(self, stretch: Stretch) -> dict[Key, Counted]:
        sums = _summed(self._reader.counted(*stretch))
        shares = {(each.objective, each.subject): each[2:] for each in self._reader.sample_shares(*stretch)}
        found = {key: Counted(*counts, *shares.get(key, ())) for key, counts in sums.items()}
        if not any(each.composite for each in self._definitions.objectives):
            return found
        return found | wholes(self._definitions.objectives, _summed(self._reader.parts_counted(*stretch)))

    def _exclusions(self, stretch: Stretch) -> list[Exclusion]:
        planned = [] if self._plan is None else spread(read_exclusions(self._plan, stretch[1] * NS), self._topology)
        return [each for each in (*planned, *raised(self._reader.exclusions())) if each.end_ns > stretch[0] * NS]


def _summed(rows: Iterable[CountedRow]) -> Sums:
    sums: dict[Key, tuple[Fraction, Fraction]] = {}
    for row in rows:
        good, bad = sums.get((row.objective, row.subject), (Fraction(0), Fraction(0)))
        sums[row.objective, row.subject] = (good + Fraction(row.good, row.parts), bad + Fraction(row.bad, row.parts))
    return sums
