"""Who spent a budget: bad events by device, run, firmware, or by what was going on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from schemas.ids import DeviceId, RunId, SubjectId
from slo.topology import Topology

UNKNOWN = "unknown"
"""What nobody can name."""


class By(StrEnum):
    """What spending is told by."""

    CAUSE = "cause"
    DEVICE = "device"
    RUN = "run"
    FIRMWARE = "firmware"


class Spending(NamedTuple):
    """Bad events of one sample."""

    objective: str
    subject: SubjectId
    device: DeviceId
    run: RunId
    firmware: str
    end_unix_s: int
    bad: int


class Happening(NamedTuple):
    """Something that went on about a subject from ``start`` to ``end`` (None: still): what somebody noted, or an alert."""

    subject: SubjectId
    start_unix_s: float
    end_unix_s: float | None
    what: str

    def covers(self, end_unix_s: int) -> bool:
        return self.start_unix_s < end_unix_s and (self.end_unix_s is None or end_unix_s <= self.end_unix_s)


class Share(NamedTuple):
    """Bad events that go by one name, and their part of all."""

    name: str
    bad: int
    share: Fraction


class Causes:
    """Names what was behind a bad sample: what was noted about its subject, else about what it depends on, the nearest first;
    else that something it depends on alerted, the furthest first; else nobody knows.
    """

    def __init__(self, noted: Iterable[Happening], alerts: Iterable[Happening], topology: Topology) -> None:
        """``noted``: of faults, deploys and whatever people write; ``alerts``: of what fired."""
        self._noted, self._alerts = _by_subject(noted), _by_subject(alerts)
        self._topology = topology

    def of(self, spending: Spending) -> str:
        """The cause of one sample's bad events."""
        upstream = self._topology.upstream(spending.subject)
        for subject in (spending.subject, *upstream):
            for each in self._noted.get(subject, ()):
                if each.covers(spending.end_unix_s):
                    return each.what if subject == spending.subject else f"{subject}: {each.what}"
        for subject in reversed(upstream):
            for each in self._alerts.get(subject, ()):
                if each.covers(spending.end_unix_s):
                    return f"{subject}: {each.what}"
        return UNKNOWN


def spent_by(spendings: Iterable[Spending], by: By, causes: Causes) -> Mapping[str, Sequence[Share]]:
    """Of each objective the shares by name, the largest first. What has no name is ``unknown``."""
    name_of: dict[By, Callable[[Spending], str]] = {
        By.CAUSE: causes.of,
        By.DEVICE: lambda each: each.device,
        By.RUN: lambda each: each.run,
        By.FIRMWARE: lambda each: each.firmware,
    }
    sums: dict[str, dict[str, int]] = {}
    for each in spendings:
        of_objective = sums.setdefault(each.objective, {})
        name = name_of[by](each) or UNKNOWN
        of_objective[name] = of_objective.get(name, 0) + each.bad
    return {objective: _shares(names) for objective, names in sorted(sums.items())}


def _shares(names: Mapping[str, int]) -> list[Share]:
    whole = sum(names.values())
    found = [Share(name, bad, Fraction(bad, whole)) for name, bad in names.items() if bad]
    return sorted(found, key=lambda each: (-each.bad, each.name))


def _by_subject(happenings: Iterable[Happening]) -> dict[SubjectId, list[Happening]]:
    """Of those that go on at once the one that began last comes first, of these by name."""
    found: dict[SubjectId, list[Happening]] = {}
    for each in sorted(happenings, key=lambda one: (-one.start_unix_s, one.what)):
        found.setdefault(each.subject, []).append(each)
    return found
