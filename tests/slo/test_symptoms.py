"""What moved lately: by medians and scatter, and what fell silent."""

from itertools import count

import pytest

from schemas.ids import SubjectId
from slo.symptoms import Look, Movement, Symptoms

A, B = SubjectId("sps-a"), SubjectId("sps-b")
NOISE = (0.0, 1.0, -1.0, 0.5, -0.5, 0.8, -0.8, 0.2)


def told(values: list[float], every_s: float = 10.0) -> Symptoms:
    symptoms = Symptoms()
    for at_s, value in zip(count(0, every_s), values, strict=False):
        symptoms.add(A, "x", at_s, value)
    return symptoms


def noisy(centre: float, number: int) -> list[float]:
    return [centre + NOISE[index % len(NOISE)] for index in range(number)]


@pytest.mark.parametrize(
    ("after", "expected"), [(100.0, Movement.STILL), (103.0, Movement.STILL), (112.0, Movement.UP), (80.0, Movement.DOWN)]
)
def test_a_median_must_leave_the_scatter_and_two_per_cent(after: float, expected: Movement) -> None:
    symptoms = told(noisy(100.0, 90) + noisy(after, 6))
    assert symptoms.moved([A], 950.0) == {"x": expected}


def test_one_wild_value_is_no_movement() -> None:
    assert told([*noisy(100.0, 95), 1e6]).moved([A], 950.0) == {"x": Movement.STILL}


def test_the_value_that_raised_an_alarm_counts_alone() -> None:
    symptoms = told([*noisy(100.0, 95), 200.0])
    assert symptoms.moved([A], 950.0, "x") == {"x": Movement.UP}
    assert symptoms.moved([A], 950.0, "y") == {"x": Movement.STILL}


def test_readings_that_stop_at_zero_scatter_nevertheless() -> None:
    clipped = [0.0, 0.0, 0.0, 1.0, 0.0, 0.4, 0.0, 0.7, 0.9, 0.0] * 9
    assert told([*clipped, 0.3, 0.7, 0.8]).moved([A], 920.0) == {"x": Movement.STILL}


def test_what_was_always_the_same_moves_at_once() -> None:
    assert told([1.0] * 90 + [0.9] * 3).moved([A], 920.0) == {"x": Movement.DOWN}


def test_silence_counts_from_several_spacings_on() -> None:
    symptoms = told([1.0] * 90)
    assert symptoms.moved([A], 890.0 + 60.0) == {"x": Movement.STILL}
    assert symptoms.moved([A], 890.0 + 61.0) == {"x": Movement.SILENT}
    slow = told([1.0] * 20, every_s=60.0)
    assert slow.moved([A], 19 * 60.0 + 239.0) == {"x": Movement.STILL}
    assert slow.moved([A], 19 * 60.0 + 241.0) == {"x": Movement.SILENT}


def test_series_too_short_to_tell_are_absent() -> None:
    assert told([1.0] * 30).moved([A], 290.0) == {}
    assert Symptoms().moved([A], 0.0) == {}


def test_later_values_do_not_speak_of_an_earlier_moment() -> None:
    assert told([1.0] * 90 + [5.0] * 6).moved([A], 890.0) == {"x": Movement.STILL}


def test_of_several_subjects_the_one_that_moved_speaks() -> None:
    symptoms = told([1.0] * 96)
    for second in range(0, 960, 10):
        symptoms.add(B, "x", float(second), 1.0 if second < 900 else 3.0)
    assert symptoms.moved([A, B], 950.0) == symptoms.moved([B, A], 950.0) == {"x": Movement.UP}


def test_what_is_old_is_forgotten() -> None:
    symptoms = Symptoms(Look(kept_s=100, before_s=50))
    for second in range(1000):
        symptoms.add(A, "x", float(second), 9.0 if second < 800 else 1.0)
    assert symptoms.moved([A], 999.0) == {"x": Movement.STILL}
