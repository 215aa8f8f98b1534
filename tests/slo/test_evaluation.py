import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.ids import DeviceId, IndicatorId, SubjectId
from schemas.records import Verdict
from slo.counts import Counts
from slo.definitions import load
from slo.errors import DefinitionError, SampleError
from slo.evaluation import Evaluation, Evaluator, EvaluatorState, Judged, system_by_prefix
from slo.objective import Method
from slo.tiers import Tier
from slo.track import Disposition
from tests.slo.samples import SUBJECT, Event, Oracle, definitions, objective, sample

TIERS = (
    Tier("flash", "page", 20, 90, Fraction(8), minimum_events=3),
    Tier("quick", "page", 50, 200, Fraction(5)),
    Tier("slow", "ticket", 90, 300, Fraction(2), minimum_events=5),
)
UNDER = objective(TIERS, target=Fraction(9, 10), period_s=400)
verdicts = st.sampled_from([Verdict.GOOD, Verdict.GOOD, Verdict.GOOD, Verdict.BAD, Verdict.BAD, *Verdict])
moves = st.one_of(st.just(10), st.integers(-450, 60), st.integers(0, 30))
series = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), moves, verdicts), min_size=1, max_size=60)


def events(steps: Sequence[tuple[str, int, Verdict]]) -> list[Event]:
    """Moves are relative to the newest event; a few go back beyond the history."""
    found, newest = [], 1_000
    for run, move, verdict in steps:
        found.append(Event(run, newest + move, verdict))
        newest = max(newest, newest + move)
    return found


def feed(evaluator: Evaluator, state: EvaluatorState, event: Event) -> Evaluation:
    excluded = event.verdict is Verdict.EXCLUDED
    given_verdict = Verdict.GOOD if excluded else event.verdict
    return evaluator.step(state, sample(event.end, given_verdict, run=event.run), excluded=excluded)[1]


def figures(state: EvaluatorState) -> object:
    """All that a state holds, to be compared."""
    return {
        key: (
            track.windows.now_unix_s,
            list(track.windows.sums),
            [bucket.end_unix_s for bucket in track.windows.history],  # type: ignore[attr-defined]
            sorted(track.windows.history),  # type: ignore[call-overload]
            track.standings,
            track.last_ends,
        )
        for key, track in state.tracks.items()
    }


@settings(max_examples=400, deadline=None)
@given(series)
def test_against_all_events(steps: list[tuple[str, int, Verdict]]) -> None:
    evaluator = Evaluator(definitions(UNDER))
    state, oracle = evaluator.initial(), Oracle(UNDER)
    for event in events(steps):
        evaluation = feed(evaluator, state, event)
        disposition, turned = oracle.add(event)
        assert evaluation.disposition == disposition
        assert [(alert.severity, alert.firing) for alert in evaluation.alerts] == list(turned)
        if disposition != "counted":
            assert evaluation == Evaluation(evaluation.disposition)
            continue
        (judged,), (budget,) = evaluation.judged, evaluation.budgets
        assert (judged.verdict, judged.run, judged.end_unix_s) == (event.verdict, event.run, event.end)
        assert budget.at_unix_s == oracle.now
        assert [length for length, _ in budget.windows] == [20, 50, 90, 200, 300, 400]
        for length, counts in budget.windows:
            assert counts == oracle.counts(length)
            assert budget.error_ratio(length) == oracle.ratio(length)
        ratio = oracle.ratio(400)
        assert budget.remaining_ratio == (None if ratio is None else 1 - ratio * 10)
        for alert in evaluation.alerts:
            assert alert.since_unix_s == oracle.now
            assert alert.tiers == tuple(t.name for t in TIERS if t.severity == alert.severity and oracle.above(t))
            assert alert.budget_remaining == (None if budget.remaining_ratio is None else str(budget.remaining_ratio))
        silenced = ("purity/sps-helios-01/ticket",) if {"page", "ticket"} <= set(oracle.firing) else ()
        assert evaluation.inhibited == silenced
        standings = state.tracks[SUBJECT, "purity"].standings
        assert {severity: s.since_unix_s for severity, s in standings.items() if s.firing} == oracle.firing


@settings(max_examples=200, deadline=None)
@given(series, st.integers(0, 60))
def test_a_restart_changes_nothing(steps: list[tuple[str, int, Verdict]], cut: int) -> None:
    evaluator = Evaluator(definitions(UNDER))
    through, stored = evaluator.initial(), list[Judged]()
    for event in events(steps)[:cut]:
        stored += feed(evaluator, through, event).judged
    restored = evaluator.restore(evaluator.initial(), stored)
    assert figures(restored) == figures(through)
    for event in events(steps)[cut:]:
        assert feed(evaluator, restored, event) == feed(evaluator, through, event)
    assert figures(restored) == figures(through)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), verdicts), min_size=1, max_size=120))
def test_one_period_of_rows_is_enough(steps: list[tuple[int, Verdict]]) -> None:
    evaluator = Evaluator(definitions(UNDER))
    through, stored, end = evaluator.initial(), list[Judged](), 0
    for gap, verdict in steps:
        end += gap
        stored += feed(evaluator, through, Event("a", end, verdict)).judged
    restored = evaluator.restore(evaluator.initial(), [row for row in stored if row.end_unix_s > end - UNDER.period_s])
    old, new = (state.tracks[SUBJECT, "purity"] for state in (through, restored))
    assert (old.windows.sums, old.windows.history, old.last_ends) == (new.windows.sums, new.windows.history, new.last_ends)
    firing = [{severity: s.tiers for severity, s in track.standings.items() if s.firing} for track in (old, new)]
    assert firing[0] == firing[1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 390), verdicts), min_size=1, max_size=40, unique_by=lambda each: each[0]), st.randoms())
def test_any_order_of_arrival_gives_the_same_figures(found: list[tuple[int, Verdict]], random: object) -> None:
    evaluator = Evaluator(definitions(UNDER))
    in_order = [Event(str(end), end, verdict) for end, verdict in sorted(found)]
    shuffled = list(in_order)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    states = evaluator.initial(), evaluator.initial()
    for state, arriving in zip(states, (in_order, shuffled), strict=True):
        for event in arriving:
            assert feed(evaluator, state, event).disposition is Disposition.COUNTED
    one, other = (state.tracks[SUBJECT, "purity"] for state in states)
    assert one.windows.sums == other.windows.sums
    assert one.windows.history == other.windows.history
    firing = [{severity: s.tiers for severity, s in track.standings.items() if s.firing} for track in (one, other)]
    assert firing[0] == firing[1]


def test_a_source_that_breaks_after_hours_of_health_pages_within_a_minute_and_clears_after_it_is_mended() -> None:
    evaluator = Evaluator(load())
    state, alerts = evaluator.initial(), []
    broken, mended = 40_000, 40_050
    for end in range(10, 45_010, 10):
        _, evaluation = evaluator.step(state, sample(end, Verdict.BAD if broken < end <= mended else Verdict.GOOD))
        alerts += evaluation.alerts
    fired, cleared = (alert for alert in alerts if alert.severity == "page")
    assert (fired.alert, fired.firing, fired.tiers) == ("sps-g2-zero/sps-helios-01/page", True, ("page-flash",))
    assert fired.since_unix_s - broken == 20
    assert (fired.burn_rate, fired.budget_remaining) == (str(Fraction(2, 90) * 1_000), str(1 - Fraction(2, 4_002) * 1_000))
    assert (fired.run, fired.firmware, fired.runbook) == ("run-1", "2.4.1", "docs/runbooks/sps.F7.md")
    assert (cleared.firing, cleared.tiers, cleared.since_unix_s - mended) == (False, (), 60)


def test_insufficient_and_excluded_neither_burn_nor_repair() -> None:
    evaluator = Evaluator(load())
    state = evaluator.initial()
    for end, verdict in ((10, Verdict.GOOD), (20, Verdict.INSUFFICIENT)):
        evaluator.step(state, sample(end, verdict))
    _, evaluation = evaluator.step(state, sample(30, Verdict.BAD), excluded=True)
    (budget,) = evaluation.budgets
    assert budget.period == Counts(good=1, insufficient=1, excluded=1)
    assert budget.remaining_ratio == 1
    assert [row.verdict for row in evaluation.judged] == [Verdict.EXCLUDED]


def test_neighbours_do_not_touch_each_other() -> None:
    evaluator = Evaluator(load())
    state = evaluator.initial()
    for end in range(10, 1_000, 10):
        evaluator.step(state, sample(end, Verdict.BAD, subject="sps-a"))
        _, healthy = evaluator.step(state, sample(end, subject="sps-b"))
        assert healthy.alerts == ()
    used = {budget.subject: budget.used for budget in evaluator.budgets(state)}
    assert used == {"sps-a": 99, "sps-b": 0}


def test_whom_an_objective_is_about() -> None:
    assert system_by_prefix(DeviceId("qdp-lab-2")) == "qdp"
    state = Evaluator(load()).initial()
    _, other = Evaluator(load()).step(state, sample(10, subject="qdp-lab-2"))
    assert other.disposition is Disposition.UNWATCHED
    _, told = Evaluator(load(), system_of=lambda _: "sps").step(state, sample(10, subject="qdp-lab-2"))
    assert told.disposition is Disposition.COUNTED


def test_two_objectives_of_one_indicator_are_judged_apart() -> None:
    strict, loose = objective(name="strict"), objective(name="loose")
    assert strict.criterion is not None
    strict = replace(strict, criterion=replace(strict.criterion, threshold=Fraction(1, 100)))
    evaluator = Evaluator(definitions(loose, strict))
    _, evaluation = evaluator.step(evaluator.initial(), sample(10))
    assert [(row.objective, row.verdict) for row in evaluation.judged] == [("loose", Verdict.GOOD), ("strict", Verdict.BAD)]


def test_a_sample_that_contradicts_its_definition_changes_nothing() -> None:
    evaluator = Evaluator(load())
    state = evaluator.initial()
    with pytest.raises(SampleError, match=r"sps\.M1 of sps-helios-01 \(run run-1, end 10\) comes in `Hz`, not `1`"):
        evaluator.step(state, sample(10, unit="Hz"))
    assert state.tracks == {}


def test_rows_of_a_deleted_objective_are_passed_over() -> None:
    evaluator = Evaluator(load())
    row = Judged("gone", SubjectId("sps-1"), IndicatorId("sps.M1"), sample(1).run, 10, Verdict.BAD, Counts(bad=1))
    assert evaluator.restore(evaluator.initial(), [row]).tracks == {}


def test_what_the_stream_cannot_evaluate_is_refused() -> None:
    sliced = replace(objective(), method=Method.TIMESLICES, slice_ratio=Fraction(1, 2), slice_s=60)
    with pytest.raises(DefinitionError, match="counted by Timeslices over a RollingWindow"):
        Evaluator(definitions(sliced))


def test_a_subject_in_health_costs_little() -> None:
    """Ten thousand subjects under ten objectives within their ten seconds are 100 µs each; the bar here is loose on purpose."""
    evaluator = Evaluator(load())
    state = evaluator.initial()
    many = [sample(end) for end in range(10, 50_010, 10)]
    began = time.process_time()
    for each in many:
        evaluator.step(state, each)
    assert (time.process_time() - began) / len(many) < 1e-3
    assert state.tracks[SUBJECT, "sps-g2-zero"].windows.history.runs == 1  # type: ignore[attr-defined]
