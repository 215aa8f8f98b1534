"""The control file: whole at any moment, kept by many writers, refused when damaged."""

import multiprocessing
from pathlib import Path

import pytest

from producers.errors import FleetError
from producers.faults import break_purity, mend, read_faults
from schemas.ids import DeviceId


def test_break_and_mend(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert read_faults(home).purity == {}
    break_purity(home, DeviceId("a"), 0.4)
    break_purity(home, DeviceId("b"), 0.7)
    break_purity(home, DeviceId("a"), 0.5)
    assert read_faults(home).purity == {"a": 0.5, "b": 0.7}
    mend(home, DeviceId("a"))
    mend(home, DeviceId("never-broken"))
    assert read_faults(home).purity == {"b": 0.7}
    assert {path.name for path in home.iterdir()} == {"faults.json", "faults.lock"}


@pytest.mark.parametrize("g2", [-0.1, 1.5, float("nan")])
def test_impossible_purities_are_refused(tmp_path: Path, g2: float) -> None:
    with pytest.raises(FleetError, match="give a number from 0 to 1"):
        break_purity(tmp_path, DeviceId("a"), g2)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_text("{")
    with pytest.raises(FleetError, match=r"faults\.json: cannot be read .* delete it to mend every device"):
        read_faults(tmp_path)


def _break_many(home: Path, writer: int) -> None:
    for n in range(25):
        break_purity(home, DeviceId(f"{writer}-{n}"), 0.5)


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    writers = [start.Process(target=_break_many, args=(tmp_path, n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert len(read_faults(tmp_path).purity) == 75
