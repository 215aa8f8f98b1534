"""The small records that flow as JSON: estimates, indicator samples, alerts, annotations, dead letters."""

from enum import StrEnum

import msgspec

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId

Parameter = str | int | float | bool | None


class Verdict(StrEnum):
    """What an estimate says of a threshold. Only good and bad move a budget."""

    GOOD = "good"
    BAD = "bad"
    INSUFFICIENT = "insufficient"
    EXCLUDED = "excluded"


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A number that a physicist may trust: with its interval, what it rests on and how it was made.

    ``value``, ``lower`` and ``upper`` are None where the data cannot support them (one-sided limits have one of them).
    """

    value: float | None
    lower: float | None
    upper: float | None
    confidence: float
    counts: dict[str, int]
    unit: str
    method: str
    parameters: dict[str, Parameter] = {}
    warnings: tuple[str, ...] = ()


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """What an undecided estimate lacks until a threshold decides it, should proportions and rate stay as they are."""

    operator: str
    """``lt``, ``lte``, ``gt`` or ``gte``."""
    threshold: str
    """Exact, for example ``1/10``; in the indicator's unit."""
    more: dict[str, int]
    """Further counts of each kind."""
    seconds: float | None = None
    """How long they take at the present rate; None where that is not known."""


class IndicatorSample(msgspec.Struct, frozen=True, kw_only=True):
    """One estimate of one indicator of one subject over the event-time interval (end - integration, end].

    (subject, indicator, run, end_unix_s) identifies it: a sample that comes again is the same sample. Version 1 had no ``lacks``.
    """

    subject: SubjectId
    indicator: IndicatorId
    device: DeviceId
    run: RunId
    end_unix_s: int
    integration_s: int
    estimate: Estimate
    firmware: str = ""
    lacks: tuple[Shortfall, ...] = ()
    """For every threshold that leaves the estimate undecided, and that more counts would decide."""
    version: int = 2


class AlertState(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it stands after its latest transition; the compacted topic's value, keyed by ``alert``."""

    alert: str
    """``{objective}/{subject}/{severity}``"""
    objective: str
    subject: SubjectId
    severity: str
    firing: bool
    since_unix_s: int
    """Event time of the transition."""
    tiers: tuple[str, ...]
    """The tiers that are above their threshold."""
    text: str
    """Plain words: what, how much budget went, since when, how long is left."""
    burn_rate: str | None
    """Exact fraction, for example ``72/5``."""
    budget_remaining: str | None
    """Exact fraction of the budget; negative when overspent."""
    run: RunId
    firmware: str = ""
    runbook: str = ""
    inhibited_by: str = ""
    """The more severe alert of the same objective and subject that fired when this one turned, and so silences it."""
    indicator: str = ""
    device: str = ""
    estimate: Estimate | None = None
    """What was last measured; None where no measurement made it turn."""
    bad_since_unix_s: int | None = None
    """End of the first bad sample among those that make it fire; of silence, when the subject was last heard. None: not known."""
    version: int = 1


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """Something people or machines did: a deploy, a calibration, a maintenance window, a fault switched on, a note.

    What lasts may be told when it begins, without its end, and again with it: of the same kind, subject, start and text.
    """

    kind: str
    subject: SubjectId
    start_unix_s: float
    text: str
    end_unix_s: float | None = None
    author: str = ""
    attributes: dict[str, Parameter] = {}
    version: int = 1


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be used: where it stands, why, and its first bytes."""

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    size: int
    head: bytes
    """At most 256 bytes."""
    seen_unix_ns: int
    version: int = 1
