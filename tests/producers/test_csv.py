"""CSV: exact decimals, dialects, and faults named with their line."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.errors import RecordingError
from producers.formats.csv import open_csv

tags = st.lists(st.tuples(st.integers(-(10**18), 10**18), st.integers(0, 254)), min_size=1)


def read(path: Path) -> list[tuple[int, int]]:
    return [
        (time, channel)
        for part in open_csv(path).records()
        for time, channel in zip(part.time_ps.tolist(), part.channel.tolist(), strict=True)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    tags=tags,
    unit=st.sampled_from([("ps", 0), ("ns", 3), ("us", 6), ("ms", 9), ("s", 12)]),
    mark=st.sampled_from([",", ";", "\t", " "]),
)
def test_decimals_of_any_unit_are_exact(tmp_path: Path, tags: list[tuple[int, int]], unit: tuple[str, int], mark: str) -> None:
    name, places = unit
    lines = [f"{Decimal(time).scaleb(-places)}{mark}{channel}" for time, channel in tags]
    path = tmp_path / "tags.csv"
    path.write_text("\n".join([f"time_{name}{mark}channel", *lines]) + "\n")
    assert read(path) == tags


def test_numpy_text_is_read(tmp_path: Path) -> None:
    table = np.array([[1.0, 0], [244337.65, 1], [5e11, 2]])
    np.savetxt(tmp_path / "tags.txt", table, header="time_ns channel")
    assert read(tmp_path / "tags.txt") == [(1000, 0), (244_337_650, 1), (500_000_000_000_000, 2)]


def test_quotes_blanks_bom_comments_and_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text('\ufeff# made by hand\n# twice\n"time_ps", "note", "channel"\n10, a, 1\n\n 20,"b c", 2\r\n', encoding="utf-8")
    assert read(path) == [(10, 1), (20, 2)]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("1,0\nnan,1\n", "line 3: time_ps is nan; remove or repair it"),
        ("1,0\n\n2,1\nNaN,1\n", "line 5: time_ps is NaN"),
        ("1,0\ninf,1\n", "line 3: time_ps is inf"),
        ("1,0\n2,x\n", "line 3: channel is 'x', not a number"),
        ("1,0\n2,1.5\n", r"line 3: channel is 1\.5; channels are whole numbers"),
        ("1,0\n,1\n", "line 3: time_ps is '', not a number"),
        ("1,0\n2\n", "line 3: 1 columns, the header has 2"),
        ("1,0\n2,1,3\n", "line 3: 3 columns, the header has 2"),
        ("1,0\n99999999999999999999,1\n", "line 3: time_ps is 99999999999999999999, beyond what a clock reaches"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path: Path, body: str, complaint: str) -> None:
    (tmp_path / "bad.csv").write_text("time_ps,channel\n" + body)
    with pytest.raises(RecordingError, match=complaint):
        read(tmp_path / "bad.csv")


def test_a_fault_far_down_is_found(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text("time_ps,channel\n" + "".join(f"{n},0\n" for n in range(400_000)) + "oops,0\n")
    with pytest.raises(RecordingError, match="line 400002: time_ps is 'oops'"):
        read(tmp_path / "long.csv")


@pytest.mark.parametrize("text", ["1,0\n2,1\n", "hello world\n", "time_ps,energy\n1,2\n", "# only a comment\n", "\n\n"])
def test_without_a_header_it_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(RecordingError, match=r"no column for the|no header line"):
        open_csv(tmp_path / "bad.csv")


def test_bytes_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(b"\x87\xb3\x91\xfa" * 40)
    with pytest.raises(RecordingError, match="not a text file"):
        open_csv(tmp_path / "bad.csv")


def test_sub_picoseconds_are_rounded(tmp_path: Path) -> None:
    (tmp_path / "fine.csv").write_text("time_s,channel\n0.0000000000014,0\n0.0000000000016,0\n1e-5,0\n-0.0000000000016,0\n")
    assert [time for time, _ in read(tmp_path / "fine.csv")] == [1, 2, 10_000_000, -2]
