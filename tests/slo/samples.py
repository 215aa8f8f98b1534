"""Samples, objectives and a slow plain oracle that the tests of this room share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Estimate, IndicatorSample, Verdict
from slo.counts import ONE_OF, Counts
from slo.definitions import Definitions, bind
from slo.errors import Place
from slo.findings import Findings
from slo.objective import Criterion, EmptySlices, Method, Objective, Operator
from slo.openslo import Document, read
from slo.period import CalendarWindow, RollingWindow, span_at
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
    """Everything from the list of all events and exclusions, second by second; nothing remembered but which alerts fired."""

    def __init__(self, under: Objective) -> None:
        self.objective = under
        self.events: list[Event] = []
        self.out: list[tuple[int, int]] = []
        self.firing: dict[str, int] = {}
        self.now = -(1 << 40)

    def bounds(self, window_s: int, at: int) -> int:
        """Where a window begins; the last one is the period."""
        window = self.objective.window
        if window_s == self.objective.period_s and isinstance(window, CalendarWindow):
            return span_at(window, at).start_unix_s
        start = at - window_s
        if window_s == self.objective.period_s and self.objective.event_window is not None:
            while start < at - 1 and sum(self.sums(start + 1, at)[:2]) >= self.objective.event_window:
                start += 1
        return start

    def sums(self, start: int, at: int) -> Counts:
        inside = [counts for end, counts in self.buckets(at) if start < end <= at]
        return Counts(*(sum(column) for column in zip(*inside, strict=True))) if inside else Counts()

    def counts(self, window_s: int, at: int) -> Counts:
        return self.sums(self.bounds(window_s, at), at)

    def buckets(self, at: int) -> list[tuple[int, Counts]]:
        events = [(event.end, self.said(event)) for event in self.events if event.end <= at]
        length = self.objective.slice_s
        if length is None:
            return [(end, ONE_OF[verdict]) for end, verdict in events]
        if not events:
            return []
        first = min(-(-end // length) for end, _ in events) * length
        return [(end, self.judged(end, events)) for end in range(first, at + 1, length)]

    def judged(self, end: int, events: Sequence[tuple[int, Verdict]]) -> Counts:
        length = self.objective.slice_s
        assert length is not None
        held = [verdict for other, verdict in events if end - length < other <= end]
        good, bad = held.count(Verdict.GOOD), held.count(Verdict.BAD)
        if good + bad:
            ratio = Fraction(good, good + bad)
            if self.objective.method is Method.RATIO_TIMESLICES:
                return Counts(ratio, 1 - ratio)
            assert self.objective.slice_ratio is not None
            return Counts(bad=1) if ratio < self.objective.slice_ratio else Counts(good=1)
        if Verdict.INSUFFICIENT in held:
            return Counts(insufficient=1)
        if held or self.is_out(end):
            return Counts(excluded=1 if held or self.objective.empty_slices is not EmptySlices.EXCLUDED else 0)
        empty = self.objective.empty_slices
        return Counts(good=int(empty is EmptySlices.GOOD), bad=int(empty is EmptySlices.BAD))

    def said(self, event: Event) -> Verdict:
        return Verdict.EXCLUDED if self.is_out(event.end) else event.verdict

    def is_out(self, end: int) -> bool:
        return any(start < end <= until for start, until in self.out)

    def ratio(self, window_s: int) -> Fraction | None:
        good, bad, *_ = self.counts(window_s, self.now)
        return Fraction(bad, good + bad) if good + bad else None

    def above(self, tier: Tier, at: int) -> bool:
        limit = tier.factor * (1 - self.objective.target)
        for length in (tier.short_s, tier.long_s):
            good, bad, *_ = self.sums(at - length, at)
            if not good + bad or Fraction(bad) / (good + bad) <= limit:
                return False
        return sum(self.sums(at - tier.long_s, at)[:2]) >= tier.minimum_events

    def runs_out(self, within_s: int, at: int) -> bool:
        """Whether nothing is left then, at the pace of the shortest long window."""
        pace_s, budget = min(tier.long_s for tier in self.objective.tiers), 1 - self.objective.target
        pace, period = self.sums(at - pace_s, at), self.counts(self.objective.period_s, at)
        if pace.bad <= budget * pace.events or budget * period.events < 1:
            return False
        start, share = self.bounds(self.objective.period_s, at), Fraction(within_s, pace_s)
        if budget * period.events <= period.bad:
            return True
        if isinstance(self.objective.window, CalendarWindow):
            if span_at(self.objective.window, at).end_unix_s < at + within_s:
                return False
        elif self.objective.event_window is None:
            start += within_s
        else:
            while start < at - 1 and self.sums(start + 1, at).events >= self.objective.event_window - pace.events * share:
                start += 1
        stays = self.sums(start, at)
        return budget * (stays.events + pace.events * share) <= stays.bad + pace.bad * share

    def look(self, at: int) -> list[tuple[str, bool, int]]:
        """The (severity, firing, time) that turned."""
        turned = []
        for severity in ("page", "ticket"):
            firing = any(self.above(tier, at) for tier in self.objective.tiers if tier.severity == severity)
            firing |= any(self.runs_out(within_s, at) for each, within_s in self.objective.exhaustion_alerts if each == severity)
            if firing != (severity in self.firing):
                turned.append((severity, firing, at))
                if firing:
                    self.firing[severity] = at
                else:
                    del self.firing[severity]
        return turned

    def add(self, event: Event) -> tuple[str, Sequence[tuple[str, bool, int]]]:
        """What becomes of an event, and what turned."""
        if self.events and event.end <= self.horizon:
            return "too-late", ()
        if any(event.run == other.run and event.end <= other.end for other in self.events):
            return "duplicate", ()
        turned = []
        if self.events:
            for second in range(self.now + 1, event.end):
                turned += self.look(second)
        self.now = max(self.now, event.end)
        self.events.append(event)
        return "counted", turned + self.look(self.now)

    @property
    def horizon(self) -> int:
        lengths = self.objective.windows_s
        if isinstance(self.objective.window, CalendarWindow):
            return min(self.bounds(lengths[-1], self.now), self.now - lengths[-2])
        return self.now - lengths[-1]

    def exclude(self, start: int, end: int) -> Sequence[tuple[str, bool, int]]:
        self.out.append((start, end))
        return self.look(self.now) if self.events else ()
