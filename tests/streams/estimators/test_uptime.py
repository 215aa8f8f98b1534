"""Uptime: what counts, what does not, and silence."""

from itertools import pairwise

import numpy as np
import pytest

from schemas.events import Command, Heartbeat, State
from streams.estimators.estimator import EstimatorError
from streams.estimators.uptime import ESTIMATOR
from tests.streams.estimators.control import event

UP = Heartbeat(state=State.OPERATIONAL)


def beats(*states, first=0):
    return [event(first + 5 * number, first + 5 * number + 5, what) for number, what in enumerate(states)]


def test_up_and_down():
    estimate = ESTIMATOR(beats(*[UP] * 9, Heartbeat(state=State.DOWN))).estimate
    assert estimate.value == 0.9
    assert (estimate.lower, estimate.upper) == (0.9, 0.9)
    gap = ESTIMATOR([*beats(*[UP] * 9), event(48, 50, Heartbeat(state=State.DOWN))]).estimate
    assert (gap.value, gap.lower, gap.upper) == (0.96, pytest.approx(0.9), pytest.approx(1.0))  # when in these 3 s it went down
    whole = ESTIMATOR(beats(*[UP] * 10)).estimate
    assert (whole.value, whole.lower, whole.upper) == (1, 1, 1)


@pytest.mark.parametrize("state", [State.WARM_UP, State.CALIBRATION, State.MAINTENANCE])
def test_what_is_neither_up_nor_down_is_left_out(state):
    found = ESTIMATOR(beats(*[UP] * 5, *[Heartbeat(state=state)] * 5))
    assert (found.estimate.value, found.raw) == (1, 0.5)
    assert found.estimate.parameters["excluded_s"] == 25
    only = ESTIMATOR(beats(Heartbeat(state=state))).estimate
    assert (only.value, only.lower) == (None, None)
    assert "no time counts" in only.warnings[0]


def test_a_device_that_emits_nothing_is_down():
    assert ESTIMATOR(beats(*[Heartbeat(state=State.OPERATIONAL, emitting=False)] * 3)).estimate.value == 0
    assert ESTIMATOR(beats(*[Heartbeat(state=State.OPERATIONAL, emitting=True)] * 3)).estimate.value == 1


def test_silence_is_down_and_a_late_heartbeat_is_not():
    silent = ESTIMATOR([*beats(UP, UP), *beats(UP, UP, first=30)]).estimate
    assert silent.value == pytest.approx(20 / 40)
    assert silent.parameters["silent_s"] == 20
    late = ESTIMATOR([*beats(UP, UP), *beats(UP, first=13)]).estimate
    assert (late.value, late.counts["up_s"]) == (1, 18)


def test_heartbeats_that_overlap_or_come_in_any_order_count_once():
    events = [*beats(UP, UP, Heartbeat(state=State.DOWN)), event(0, 10, UP), *beats(UP, UP)]
    order = np.random.default_rng(1).permutation(len(events))
    assert ESTIMATOR([events[index] for index in order]).estimate.value == pytest.approx(10 / 15)


def test_bounds_hold_the_truth_of_changes_between_heartbeats():
    """A device that goes down and up at any moment, and whose heartbeats of 4 s in 5 tell of their own time alone."""
    held = 0
    for seed in range(200):
        changes = np.cumsum(np.random.default_rng(seed).exponential([80, 20] * 4))
        edges = np.unique(np.concatenate((np.arange(0, 200, 5.0), np.arange(4, 200, 5.0), changes[changes < 199])))
        events = [
            event(start, end, UP if np.searchsorted(changes, start, side="right") % 2 == 0 else Heartbeat(state=State.DOWN))
            for start, end in pairwise(edges)
            if (start + end) / 2 % 5 < 4
        ]
        estimate = ESTIMATOR(events).estimate
        fine = np.linspace(0, 199, 20_001)
        held += estimate.lower - 1e-3 <= float((np.searchsorted(changes, fine) % 2 == 0).mean()) <= estimate.upper + 1e-3
    assert held >= 190


def test_what_holds_no_heartbeat_is_refused():
    with pytest.raises(EstimatorError, match="no heartbeat among 1 events"):
        ESTIMATOR([event(0, 1, Command(name="a", tries=1, ok=True))])
    with pytest.raises(EstimatorError, match="several subjects"):
        ESTIMATOR([event(0, 5, UP), event(0, 5, UP, subject="sps-b")])
    assert ESTIMATOR([event(0, 0, UP)]).estimate.value is None
