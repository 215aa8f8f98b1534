"""Parquet and Arrow: round trips in every kind and type, and tables that are none."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.errors import RecordingError
from producers.formats.arrow import ArrowKind, open_arrow


def write(path: Path, kind: ArrowKind, table: pa.Table) -> Path:
    if kind is ArrowKind.PARQUET:
        pq.write_table(table, path, row_group_size=7)
    elif kind is ArrowKind.FILE:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
    else:
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
    return path


def read(path: Path, kind: ArrowKind) -> list[tuple[int, int]]:
    return [
        (time, channel)
        for part in open_arrow(path, kind).records()
        for time, channel in zip(part.time_ps.tolist(), part.channel.tolist(), strict=True)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    tags=st.lists(st.tuples(st.integers(-(1 << 61), 1 << 61), st.integers(0, 254)), min_size=1, max_size=40),
    kind=st.sampled_from(list(ArrowKind)),
)
def test_round_trip(tmp_path: Path, tags: list[tuple[int, int]], kind: ArrowKind) -> None:
    table = pa.table(
        {"other": [0.5] * len(tags), "time_ps": [t for t, _ in tags], "channel": pa.array([c for _, c in tags], pa.uint8())}
    )
    assert read(write(tmp_path / "tags", kind, table), kind) == tags


def test_feather_is_an_arrow_file(tmp_path: Path) -> None:
    pyarrow.feather.write_feather(pa.table({"t": [1, 2], "ch": [0, 1]}), tmp_path / "tags.feather", compression="zstd")
    assert read(tmp_path / "tags.feather", ArrowKind.FILE) == [(1, 0), (2, 1)]


@pytest.mark.parametrize("kind", list(ArrowKind))
def test_units_of_names_and_types(tmp_path: Path, kind: ArrowKind) -> None:
    channel = pa.array([0, 1])
    for name, time, first in (
        ("time_ns", pa.array([1.5, 2.5]), 1500),
        ("time_us", pa.array([3, 4], pa.int32()), 3_000_000),
        ("time", pa.array([3, 4], pa.duration("us")), 3_000_000),
        ("timestamp", pa.array([3, 4], pa.timestamp("ns", "UTC")), 3000),
    ):
        table = pa.table({name: time, "channel": channel})
        assert read(write(tmp_path / "tags", kind, table), kind)[0] == (first, 0)


@pytest.mark.parametrize("kind", list(ArrowKind))
def test_missing_values_are_refused_with_their_row(tmp_path: Path, kind: ArrowKind) -> None:
    table = pa.table({"time_ps": pa.array([*range(10), None]), "channel": [0] * 11})
    with pytest.raises(RecordingError, match="row 10 has no time_ps"):
        read(write(tmp_path / "tags", kind, table), kind)
    table = pa.table({"time_ps": [*map(float, range(9)), float("nan")], "channel": [0] * 10})
    with pytest.raises(RecordingError, match="row 9 has the time nan"):
        read(write(tmp_path / "tags", kind, table), kind)


@pytest.mark.parametrize("kind", list(ArrowKind))
def test_tables_without_the_columns_and_damaged_files_are_refused(tmp_path: Path, kind: ArrowKind) -> None:
    path = write(tmp_path / "tags", kind, pa.table({"a": [1], "channel": [0]}))
    with pytest.raises(RecordingError, match="no column for the time"):
        open_arrow(path, kind)
    path = write(tmp_path / "tags", kind, pa.table({"time_ps": np.arange(3000), "channel": np.zeros(3000, np.uint8)}))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match=rf"cannot be read as {kind.value}"):
        read(path, kind)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(RecordingError, match=rf"cannot be read as {kind.value}"):
        open_arrow(tmp_path / "text", kind)
