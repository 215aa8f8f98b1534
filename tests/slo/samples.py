"""Samples, objectives and a slow plain oracle that the tests of this room share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Estimate, IndicatorSample, Verdict
from slo.counts import Counts
from slo.definitions import Definitions, bind
from slo.errors import Place
from slo.findings import Findings
from slo.objective import Criterion, Method, Objective, Operator
from slo.openslo import Document, read
from slo.period import RollingWindow
from slo.tiers import Tier

SUBJECT = SubjectId("sps-helios-01")
INDICATOR = IndicatorId("sps.M1")
BOUNDS = {Verdict.GOOD: (0.01, 0.02), Verdict.BAD: (0.7, 0.9), Verdict.INSUFFICIENT: (0.3, 0.6)}


def estimate(lower: float | None, upper: float | None, *, counts: dict[str, int] | None = None, unit: str = "1") -> Estimate:
    value = None if lower is None or upper is None else (lower + upper) / 2
    found = {"central": 3, "side": 700} if counts is None else counts
    return Estimate(value=value, lower=lower, upper=upper, confidence=0.95, counts=found, unit=unit, method="pulsed")


def sample(
    end_unix_s: int, verdict: Verdict = Verdict.GOOD, *, run: str = "run-1", subject: str = SUBJECT, unit: str = "1"
) -> IndicatorSample:
    """A sample of g²(0) that an objective of < 0.5 judges as ``verdict``."""
    return IndicatorSample(
        subject=SubjectId(subject),
        indicator=INDICATOR,
        device=DeviceId(subject),
        run=RunId(run),
        end_unix_s=end_unix_s,
        integration_s=10,
        estimate=estimate(*BOUNDS[verdict], unit=unit),
        firmware="2.4.1",
    )


def objective(
    tiers: Iterable[Tier] = (), *, name: str = "purity", target: Fraction = Fraction(999, 1000), period_s: int = 2_592_000
) -> Objective:
    return Objective(
        name=name,
        slo=name,
        service="sources",
        display_name="Purity",
        description="",
        criterion=Criterion(INDICATOR, "g²(0)", "1", Operator.LESS, Fraction(1, 2), ("sps",), 10),
        target=target,
        window=RollingWindow(period_s),
        method=Method.OCCURRENCES,
        slice_ratio=None,
        slice_s=None,
        tiers=tuple(tiers),
        runbook="docs/runbooks/sps.F7.md",
        place=Place("test.yaml", 1, 1),
    )


def definitions(*objectives: Objective) -> Definitions:
    return Definitions(objectives, (), (), (), ())


def read_strictly(text: str, file: str = "f.yaml") -> tuple[Document, ...]:
    """The objects of a text in which nothing may be wrong."""
    findings = Findings()
    found = read(text, file, findings)
    findings.raise_first(strict=True)
    return found


def bound(text: str, file: str = "f.yaml", *, strict: bool = False) -> Definitions:
    """The objectives of a text, without the shipped ones and without presets."""
    findings = Findings()
    found = bind(read(text, file, findings), findings=findings)
    findings.raise_first(strict=strict)
    return found


@dataclass(frozen=True)
class Event:
    run: str
    end: int
    verdict: Verdict


class Oracle:
    """Everything from the list of all events, nothing remembered but which alerts fired."""

    def __init__(self, under: Objective) -> None:
        self.objective = under
        self.events: list[Event] = []
        self.firing: dict[str, int] = {}

    @property
    def now(self) -> int:
        return max(event.end for event in self.events)

    def counts(self, window_s: int) -> Counts:
        inside = [event.verdict for event in self.events if self.now - window_s < event.end <= self.now]
        return Counts(*(inside.count(verdict) for verdict in (Verdict.GOOD, Verdict.BAD, Verdict.INSUFFICIENT, Verdict.EXCLUDED)))

    def ratio(self, window_s: int) -> Fraction | None:
        counts = self.counts(window_s)
        return Fraction(counts.bad, counts.good + counts.bad) if counts.good + counts.bad else None

    def above(self, tier: Tier) -> bool:
        limit = tier.factor * (1 - self.objective.target)
        ratios = [self.ratio(window) for window in (tier.short_s, tier.long_s)]
        enough = sum(self.counts(tier.long_s)[:2]) >= tier.minimum_events
        return enough and all(ratio is not None and ratio > limit for ratio in ratios)

    def add(self, event: Event) -> tuple[str, Sequence[tuple[str, bool]]]:
        """What becomes of an event, and the (severity, firing) that turned."""
        if self.events and event.end <= self.now - self.objective.period_s:
            return "too-late", ()
        if any(event.run == other.run and event.end <= other.end for other in self.events):
            return "duplicate", ()
        self.events.append(event)
        turned = []
        for severity in ("page", "ticket"):
            firing = any(self.above(tier) for tier in self.objective.tiers if tier.severity == severity)
            if firing != (severity in self.firing):
                turned.append((severity, firing))
                if firing:
                    self.firing[severity] = self.now
                else:
                    del self.firing[severity]
        return "counted", turned
