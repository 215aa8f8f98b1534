"""What the pages show and the JSON API answers: one tree of values, rendered twice."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from console.histogram import Histogram
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.records import AlertState, Estimate, Shortfall, Verdict


class State(StrEnum):
    """How a device or link stands: silence outranks every verdict, since old verdicts say nothing of now."""

    GOOD = "good"
    BAD = "bad"
    INSUFFICIENT = "insufficient"
    EXCLUDED = "excluded"
    SILENT = "silent"
    UNJUDGED = "unjudged"


class ObjectiveView(msgspec.Struct, frozen=True, kw_only=True):
    """One objective of one device: its latest estimate against the threshold, and what is left of its budget."""

    objective: str
    subject: SubjectId
    title: str
    criterion: str
    """As people write it: ``g²(0) < 0.5``."""
    comparison: str
    """``<``, ``≤``, ``>`` or ``≥``: how a good value stands to the threshold."""
    threshold: float
    target: str
    """The objective as exact decimal, for example ``0.99``."""
    window_s: int
    estimate: Estimate | None
    verdict: Verdict | None
    lacks: Shortfall | None
    """What an undecided estimate needs; None where that is not known, or no counts would decide."""
    end_unix_s: int | None
    integration_s: int | None
    budget_remaining: float | None
    """1: untouched; 0: spent; negative: overspent; None: nothing was judged yet."""
    burn_rate: float | None
    """Over the objective's shortest long window; 1 spends the budget exactly in its window."""
    events: dict[str, int]
    """Samples in the budget's window by verdict; only good and bad ones move it."""
    excluded_ratio: float
    """Share of them that was taken out: maintenance, calibration, warm-up."""


_TELLING_FIRST: Final = (Verdict.BAD, Verdict.EXCLUDED, Verdict.GOOD, Verdict.INSUFFICIENT, None)
"""An open verdict says nothing of a device: one that never failed has no time to recover."""


def leading(objectives: Sequence[ObjectiveView]) -> ObjectiveView | None:
    """The first of those with the worst verdict; open ones only where there are no others."""
    return min(objectives, key=lambda each: _TELLING_FIRST.index(each.verdict), default=None)


class AlarmView(AlertState, frozen=True, kw_only=True):
    """An alert, why nobody is told of it while it fires (empty: they are), and what probably is behind it: something that its
    subject depends on, and the failures that it looks like, the likeliest first, with what each rests on.
    """

    suppressed: str = ""
    cause: str = ""
    looks_like: tuple[str, ...] = ()
    begin_with: str = ""
    """The runbook of what it looks like, else the objective's own."""


class ExclusionView(msgspec.Struct, frozen=True, kw_only=True):
    """Time that no budget answers for; without an end where that is not known yet."""

    subject: SubjectId
    start_unix_s: int
    end_unix_s: int | None
    reason: str
    who: str


TAGS_AWAY_AFTER_S: Final = 60
"""Sources send a block every tenth of a second, photons or not; a worker that lags must not make everybody look silent."""


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the fleet page: a device, or a link."""

    device: DeviceId
    speaker: DeviceId
    """The device itself, or the one that speaks for the link."""
    run: RunId
    """Empty where only readings came."""
    state: State
    last_seen_unix_s: int
    """When anything last came of it."""
    tags_seen_unix_s: int | None
    """When its tags last came; None: it sends none."""
    rates_hz: dict[str, float]
    """Channel → tags a second of live time over the last complete seconds."""
    objectives: tuple[ObjectiveView, ...]
    alerts: tuple[AlarmView, ...]
    """Those that fire."""

    @property
    def is_link(self) -> bool:
        return self.speaker != self.device

    @property
    def lacks_tags(self) -> bool:
        """Whether its tags stay away while it speaks otherwise."""
        return self.tags_seen_unix_s is not None and self.last_seen_unix_s - self.tags_seen_unix_s > TAGS_AWAY_AFTER_S

    @property
    def leading(self) -> ObjectiveView | None:
        """What decides how the device stands: the first objective with the worst verdict that is not open."""
        return leading(self.objectives)


class FleetView(msgspec.Struct, frozen=True, kw_only=True):
    at_unix_s: float
    devices: tuple[DeviceRow, ...]


class RateStrip(msgspec.Struct, frozen=True, kw_only=True):
    """Tags a second, per channel; None where nothing is known of that second."""

    unix_s: list[int]
    channels: dict[str, list[float | None]]


NO_RATES: Final = RateStrip(unix_s=[], channels={})


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """All of one device's page."""

    at_unix_s: float
    row: DeviceRow
    run_since_unix_s: int | None
    """None, as the histograms are: it never sent tags."""
    recent: Histogram | None
    whole: Histogram | None
    rates: RateStrip
    exclusions: tuple[ExclusionView, ...]
    """Of this device and of what it depends on, of the last day and still in force, the latest first."""


class AlertsView(msgspec.Struct, frozen=True, kw_only=True):
    """Every alert that is known, the firing ones first, then the latest."""

    at_unix_s: float
    alerts: tuple[AlarmView, ...]
