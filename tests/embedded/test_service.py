"""Pauses double up to a bound, with jitter, and a crash loop waits longest."""

import pytest

from embedded.service import Restart

PLAIN = Restart(first_pause_s=0.5, longest_pause_s=30.0, jitter_ratio=0.2, loop_after=5)


@pytest.mark.parametrize(("deaths", "pause_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 30.0), (6, 30.0), (500, 30.0)])
def test_pause_without_jitter(deaths: int, pause_s: float) -> None:
    assert PLAIN.pause_s(deaths, 0.5) == pytest.approx(pause_s)


def test_jitter_is_bounded_both_ways() -> None:
    assert PLAIN.pause_s(2, 0.0) == pytest.approx(0.8)
    assert PLAIN.pause_s(2, 0.999_999_9) == pytest.approx(1.2)


def test_patient_policy_never_overflows() -> None:
    assert Restart(loop_after=10_000).pause_s(9_000, 0.5) == pytest.approx(30.0)
