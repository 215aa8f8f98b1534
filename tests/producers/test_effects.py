"""Faults beside healthy twins: what they move, when, and that nothing differs before."""

import math

import pytest

from producers import effects
from producers.effects import SEEN, Effect, Span, Twins
from producers.errors import FleetError
from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet, scaled
from schemas.ids import DeviceId

FAILURES = load_failures()
QUICK = ("spc.F1", "spc.F2", "spc.F3", "spc.F4", "spc.F5", "spc.F6", "spi.F2", "sps.F2", "qic.F2", "qic.F7", "qdp.F2", "qdp.F7")
"""Those that show without tags: seconds."""


def strongest(found: tuple[Effect, ...]) -> float:
    return max(abs(effect.sigmas) for effect in found)


def test_faults_that_need_no_tags_are_seen() -> None:
    chosen = {name: FAILURES[name] for name in QUICK}
    twins = Twins(demo_fleet(), chosen, Span())
    for name in QUICK:
        found = twins.effects(name)
        assert [effect.gauge for effect in found] == list(FAILURES[name].shows)
        assert strongest(found) >= SEEN, name
        assert min(effect.seen_s or math.inf for effect in found) <= 90, name


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_fault_is_seen() -> None:
    """All 34 failure modes and the rest, each in at least one quantity, by five standard deviations."""
    twins = Twins(demo_fleet(), FAILURES, Span())
    seen = {name: strongest(twins.effects(name)) for name in FAILURES}
    assert {name for name, sigmas in seen.items() if sigmas < SEEN} == set()
    assert len(seen) == 39


def test_a_fault_of_no_size_is_not_seen() -> None:
    """The negative control: the same comparison finds nothing where nothing was done."""
    twins = Twins(demo_fleet(), FAILURES, Span())
    for name in ("spc.F3", "qic.F2"):
        assert strongest(twins.effects(name, size=1e-6)) < 4


def test_tags_before_the_fault_are_the_twins() -> None:
    fleet = scaled(demo_fleet(), 0.2)
    (rate, _, _) = Twins(fleet, {"x": FAILURES["sps.F6"]}, Span(window_s=2, windows=6, onset=2)).effects("x")[:3]
    assert rate.gauge == "events.heartbeats"
    twins = Twins(fleet, {"sps.F7": FAILURES["sps.F7"]}, Span(window_s=4, windows=5, onset=2))
    (purity,) = twins.effects("sps.F7", DeviceId("sps-aurora-01"))
    assert purity.device == "sps-aurora-01"
    assert purity.faulty == pytest.approx(0.73, abs=0.1)
    with pytest.raises(FleetError, match="is a quantum-dot-source"):
        twins.effects("sps.F7", DeviceId("qdp-borealis-01"))
    with pytest.raises(FleetError, match="no nobody in this fleet"):
        twins.effects("sps.F7", DeviceId("nobody"))


def test_sigmas_by_hand() -> None:
    """Means 2 and 6, scatter 1, over 4 and 1 windows: 4/(1·√(1/4 + 1)); of what never changes the scatter is a count's."""
    ours = [1.0, 3.0, 2.0, 2.0]
    scatter = math.sqrt(2 / 3)
    assert effects._sigmas([6.0], ours) == pytest.approx(4 / (scatter * math.sqrt(1.25)))
    assert effects._sigmas([6.0, None], ours) == effects._sigmas([6.0], ours)
    assert effects._sigmas([None], ours) == 0
    assert effects._scatter([9.0, 9.0]) == 3
    assert effects._scatter([0.0, 0.0]) == 1


@pytest.mark.parametrize("numbers", [{"onset": 1}, {"onset": 14}, {"window_s": 0}])
def test_impossible_spans_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(FleetError, match="give two before it"):
        Span(**numbers)
