"""The engine over whole series against an oracle that looks at every row and every second anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.assessment import Assessment, assess
from slo.errors import SeriesError
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.objective import EmptySlices, Method, Objective
from slo.series import Series, series_of
from slo.tiers import Tier
from tests.slo.samples import objective

DAY = 86_400
TIERS = (
    Tier("flash", "page", 20, 90, Fraction(8), minimum_events=3),
    Tier("quick", "page", 50, 200, Fraction(5)),
    Tier("slow", "ticket", 90, 300, Fraction(2), minimum_events=5),
)
UNDER = objective(TIERS, target=Fraction(9, 10), period_s=400)
START = 1_000
Row = tuple[int, int, int]
"""End, good, bad."""


def series(rows: Sequence[Row], interval_s: int = 10) -> Series:
    return series_of([(end * NS, good, bad) for end, good, bad in rows], interval_s * NS)


@dataclass
class Oracle:
    under: Objective
    rows: Sequence[Row]
    at: int
    excluded: Sequence[tuple[int, int]] = ()

    def __post_init__(self) -> None:
        known = sorted(row for row in self.rows if row[0] <= self.at)
        out = [row for row in known if self.is_out(row[0])]
        kept = [row for row in known if row not in out]
        self.kinds: dict[int, str] = {}
        if self.under.slice_s is None:
            self.buckets = [(end, Fraction(good), Fraction(bad)) for end, good, bad in kept]
            return
        self.buckets = []
        length = self.under.slice_s
        first = known[0][0] if known else self.at + 1
        for end in range(-(-first // length) * length, self.at + 1, length):
            inside = [row for row in kept if end - length < row[0] <= end]
            dropped = [row for row in out if end - length < row[0] <= end]
            good, bad = sum(row[1] for row in inside), sum(row[2] for row in inside)
            if good + bad:
                ratio = Fraction(good, good + bad)
                worst = self.under.slice_ratio if self.under.method is Method.TIMESLICES else Fraction(1)
                assert worst is not None
                self.kinds[end] = "bad" if ratio < worst else "good"
                share = ratio if self.under.method is Method.RATIO_TIMESLICES else Fraction(self.kinds[end] == "good")
            elif not inside and (dropped or self.is_out(end)):
                self.kinds[end] = "excluded"
                continue
            else:
                self.kinds[end] = "empty"
                if self.under.empty_slices is EmptySlices.EXCLUDED:
                    continue
                share = Fraction(self.under.empty_slices is EmptySlices.GOOD)
            self.buckets.append((end, share, 1 - share))

    def is_out(self, end: int) -> bool:
        return any(since < end <= until for since, until in self.excluded)

    def sums(self, now: int, length: int) -> tuple[Fraction, Fraction]:
        inside = [bucket for bucket in self.buckets if now - length < bucket[0] <= now]
        return sum((b[1] for b in inside), Fraction(0)), sum((b[2] for b in inside), Fraction(0))

    def fires(self, now: int, tier: Tier) -> bool:
        limit = tier.factor * self.under.budget
        for length in (tier.short_s, tier.long_s):
            good, bad = self.sums(now, length)
            if not good + bad or bad / (good + bad) <= limit:
                return False
        return sum(self.sums(now, tier.long_s)) >= tier.minimum_events

    def transitions(self) -> list[tuple[str, int, bool]]:
        found, last = [], {"page": False, "ticket": False}
        for now in range(START - 500, self.at + 1):
            for severity, before in tuple(last.items()):
                fires = any(self.fires(now, tier) for tier in self.under.tiers if tier.severity == severity)
                if fires != before:
                    found.append((severity, now, fires))
                    last[severity] = fires
        return found


def agrees(found: Assessment, oracle: Oracle) -> None:
    """Everything that both can say is the same."""
    under, at = oracle.under, oracle.at
    for length, counts in found.snapshot.windows:
        assert tuple(counts[:2]) == oracle.sums(at, length)
    good, bad = oracle.sums(at, under.period_s)
    assert found.snapshot.total == (good + bad) * under.budget
    assert found.snapshot.remaining_ratio == (1 - bad / (good + bad) / under.budget if good + bad else None)
    assert [state.firing for state in found.tiers] == [oracle.fires(at, tier) for tier in under.tiers]
    assert [(t.severity, t.time_ns / NS, t.firing) for t in found.transitions] == oracle.transitions()
    if under.slice_s:
        kinds = [kind for end, kind in oracle.kinds.items() if at - under.period_s < end <= at]
        assert found.slices == tuple(kinds.count(kind) for kind in ("good", "bad", "empty", "excluded"))


rows = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 5), st.sampled_from([0, 0, 0, 1, 4])),
    max_size=40,
    unique_by=lambda row: row[0],
).map(lambda found: [(START + 10 * slot, good, bad) for slot, good, bad in found])
stretches = st.lists(st.tuples(st.integers(START - 50, START + 700), st.integers(1, 150)), max_size=3).map(
    lambda found: [(since, since + length) for since, length in found]
)


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(START, START + 1_000), stretches)
def test_occurrences_against_every_second(found: list[Row], at: int, out: list[tuple[int, int]]) -> None:
    exclusions = [Exclusion(since * NS, until * NS, "test") for since, until in out]
    result = assess(UNDER, series(found), at * NS, exclusions=exclusions, with_transitions=True)
    agrees(result, Oracle(UNDER, found, at, out))


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(START, START + 1_000), stretches, st.sampled_from(EmptySlices), st.booleans())
def test_slices_against_every_second(
    found: list[Row], at: int, out: list[tuple[int, int]], empty: EmptySlices, ratio: bool
) -> None:
    under = replace(
        UNDER,
        method=Method.RATIO_TIMESLICES if ratio else Method.TIMESLICES,
        slice_s=30,
        slice_ratio=None if ratio else Fraction(3, 4),
        empty_slices=empty,
    )
    exclusions = [Exclusion(since * NS, until * NS, "test") for since, until in out]
    result = assess(under, series(found), at * NS, exclusions=exclusions, with_transitions=True)
    agrees(result, Oracle(under, found, at, out))


def test_conventions_at_the_edges() -> None:
    """(now - W, now], by the end of the bucket; strictly above; no events: undefined."""
    tier = Tier("t", "page", 10, 20, Fraction(5))
    under = objective((tier,), target=Fraction(9, 10), period_s=100)
    at_threshold = series([(START, 5, 5), (START + 10, 5, 5)])
    assert not assess(under, at_threshold, (START + 10) * NS).alerts
    assert assess(under, series([(START, 6, 4), (START + 10, 4, 5)]), (START + 10) * NS).alerts == ()
    assert assess(under, series([(START, 4, 5), (START + 10, 4, 5)]), (START + 10) * NS).alerts == ("page",)
    left = assess(under, series([(START, 0, 9)]), (START + 20) * NS)
    assert left.snapshot.burn_rate(20) is None
    assert left.snapshot.burn_rate(100) == 10
    assert left.snapshot.remaining_ratio == -9
    gone = assess(under, series([(START, 0, 9)]), (START + 100) * NS)
    assert gone.snapshot.remaining_ratio is None
    assert gone.forecast.after is None


def test_events_are_asked_of_the_long_window() -> None:
    tier = Tier("t", "ticket", 10, 100, Fraction(5), minimum_events=10)
    under = objective((tier,), target=Fraction(9, 10), period_s=100)
    few = assess(under, series([(START, 0, 4), (START + 10, 0, 5)]), (START + 10) * NS)
    assert [(state.firing, state.suppressed) for state in few.tiers] == [(False, True)]
    enough = assess(under, series([(START, 0, 5), (START + 10, 0, 5)]), (START + 10) * NS)
    assert [(state.firing, state.suppressed) for state in enough.tiers] == [(True, False)]


def test_what_comes_later_is_not_looked_at() -> None:
    found = [(START + 10 * slot, 1, slot % 2) for slot in range(40)]
    whole = assess(UNDER, series(found), (START + 200) * NS, with_transitions=True)
    cut = assess(UNDER, series(found[:21]), (START + 200) * NS, with_transitions=True)
    assert (whole.snapshot, whole.transitions, whole.forecast) == (cut.snapshot, cut.transitions, cut.forecast)


def test_the_last_so_many_events() -> None:
    under = replace(objective(target=Fraction(9, 10), period_s=DAY), event_window=20)
    found = [(START + 10 * slot, 3, slot % 2) for slot in range(40)]
    counts = assess(under, series(found), (START + 390) * NS).snapshot.period
    assert counts[:2] == (18, 3)
    assert assess(under, series(found[:3]), (START + 390) * NS).snapshot.period[:2] == (9, 1)


def test_excluded_time_is_shown_capped_and_never_taken_from_safety() -> None:
    found = [(START + 10 * slot, 0, 1) for slot in range(41)]
    out = [Exclusion((START + 100) * NS, (START + 300) * NS, "warm-up", "gpb")]
    at = (START + 400) * NS
    plain = assess(UNDER, series(found), at, exclusions=out)
    assert (plain.excluded_ns, plain.snapshot.period.bad, plain.slices.excluded) == (200 * NS, 20, 20)
    assert plain.exclusions == tuple(out)
    capped = assess(replace(UNDER, exclusion_cap=Fraction(1, 4)), series(found), at, exclusions=out)
    assert (capped.excluded_ns, capped.snapshot.period.bad) == (100 * NS, 30)
    critical = assess(replace(UNDER, critical=True), series(found), at, exclusions=out)
    assert (critical.excluded_ns, critical.snapshot.period.bad) == (0, 40)
    other = assess(UNDER, series(found), at, exclusions=[replace(out[0], subject="qdp-1")])  # type: ignore[arg-type]
    assert other.excluded_ns == 0


def test_slices_cannot_be_finer_than_the_series() -> None:
    sliced = replace(UNDER, method=Method.TIMESLICES, slice_s=5, slice_ratio=Fraction(1, 2))
    with pytest.raises(SeriesError, match="timeSliceWindow: slices of 5 s cannot be judged by intervals of 10 s; count"):
        assess(sliced, series([(START, 1, 1)]), START * NS)
