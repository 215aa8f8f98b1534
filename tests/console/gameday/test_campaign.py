"""Campaigns: which plays share a past, what is refused before any, and that sharing changes no score."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from console.gameday.campaign import batches, campaign
from console.gameday.plan import Plan, Play, plan_for
from console.gameday.rehearsed import rehearsed
from console.settings import Settings
from console.wiring import knowledge
from producers.errors import FleetError
from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet

FAILURES = load_failures()


def plays(*names: str) -> list[Play]:
    return [Play(FAILURES[name], f"{name[:3]}-a", plan_for(FAILURES[name])) for name in names]


def names(found: Sequence[Sequence[Play]]) -> list[list[str]]:
    return [[play.failure.id for play in batch] for batch in found]


def test_failures_of_one_target_share_a_past_the_longest_last() -> None:
    every = plays("spc.F1", "qdp.F6", "qdp.F7", "qdp.F1", "spc.F2")
    assert names(batches(every, 1)) == [["qdp.F6", "qdp.F1", "qdp.F7"], ["spc.F1", "spc.F2"]]
    assert names(batches(every, 3)) == [["spc.F1", "spc.F2"], ["qdp.F6", "qdp.F7"], ["qdp.F1"]]
    assert sorted(names(batches(every, 1, share=False))) == [["qdp.F1"], ["qdp.F6"], ["qdp.F7"], ["spc.F1"], ["spc.F2"]]


def test_who_cannot_have_his_failure_is_told_before_anything_is_played(tmp_path: Path) -> None:
    wrong = [Play(FAILURES["sps.F1"], "sps-helios-01", Plan()), Play(FAILURES["qdp.F1"], "sps-helios-01", Plan())]
    with pytest.raises(FleetError, match=r"qdp\.F1"):
        next(campaign(Settings(home=tmp_path), demo_fleet(), wrong, 1))


@pytest.mark.slow
def test_a_past_that_is_shared_gives_the_scores_of_a_past_of_ones_own(tmp_path: Path) -> None:
    settings, fleet = Settings(home=tmp_path), demo_fleet()
    several = [
        Play(FAILURES["qdp.F4"], "qdp-borealis-01", Plan(60.0, 20.0, neighbours=0)),
        Play(FAILURES["qdp.F3"], "qdp-borealis-01", Plan(50.0, 20.0, neighbours=0)),
    ]
    shared = {score.failure: score for score in campaign(settings, fleet, several, 1)}
    told = knowledge(settings)
    assert shared == {play.failure.id: rehearsed(fleet, told, play.failure, play.target, play.plan) for play in several}
    assert shared["qdp.F3"].severity == "page"
