from schemas.ids import RunId
from slo.counts import Bucket, Counts
from slo.history import RunLengthHistory
from slo.track import Disposition, Track
from slo.windows import SlidingWindows

GOOD = Counts(good=1)
A, B = RunId("a"), RunId("b")


def track() -> Track:
    return Track(SlidingWindows((10, 100), RunLengthHistory()))


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
    assert list(one.last_ends) == [str(number) for number in range(990, 1_000)]
    assert len(one._last_end) == 10
