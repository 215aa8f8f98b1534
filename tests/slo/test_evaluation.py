import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.ids import DeviceId, SubjectId
from schemas.records import Verdict
from slo.assessment import assess
from slo.counts import ONE_OF, Bucket, Counts
from slo.definitions import load
from slo.errors import SampleError
from slo.evaluation import Evaluation, Evaluator, EvaluatorState, Judged, Remembered, system_by_prefix
from slo.exclusion_file import read_plan
from slo.exclusions import Exclusion
from slo.exhaustion import EXHAUSTION
from slo.history import Run, RunLengthHistory, plus
from slo.horizon import forecast_of
from slo.instant import NS
from slo.objective import EmptySlices, EventCounts, Method
from slo.period import CalendarWindow
from slo.schedule import Schedule
from slo.series import series_of
from slo.tiers import Tier
from slo.topology import Topology
from slo.track import Disposition
from tests.slo.samples import SUBJECT, Event, Oracle, definitions, objective, sample

TIERS = (
    Tier("flash", "page", 20, 90, Fraction(8), minimum_events=3),
    Tier("quick", "page", 50, 200, Fraction(5)),
    Tier("slow", "ticket", 90, 300, Fraction(2), minimum_events=5),
)
UNDER = objective(TIERS, target=Fraction(9, 10), period_s=400)
CALENDAR = CalendarWindow(10, "m", datetime(1970, 1, 1, 0, 3), "Europe/Berlin")  # noqa: DTZ001
SLICED = replace(UNDER, method=Method.TIMESLICES, slice_s=30, slice_ratio=Fraction(3, 4))
KINDS = {
    "events": UNDER,
    "calendar": replace(UNDER, window=CALENDAR),
    "last events": replace(UNDER, event_window=7),
    "slices": SLICED,
    "empty slices are bad": replace(SLICED, empty_slices=EmptySlices.BAD),
    "empty slices are good": replace(SLICED, empty_slices=EmptySlices.GOOD),
    "averaged slices": replace(SLICED, method=Method.RATIO_TIMESLICES),
}
RUNS_OUT = (("page", 25), ("ticket", 150))
KINDS |= {f"{kind}, how long they last": replace(under, exhaustion_alerts=RUNS_OUT) for kind, under in KINDS.items()}
kinds = st.sampled_from(sorted(KINDS))
verdicts = st.sampled_from([Verdict.GOOD, Verdict.GOOD, Verdict.GOOD, Verdict.BAD, Verdict.BAD, Verdict.INSUFFICIENT])
moves = st.one_of(st.just(10), st.integers(-450, 60), st.integers(0, 30))
exclusions = st.tuples(st.integers(-200, 100), st.integers(1, 80))
series = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["a", "b", "c"]), moves, verdicts),
        st.tuples(st.sampled_from(["a", "b", "c"]), moves, verdicts),
        exclusions,
    ),
    min_size=1,
    max_size=40,
)
Step = tuple[str, int, Verdict] | tuple[int, int]


def events(steps: Sequence[Step]) -> list[Event | tuple[int, int]]:
    """Moves are relative to the newest event; a few go back beyond the history. Pairs are exclusions."""
    found: list[Event | tuple[int, int]] = []
    newest = 1_000
    for step in steps:
        if len(step) == 2:
            found.append((newest + step[0], newest + step[0] + step[1]))
            continue
        run, move, verdict = step
        found.append(Event(run, newest + move, verdict))
        newest = max(newest, newest + move)
    return found


def feed(evaluator: Evaluator, state: EvaluatorState, event: Event | tuple[int, int]) -> Evaluation:
    if isinstance(event, Event):
        return evaluator.step(state, sample(event.end, event.verdict, run=event.run))[1]
    start, end = event
    return evaluator.exclude(state, Exclusion(start * NS, end * NS, f"until {end}"))[1]


def figures(state: EvaluatorState) -> object:
    """All that a state holds, to be compared. Buckets that no window reaches are left out: only a store keeps them."""
    return {
        key: (
            track.now_unix_s,
            list(track.sums),
            _by_end(track.line.runs_between(track._horizon, track.now_unix_s)),
            track.standings,
            track.last_ends,
        )
        for key, track in state.tracks.items()
    }


def _by_end(runs: Iterable[Run]) -> dict[int, Counts]:
    found: dict[int, Counts] = {}
    for run in runs:
        found |= {end: plus(found.get(end, Counts()), run.counts) for end in run.ends}
    return found


def remembered(state: EvaluatorState, stored: Sequence[Judged]) -> list[Remembered]:
    """What a store would give back of the rows of one subject and objective."""
    found = []
    for (subject, name), track in state.tracks.items():
        rows = [row for row in stored if (row.subject, row.objective) == (subject, name)]
        history = RunLengthHistory()
        for row in rows:
            history.add(Bucket(row.end_unix_s, row.counts))
        ends = {row.run: max(r.end_unix_s for r in rows if r.run == row.run) for row in rows}
        first = min(row.end_unix_s for row in rows)
        found.append(Remembered(name, subject, history, first, track.now_unix_s, ends, track.standings))
    return found


@settings(max_examples=200, deadline=None)
@given(series, kinds)
def test_against_all_events_second_by_second(steps: list[Step], kind: str) -> None:
    under = KINDS[kind]
    evaluator = Evaluator(definitions(under))
    state, oracle = evaluator.initial(), Oracle(under)
    for event in events(steps):
        evaluation = feed(evaluator, state, event)
        turns = [(alert.severity, alert.firing, alert.since_unix_s) for alert in evaluation.alerts]
        if not isinstance(event, Event):
            assert turns == list(oracle.exclude(*event))
            continue
        disposition, turned = oracle.add(event)
        assert evaluation.disposition == disposition
        assert turns == list(turned)
        if disposition != "counted":
            assert evaluation == Evaluation(evaluation.disposition)
            continue
        (judged,), (budget,) = evaluation.judged, evaluation.budgets
        assert (judged.verdict, judged.run, judged.end_unix_s) == (oracle.said(event), event.run, event.end)
        assert judged.counts == ONE_OF[event.verdict]
        assert budget.at_unix_s == oracle.now
        assert tuple(length for length, _ in budget.windows) == under.windows_s
        for length, counts in budget.windows:
            assert counts == oracle.counts(length, oracle.now)
            assert budget.error_ratio(length) == oracle.ratio(length)
        ratio = oracle.ratio(under.period_s)
        assert budget.remaining_ratio == (None if ratio is None else 1 - ratio * 10)
        silenced = ("purity/sps-helios-01/ticket",) if {"page", "ticket"} <= set(oracle.firing) else ()
        assert evaluation.inhibited == silenced
        standings = state.tracks[SUBJECT, "purity"].standings
        assert {severity: s.since_unix_s for severity, s in standings.items() if s.firing} == oracle.firing
        tiers = {s: v.tiers for s, v in standings.items() if v.firing}
        for severity, names in tiers.items():
            above = [tier.name for tier in TIERS if tier.severity == severity and oracle.above(tier, oracle.now)]
            runs_out = any(each == severity and oracle.runs_out(s, oracle.now) for each, s in under.exhaustion_alerts)
            assert list(names) == above + ["exhaustion"] * runs_out


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(series, kinds, st.lists(st.integers(0, 40), max_size=20))
@example([("a", -290, Verdict.GOOD), ("a", 10, Verdict.GOOD), (0, 1)], "calendar", [2])  # 710 lies before every window of 1010
def test_twenty_restarts_change_nothing(steps: list[Step], kind: str, cuts: list[int]) -> None:
    evaluator = Evaluator(definitions(KINDS[kind]))
    through, restarted = evaluator.initial(), evaluator.initial()
    stored, raised = list[Judged](), list[Exclusion]()
    for index, event in enumerate(events(steps)):
        if index in cuts:
            restarted = evaluator.restore(evaluator.initial(), remembered(restarted, stored), raised)
            assert figures(restarted) == figures(through)
        one, other = feed(evaluator, through, event), feed(evaluator, restarted, event)
        assert one == other
        stored += one.judged
        if not isinstance(event, Event):
            raised.append(Exclusion(event[0] * NS, event[1] * NS, f"until {event[1]}"))
    assert figures(restarted) == figures(through)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 390), verdicts), min_size=1, max_size=30, unique_by=lambda each: each[0]),
    st.lists(exclusions, max_size=2),
    st.randoms(),
    kinds,
)
def test_any_order_of_arrival_gives_the_same_figures(
    found: list[tuple[int, Verdict]], out: list[tuple[int, int]], random: object, kind: str
) -> None:
    """And they are those of the engine that looks back over whole series."""
    under = KINDS[kind]
    evaluator = Evaluator(definitions(under))
    stretches = [(1_000 + start, 1_000 + start + length) for start, length in out]
    in_order = [*(Event(str(end), 1_000 + end, verdict) for end, verdict in sorted(found)), *stretches]
    shuffled = list(in_order)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    states = evaluator.initial(), evaluator.initial()
    for state, arriving in zip(states, (in_order, shuffled), strict=True):
        for event in arriving:
            feed(evaluator, state, event)
    one, other = (state.tracks[SUBJECT, "purity"] for state in states)
    assert (one.sums, one.last_ends) == (other.sums, other.last_ends)
    firing = [{severity: s.tiers for severity, s in track.standings.items() if s.firing} for track in (one, other)]
    assert firing[0] == firing[1]
    if kind.startswith("calendar"):  # its buckets may lie before the period, and then come too late
        return
    rows = [
        ((1_000 + end) * NS, int(verdict is Verdict.GOOD), int(verdict is Verdict.BAD))
        for end, verdict in found
        if verdict is not Verdict.INSUFFICIENT
    ]
    declared = [Exclusion(start * NS, end * NS, "test") for start, end in stretches]
    if Verdict.INSUFFICIENT in {verdict for _, verdict in found}:
        return
    seen = assess(under, series_of(rows, NS), one.now_unix_s * NS, exclusions=declared)
    assert [counts[:2] for _, counts in seen.snapshot.windows] == [counts[:2] for counts in one.sums]
    names = {name for tiers in firing[0].values() for name in tiers}
    assert {state.tier.name for state in seen.tiers if state.firing} == names - {EXHAUSTION}
    within = forecast_of(under, one.line, seen.snapshot)
    assert seen.forecast.after == (None if within.after is None else within.after * NS)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 390), st.sampled_from([Verdict.GOOD, Verdict.BAD])), min_size=1, unique_by=lambda each: each[0]
    ),
    kinds,
)
def test_looking_back_finds_the_turns_that_the_stream_told(found: list[tuple[int, Verdict]], kind: str) -> None:
    """Samples in order, nothing excluded: what was told as it happened is what hindsight sees."""
    under = KINDS[kind]
    evaluator = Evaluator(definitions(under))
    state, told = evaluator.initial(), []
    for end, verdict in sorted(found):
        told += feed(evaluator, state, Event("a", 1_000 + end, verdict)).alerts
    rows = [((1_000 + end) * NS, int(verdict is Verdict.GOOD), int(verdict is Verdict.BAD)) for end, verdict in found]
    seen = assess(under, series_of(rows, NS), max(row[0] for row in rows), with_transitions=True)
    assert [(turn.severity, turn.firing, turn.time_ns // NS) for turn in seen.transitions] == [
        (alert.severity, alert.firing, alert.since_unix_s) for alert in told
    ]
    standing = state.tracks[SUBJECT, "purity"].standings
    assert seen.alerts == tuple(severity for severity in ("page", "ticket") if severity in standing and standing[severity].firing)


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
    for end, verdict in ((10, Verdict.GOOD), (20, Verdict.INSUFFICIENT), (30, Verdict.BAD)):
        evaluator.step(state, sample(end, verdict))
    _, evaluation = evaluator.exclude(state, Exclusion(20 * NS, 40 * NS, "warm-up", "gpb"))
    (budget,) = evaluation.budgets
    assert budget.period == Counts(good=1, insufficient=1, excluded=1)
    assert budget.remaining_ratio == 1
    _, evaluation = evaluator.step(state, sample(40, Verdict.BAD))
    assert [row.verdict for row in evaluation.judged] == [Verdict.EXCLUDED]
    assert evaluation.budgets[0].period == Counts(good=1, insufficient=1, excluded=2)


def test_an_exclusion_whose_end_becomes_known_is_the_same_exclusion() -> None:
    evaluator = Evaluator(load())
    state = evaluator.initial()
    for end in range(10, 60, 10):
        evaluator.step(state, sample(end, Verdict.BAD))
    open_ended = Exclusion(10 * NS, 1 << 61, "calibration", "gpb", SUBJECT)
    assert evaluator.exclude(state, open_ended)[1].budgets[0].period == Counts(bad=1, excluded=4)
    assert evaluator.exclude(state, open_ended)[1] == Evaluation(Disposition.DUPLICATE)
    ended = replace(open_ended, end_ns=30 * NS)
    assert evaluator.exclude(state, ended)[1].budgets[0].period == Counts(bad=3, excluded=2)


def test_what_is_planned_recurs_for_the_stream(tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    file.write_text("start,end,reason,rule\n1970-01-01T02:00,1970-01-01T03:00,backup,FREQ=DAILY\n", "utf-8")
    evaluator = Evaluator(load(), schedule=Schedule(read_plan(file)))
    state = evaluator.initial()
    said = [
        evaluator.step(state, sample(day * 86_400 + hour * 3_600 + 1_800))[1].judged[0].verdict
        for day in (0, 3, 30)
        for hour in (1, 2, 3)
    ]
    assert said == [Verdict.GOOD, Verdict.EXCLUDED, Verdict.GOOD] * 3


def test_what_is_planned_takes_out_all_that_depends_on_it(tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    file.write_text("start,end,reason,subject\n1970-01-01T00:00,1970-01-01T00:01,warm-up,cryostat-1\n", "utf-8")
    topology = Topology({SUBJECT: (SubjectId("laser-1"),), SubjectId("laser-1"): (SubjectId("cryostat-1"),)})
    evaluator = Evaluator(load(), schedule=Schedule(read_plan(file)), topology=topology)
    state = evaluator.initial()
    said = {
        subject: [evaluator.step(state, sample(end, subject=subject))[1].judged[0].verdict for end in (60, 61)]
        for subject in (SUBJECT, "sps-elsewhere")
    }
    assert said == {SUBJECT: [Verdict.EXCLUDED, Verdict.GOOD], "sps-elsewhere": [Verdict.GOOD, Verdict.GOOD]}


def test_safety_is_never_excluded() -> None:
    evaluator = Evaluator(definitions(replace(UNDER, critical=True)))
    state = evaluator.initial()
    evaluator.exclude(state, Exclusion(0, 1 << 61, "maintenance"))
    alerts = [alert for end in range(10, 60, 10) for alert in evaluator.step(state, sample(end, Verdict.BAD))[1].alerts]
    assert [(alert.severity, alert.firing) for alert in alerts] == [("page", True), ("ticket", True)]
    assert alerts[1].inhibited_by == ""


def test_events_that_a_sample_counted() -> None:
    under = objective(target=Fraction(9, 10))
    assert under.criterion is not None
    counted = replace(under, criterion=replace(under.criterion, events=EventCounts("trials", bad="failures")))
    evaluator = Evaluator(definitions(counted))
    state = evaluator.initial()

    def step(end: int, counts: dict[str, int]) -> Judged:
        one = sample(end)
        estimated = msgspec.structs.replace(one.estimate, counts=counts)
        return evaluator.step(state, msgspec.structs.replace(one, estimate=estimated))[1].judged[0]

    assert (step(20, {"trials": 9, "failures": 2}).verdict, step(30, {"trials": 9, "failures": 0}).counts) == (
        Verdict.BAD,
        Counts(good=9),
    )
    assert step(40, {"other": 1}).verdict is Verdict.INSUFFICIENT
    (budget,) = evaluator.budgets(state)
    assert budget.period == Counts(good=16, bad=2, insufficient=1)


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


def test_what_is_remembered_of_a_deleted_objective_is_passed_over() -> None:
    evaluator = Evaluator(load())
    gone = Remembered("gone", SubjectId("sps-1"), RunLengthHistory(), 10, 10, {}, {})
    assert evaluator.restore(evaluator.initial(), [gone]).tracks == {}


def test_a_subject_in_health_costs_little() -> None:
    """Ten thousand subjects under ten objectives within their ten seconds are 100 µs each; the bar here is loose on purpose."""
    evaluator = Evaluator(load())
    state = evaluator.initial()
    many = [sample(end) for end in range(10, 50_010, 10)]
    began = time.process_time()
    for each in many:
        evaluator.step(state, each)
    assert (time.process_time() - began) / len(many) < 1e-3
    assert state.tracks[SUBJECT, "sps-g2-zero"].line.runs == 1  # type: ignore[attr-defined]
