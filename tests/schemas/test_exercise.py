"""Names of exercises: told from real ones, systems kept."""

import pytest

from schemas.exercise import exercise_name, is_exercise
from schemas.ids import DeviceId
from slo.evaluation import system_by_prefix


@pytest.mark.parametrize("name", ["sps-helios-01", "link-aurora-helios", "odd", "a-exercise-b-c"])
def test_the_name_is_marked_and_keeps_its_system(name: str) -> None:
    marked = exercise_name(name, "k3f9")
    assert is_exercise(marked)
    assert system_by_prefix(DeviceId(marked)) == system_by_prefix(DeviceId(name))
    assert marked.endswith(name.partition("-")[2])


@pytest.mark.parametrize("name", ["sps-helios-01", "exercise", "sps-helios-exercise-01", "sps-exercises-01", ""])
def test_real_names_are_not(name: str) -> None:
    assert not is_exercise(name)
