"""Looking back gives what the stream gave, sample by sample."""

from dataclasses import replace
from fractions import Fraction
from itertools import zip_longest

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.ids import SubjectId
from schemas.records import IndicatorSample, Verdict
from slo.backtest import Episode, Trial, a_week, episodes, look_back_ns, try_all
from slo.composite_watch import CompositeSnapshot, member_of
from slo.evaluation import Evaluator
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.objective import Composite, EmptySlices, Method, Mode, Objective, Part
from slo.sample_columns import columns_of, series_of_samples
from slo.tiers import Tier
from slo.topology import Topology
from slo.turning import Transition
from tests.slo.samples import SUBJECT, definitions, objective, sample

TIERS = (Tier("quick", "page", 50, 200, Fraction(5)), Tier("slow", "ticket", 90, 300, Fraction(2), minimum_events=5))
UNDER = objective(TIERS, target=Fraction(9, 10), period_s=400)
ENDS = range(10, 900, 10)
verdicts = st.lists(st.sampled_from([*[Verdict.GOOD] * 6, Verdict.BAD, Verdict.INSUFFICIENT, None]), min_size=3, max_size=80)


def streamed(under: list[Objective], samples: list[IndicatorSample], out: list[Exclusion]) -> tuple[Evaluator, object, list]:
    evaluator = Evaluator(definitions(*under))
    state, turned = evaluator.initial(), []
    for exclusion in out:
        state, _ = evaluator.exclude(state, exclusion)
    last: dict[str, CompositeSnapshot] = {}
    for one in samples:
        state, found = evaluator.step(state, one)
        turned += [(each.objective, each.severity, each.since_unix_s, each.firing) for each in found.alerts]
        last |= {each.objective.name: each for each in found.composites}
    return evaluator, (state, last), turned


def looked_back(under: list[Objective], samples: list[IndicatorSample], out: list[Exclusion]) -> list[Trial]:
    measuring = [each for each in under if each.criterion]
    series = {
        (each.name, SUBJECT): series_of_samples(columns_of(samples, ()), each.criterion) for each in measuring if each.criterion
    }
    return try_all(under, series, (0, samples[-1].end_unix_s * NS), out)


def turns(trials: list[Trial]) -> list[tuple[str, str, int, bool]]:
    found = []
    for trial in trials:
        for each in trial.episodes:
            found.append((trial.objective.name, each.severity, each.start_ns // NS, True))
            if each.end_ns is not None:
                found.append((trial.objective.name, each.severity, each.end_ns // NS, False))
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(
    verdicts,
    st.sampled_from([(Method.OCCURRENCES, None), (Method.TIMESLICES, 30), (Method.RATIO_TIMESLICES, 40)]),
    st.sampled_from(EmptySlices),
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 200)), max_size=2),
    st.sampled_from([Fraction(1), Fraction(1, 5)]),
)
def test_it_is_what_the_stream_said(
    said: list[Verdict | None],
    method: tuple[Method, int | None],
    empty: EmptySlices,
    out: list[tuple[int, int]],
    cap: Fraction,
) -> None:
    samples = [sample(end, verdict) for end, verdict in zip(ENDS, said, strict=False) if verdict]
    if not samples:
        return
    under = replace(UNDER, method=method[0], slice_s=method[1], slice_ratio=Fraction(3, 4), empty_slices=empty, exclusion_cap=cap)
    excluded = [Exclusion(since * NS, (since + length) * NS, f"why {since}") for since, length in out]
    evaluator, (state, _), turned = streamed([under], samples, excluded)
    (trial,) = looked_back([under], samples, excluded)
    (budget,) = evaluator.budgets(state)
    assert trial.remaining == budget.remaining_ratio
    assert turns([trial]) == sorted(turned)
    if samples[-1].end_unix_s <= UNDER.period_s and trial.tally and method[1] is None:
        assert tuple(trial.tally) == tuple(budget.period)


@settings(max_examples=60, deadline=None)
@given(verdicts, st.sampled_from(Mode))
@example([Verdict.BAD, Verdict.BAD, None, *[Verdict.GOOD] * 5, Verdict.BAD, None, Verdict.GOOD], Mode.WEIGHTED)
def test_composites_too(said: list[Verdict | None], mode: Mode) -> None:
    samples = [sample(end, verdict) for end, verdict in zip(ENDS, said, strict=False) if verdict]
    if not samples:
        return
    strict = replace(UNDER, name="strict", criterion=replace(UNDER.criterion, threshold=Fraction(1, 5)))
    composite = Composite(mode, (Part("purity", Fraction(1), Fraction(9, 10)), Part("strict", Fraction(2), Fraction(4, 5))))
    whole = replace(UNDER, name="whole", criterion=None, composite=composite, tiers=TIERS)
    objectives = [UNDER, strict, whole]
    _, (_, last), turned = streamed(objectives, samples, [])
    trials = {each.objective.name: each for each in looked_back(objectives, samples, [])}
    assert trials["whole"].remaining == last["whole"].remaining_ratio
    assert trials["whole"].tally is None
    assert sorted(turn for turn in turned if turn[0] == "whole") == turns([trials["whole"]])


@settings(max_examples=30, deadline=None)
@given(verdicts, verdicts, st.sampled_from(Mode))
def test_a_path_is_judged_by_its_members(one: list[Verdict | None], other: list[Verdict | None], mode: Mode) -> None:
    part = replace(UNDER, name="part")
    whole = replace(
        UNDER,
        name="whole",
        criterion=None,
        composite=Composite(mode, (Part("part", Fraction(1), Fraction(9, 10)),)),
        subjects=("link-*",),
    )
    link, members = SubjectId("link-ab"), (SubjectId("sps-a"), SubjectId("sps-b"))
    evaluator = Evaluator(definitions(part, whole), topology=Topology({}, {link: members}))
    state, turned, snapshot = evaluator.initial(), [], None
    of_members: dict[SubjectId, list[IndicatorSample]] = {each: [] for each in members}
    for end, said in zip(ENDS, zip_longest(one, other), strict=False):
        for member, verdict in zip(members, said, strict=True):
            if verdict is None:
                continue
            of_members[member].append(sample(end, verdict, subject=member))
            for _, told in evaluator.as_member(of_members[member][-1]):
                state, found = evaluator.step(state, told)
                turned += [(each.objective, each.severity, each.since_unix_s, each.firing) for each in found.alerts]
                (snapshot,) = found.composites
    if snapshot is None:
        return
    assert part.criterion is not None
    series = {
        ("part", member_of(link, member)): series_of_samples(columns_of(samples, ()), part.criterion)
        for member, samples in of_members.items()
        if samples
    }
    (trial,) = try_all([part, whole], series, (0, snapshot.at_unix_s * NS))
    assert (trial.objective.name, trial.subject) == ("whole", link)
    assert trial.remaining == snapshot.remaining_ratio
    assert [turn for turn in turns([trial]) if turn[2] < snapshot.at_unix_s] == [
        turn for turn in lasting(turned) if turn[2] < snapshot.at_unix_s
    ]


def lasting(turned: list[tuple[str, str, int, bool]]) -> list[tuple[str, str, int, bool]]:
    """Without what one member made fire and the other clear at the same instant: looking back knows both at once."""
    times: dict[tuple[str, str, int], int] = {}
    for *what, _ in turned:
        times[tuple(what)] = times.get(tuple(what), 0) + 1
    return sorted(each for each in turned if times[each[:3]] == 1)


def test_alerts_are_told_once_and_only_if_nothing_silences_them() -> None:
    turned = [
        Transition("ticket", 5, firing=True),
        Transition("page", 10, firing=True),
        Transition("page", 20, firing=False),
        Transition("ticket", 30, firing=False),
        Transition("page", 40, firing=True),
        Transition("ticket", 41, firing=True),
    ]
    found = episodes(turned, (15, 100))
    assert found == (
        Episode("ticket", 5, 30, None),
        Episode("page", 10, 20, None),
        Episode("page", 40, None, None),
        Episode("ticket", 41, None, "page"),
    )
    trial = Trial(UNDER, SUBJECT, 15, 100, None, None, 0, found)
    assert (trial.begun("page"), trial.begun("ticket"), trial.attained) == (1, 0, None)
    assert episodes(turned, (31, 39)) == ()


def test_a_week_has_seven_days() -> None:
    week = 7 * 86_400 * NS
    assert a_week(3, 0, 2 * week) == Fraction(3, 2)
    assert a_week(3, 5, 5) is None
    assert look_back_ns([UNDER]) == 400 * NS


def test_subjects_without_samples_have_no_trial() -> None:
    assert try_all([UNDER], {}, (0, NS)) == []
    with pytest.raises(KeyError):
        try_all(
            [replace(UNDER, criterion=None, composite=Composite(Mode.WORST, (Part("gone", Fraction(1), Fraction(1, 2)),)))],
            {},
            (0, NS),
        )
