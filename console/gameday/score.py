"""How well a failure was noticed: by what, after how long, how urgently, with which runbook, and who else was paged.

Pure: from the alerts that fired and what the platform took for their cause. It knows what was injected; the platform does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from producers.fault_catalogue import Failure
from schemas.records import AlertState
from slo.alerts import rank
from slo.diagnosis import Hint
from slo.tiers import SEVERITIES


class Fault(StrEnum):
    """What went wrong with noticing."""

    UNNOTICED = "no alert of its indicators"
    SEVERITY = "another severity"
    RUNBOOK = "another runbook"
    FALSE_PAGE = "a healthy neighbour paged"


@dataclass(frozen=True, slots=True)
class Exercise:
    """A failure that was injected into ``target`` at ``onset_unix_s``, and all whom it ``reached``."""

    failure: Failure
    target: str
    reached: frozenset[str]
    onset_unix_s: int


class Suggestion(msgspec.Struct, frozen=True):
    """What the platform took for the cause, and what that rested on."""

    failure: str
    runbook: str
    agreement: float
    seen: tuple[str, ...]
    missing: tuple[str, ...]


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise. ``after_s``: from the onset to the alert of the expected severity, else to the first that told of it."""

    failure: str
    title: str
    target: str
    expected_severity: str
    expected_failure: str
    severity: str | None = None
    """The most severe alert on anyone whom the failure reached, up to the one that decided."""
    after_s: int | None = None
    indicator: str | None = None
    subject: str | None = None
    alert: str | None = None
    first_after_s: int | None = None
    """To the first alert of any severity and indicator on anyone reached."""
    alerts: int = 0
    suggestions: tuple[Suggestion, ...] = ()
    false_pages: tuple[str, ...] = ()
    false_tickets: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether the right alert of the right severity came: nothing that these devices do later can better it."""
        return self.alert is not None and Fault.SEVERITY not in self.faults and self.alert.endswith(f"/{self.expected_severity}")

    @property
    def passed(self) -> bool:
        return not self.faults

    @property
    def runbook(self) -> str | None:
        return self.suggestions[0].runbook if self.suggestions else None


def score(exercise: Exercise, alerts: Iterable[AlertState], diagnoses: Mapping[str, Sequence[Hint]]) -> Score:
    """Judge an exercise by the transitions since it began, in any order.

    ``diagnoses`` are the platform's hints by alert, as they stood when it began to fire.

    The right alert is about somebody whom the failure reached, and of an indicator that the catalogue names for it. Its severity
    is right if nothing more severe had fired among those reached: what is a ticket's matter must come as a ticket first, and may
    page when it was left alone until its budget burns severely. Alerts before the failure, or about whom it does not reach, are
    false.
    """
    failure = exercise.failure
    firing = sorted((one for one in alerts if one.firing), key=lambda one: (one.since_unix_s, rank(one.severity), one.alert))
    theirs = [one for one in firing if one.subject in exercise.reached and one.since_unix_s >= exercise.onset_unix_s]
    telling = [one for one in theirs if one.indicator in failure.notice.indicators]
    fitting = [one for one in telling if one.severity == failure.notice.severity]
    decisive = next(iter(fitting or telling), None)
    by_then = theirs if decisive is None else [one for one in theirs if one.since_unix_s <= decisive.since_unix_s]
    worst = min((one.severity for one in by_then), key=rank, default=None)
    hints = () if decisive is None else tuple(diagnoses.get(decisive.alert, ()))
    others = [one for one in firing if one not in theirs]
    pages = tuple(dict.fromkeys(one.alert for one in others if one.severity == SEVERITIES[0]))
    faults = [] if telling else [Fault.UNNOTICED]
    if telling and worst != failure.notice.severity:
        faults.append(Fault.SEVERITY)
    if telling and (not hints or hints[0].mode.id != failure.notice.runbook):
        faults.append(Fault.RUNBOOK)
    if pages:
        faults.append(Fault.FALSE_PAGE)
    return Score(
        failure=failure.id,
        title=failure.title,
        target=exercise.target,
        expected_severity=failure.notice.severity,
        expected_failure=failure.notice.runbook,
        severity=worst,
        after_s=None if decisive is None else decisive.since_unix_s - exercise.onset_unix_s,
        indicator=None if decisive is None else decisive.indicator,
        subject=None if decisive is None else decisive.subject,
        alert=None if decisive is None else decisive.alert,
        first_after_s=theirs[0].since_unix_s - exercise.onset_unix_s if theirs else None,
        alerts=len({one.alert for one in theirs}),
        suggestions=tuple(_suggestion(hint) for hint in hints[:3]),
        false_pages=pages,
        false_tickets=tuple(dict.fromkeys(one.alert for one in others if one.severity != SEVERITIES[0])),
        faults=tuple(faults),
    )


def _suggestion(hint: Hint) -> Suggestion:
    return Suggestion(hint.mode.id, hint.mode.runbook, float(hint.agreement), hint.seen, hint.missing)
