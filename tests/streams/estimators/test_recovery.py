"""Mean time to recover: of alerts and of devices, with what still lasts."""

import numpy as np
import pytest

from schemas.events import Command, Heartbeat, State
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from streams.estimators.estimator import EstimatorError
from streams.estimators.recovery import ESTIMATOR
from tests.streams.estimators.control import event


def alert(at, *, firing, name="g2/sps-a/page", subject="sps-a", severity="page", bad_since=None):
    return AlertState(
        alert=name,
        objective="g2",
        subject=SubjectId(subject),
        severity=severity,
        bad_since_unix_s=bad_since,
        firing=firing,
        since_unix_s=round(at),
        tiers=(),
        text="",
        burn_rate=None,
        budget_remaining=None,
        run=RunId("r"),
    )


def test_alerts_from_firing_to_resolved():
    states = [alert(0, firing=True), alert(600, firing=False), alert(1000, firing=True), alert(1200, firing=False)]
    states += [alert(100, firing=True, subject="sps-b"), alert(1300, firing=True, subject="sps-c")]
    estimate = ESTIMATOR(states).estimate
    assert estimate.counts == {"recoveries": 2, "still_open": 2}
    assert estimate.value == pytest.approx((600 + 200 + 1200 + 0) / 2)
    later = ESTIMATOR(states, {"until_unix_s": 1400}).estimate
    assert later.value == pytest.approx((600 + 200 + 1300 + 100) / 2)
    assert estimate.lower < estimate.value < estimate.upper


def test_alarms_that_overlap_are_one_incident_and_tickets_are_none():
    states = [
        alert(100, firing=True, name="a", bad_since=60),
        alert(150, firing=True, name="b", bad_since=10),
        alert(200, firing=False, name="a"),
        alert(400, firing=False, name="b"),
        alert(500, firing=True, name="t", severity="ticket"),
        alert(900, firing=True, name="a", bad_since=880),
        alert(1000, firing=False, name="a"),
    ]
    estimate = ESTIMATOR(states).estimate
    assert (estimate.value, estimate.counts) == (200.0, {"recoveries": 2, "still_open": 0})
    assert (estimate.parameters["time_to_detect_s"], estimate.parameters["detections"]) == (30.0, 2)
    assert ESTIMATOR(states, {"severity": "ticket"}).estimate.counts == {"recoveries": 0, "still_open": 1}


def test_devices_from_down_to_operational():
    states = [State.OPERATIONAL, State.DOWN, State.DOWN, State.WARM_UP, State.OPERATIONAL, State.DOWN]
    beats = [event(10 * number, 10 * number + 10, Heartbeat(state=state)) for number, state in enumerate(states)]
    estimate = ESTIMATOR(beats).estimate
    assert estimate.counts == {"recoveries": 1, "still_open": 1}
    assert estimate.value == 30 + 10


def test_coverage_of_exponential_times_cut_off_by_the_end():
    held = 0
    for seed in range(300):
        lengths = np.random.default_rng(seed).exponential(1000, 8)
        states = []
        for number, length in enumerate(lengths):
            states.append(alert(0, firing=True, subject=str(number)))
            if length < 2500:
                states.append(alert(length, firing=False, subject=str(number)))
        states.append(alert(2500, firing=False, name="end of the data"))
        estimate = ESTIMATOR(states).estimate
        held += (estimate.lower or 0) <= 1000 <= (estimate.upper or np.inf)
    assert 0.90 <= held / 300 <= 0.99


def test_nothing_failed_and_nothing_recovered():
    fine = ESTIMATOR([event(0, 10, Heartbeat(state=State.OPERATIONAL))]).estimate
    assert (fine.value, fine.lower) == (None, None)
    assert "nothing failed" in fine.warnings[0]
    lasting = ESTIMATOR([alert(0, firing=True), alert(900, firing=True, subject="sps-b")]).estimate
    assert (lasting.value, lasting.upper) == (None, None)
    assert lasting.lower > 0
    with pytest.raises(EstimatorError, match="no heartbeat"):
        ESTIMATOR([event(0, 1, Command(name="a", tries=1, ok=True))])
