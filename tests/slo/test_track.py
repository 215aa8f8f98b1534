from schemas.ids import RunId
from slo.alerts import Standing
from slo.counts import Bucket, Counts
from slo.history import RunLengthHistory
from slo.track import Disposition, Track
from slo.watch import Watch
from slo.windows import Windows
from tests.slo.samples import objective
from tests.slo.test_alerts import READY, UNDER

GOOD, BAD = Counts(good=1), Counts(bad=1)
A, B = RunId("a"), RunId("b")


def track() -> Track:
    assert UNDER.criterion is not None
    return Watch.of(UNDER, UNDER.criterion).track(RunLengthHistory())


def test_a_run_is_judged_forward_only() -> None:
    one = track()
    assert one.admit(A, 50) is Disposition.COUNTED
    one.count(A, Bucket(50, GOOD), ())
    assert one.admit(A, 50) is Disposition.DUPLICATE
    assert one.admit(A, 40) is Disposition.DUPLICATE
    assert one.admit(A, 60) is Disposition.COUNTED
    assert one.admit(B, 50) is Disposition.COUNTED


def test_too_late_goes_before_duplicate() -> None:
    one = track()
    one.count(A, Bucket(50, GOOD), ())
    one.count(B, Bucket(150, GOOD), ())
    assert one.admit(A, 50) is Disposition.TOO_LATE
    assert one.admit(A, 51) is Disposition.COUNTED


def test_runs_that_ended_long_ago_are_forgotten() -> None:
    one = track()
    for number in range(1_000):
        one.count(RunId(str(number)), Bucket(number * 10, GOOD), ())
        one.forget()
    assert list(one.last_ends) == [str(number) for number in range(990, 1_000)]
    assert len(one._last_end) == 10


def test_an_alert_clears_when_the_window_says_so_and_not_when_the_next_sample_comes() -> None:
    one = track()
    assert [(turn.severity, turn.now) for turn in one.count(A, Bucket(50, BAD), READY)] == [
        ("page", Standing(firing=True, since_unix_s=50, tiers=("fast",)))
    ]
    (cleared,) = one.count(A, Bucket(90, GOOD), READY)
    assert (cleared.now.firing, cleared.now.since_unix_s, cleared.sums[0]) == (False, 60, Counts())


def test_a_late_bucket_restates() -> None:
    one = track()
    one.count(A, Bucket(100, GOOD), READY)
    one.count(B, Bucket(95, BAD), READY)
    assert (one.now_unix_s, one.sums[0]) == (100, Counts(good=1, bad=1))


def test_windows_of_the_same_length_are_one() -> None:
    assert Windows(objective(period_s=100)).lengths_s == (100,)
