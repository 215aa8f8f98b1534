"""A part's log keeps the newest and stays small."""

import os
from pathlib import Path

from embedded.part_log import PartLog


def test_tail_is_of_the_newest_process_only(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "logs" / "a.log")
    with log.opened() as output:
        os.write(output, b"first life\n")
    with log.opened() as output:
        assert log.tail(5) == ""
        os.write(output, b"one\ntwo\nthree\n")
        assert log.tail(2) == "two\nthree"
    assert log.path.read_text().startswith("first life")


def test_running_part_writes_on_through_rotation_and_nothing_is_lost(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "a.log", max_bytes=1000, kept=2)
    lines = [f"line {number:04d}\n" for number in range(400)]
    with log.opened() as output:
        for line in lines:
            os.write(output, line.encode())
            log.rotate()
    files = [tmp_path / name for name in ("a.log.2", "a.log.1", "a.log")]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= 1000 + len(lines[0]) for file in files)
    kept = "".join(file.read_text() for file in files)
    assert "".join(lines).endswith(kept)
    assert log.tail(1) == "line 0399"


def test_overgrown_log_is_rotated_before_the_next_start(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "a.log", max_bytes=10)
    log.path.write_text("x" * 100)
    with log.opened():
        assert log.path.read_text() == ""
    assert (tmp_path / "a.log.1").read_text() == "x" * 100


def test_log_is_for_its_owner_only(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "a.log")
    with log.opened():
        assert log.path.stat().st_mode & 0o077 == 0
