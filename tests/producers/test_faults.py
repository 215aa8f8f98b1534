"""The control file: whole at any moment, kept by many writers, refused when damaged."""

import multiprocessing
from pathlib import Path

import pytest

from producers.errors import FleetError
from producers.faults import Asked, ask, read_faults, take_back


def wish(target: str, fault: str = "sps.F7", **more: float) -> Asked:
    return Asked(target=target, fault=fault, asked_unix_s=1000.0, **more)  # type: ignore[arg-type]


def test_ask_and_take_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert read_faults(home) == ()
    for one in (wish("a"), wish("b", size=2.0), wish("a", "sps.F1"), wish("a", size=0.5)):
        ask(home, one)
    assert read_faults(home) == (wish("b", size=2.0), wish("a", "sps.F1"), wish("a", size=0.5))
    assert take_back(home, "a", "sps.F1") == (wish("a", "sps.F1"),)
    assert take_back(home, "never-broken") == ()
    assert take_back(home, fault="sps.F7") == (wish("b", size=2.0), wish("a", size=0.5))
    assert read_faults(home) == ()
    assert {path.name for path in home.iterdir()} == {"faults.json", "faults.lock"}


def test_a_fault_with_a_duration_ends() -> None:
    assert not wish("a").over(1e12)
    assert not wish("a", duration_s=5.0).over(1004.9)
    assert wish("a", duration_s=5.0).over(1005.0)


@pytest.mark.parametrize("changes", [{"size": 0.0}, {"size": -1.0}, {"size": float("nan")}, {"size": 1e9}, {"duration_s": 0.0}])
def test_impossible_wishes_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(FleetError, match="above 0"):
        wish("a", **changes)


@pytest.mark.parametrize("text", ["{", '{"faults": [{"target": "a", "fault": "b", "asked_unix_s": 1, "size": -1}]}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "faults.json").write_text(text)
    with pytest.raises(FleetError, match=r"faults\.json: cannot be read .* delete it to mend every device"):
        read_faults(tmp_path)


def _ask_for_many(home: Path, writer: int) -> None:
    for n in range(25):
        ask(home, wish(f"{writer}-{n}"))


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    writers = [start.Process(target=_ask_for_many, args=(tmp_path, n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert len(read_faults(tmp_path)) == 75
