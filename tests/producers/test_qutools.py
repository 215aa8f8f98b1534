"""quTAG binary: records as written, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.errors import RecordingError
from producers.formats.qutools import open_qutools

RECORD = np.dtype([("time", "<u8"), ("channel", "<u2")])


def write(path: Path, time_ps: list[int], channel: list[int]) -> Path:
    records = np.empty(len(time_ps), RECORD)
    records["time"], records["channel"] = time_ps, channel
    path.write_bytes(bytes(40) + records.tobytes())
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tags=st.lists(st.tuples(st.integers(0, (1 << 62) - 1), st.integers(0, 65535))))
def test_records_come_as_they_stand(tmp_path: Path, tags: list[tuple[int, int]]) -> None:
    reader = open_qutools(write(tmp_path / "x.qutag", [t for t, _ in tags], [c for _, c in tags]))
    read = list(reader.records())
    assert [(t, c) for part in read for t, c in zip(part.time_ps.tolist(), part.channel.tolist(), strict=True)] == tags


@pytest.mark.parametrize("size", [0, 39, 41, 55])
def test_parts_of_records_are_refused(tmp_path: Path, size: int) -> None:
    (tmp_path / "cut.qutag").write_bytes(bytes(size))
    with pytest.raises(RecordingError, match=rf"{size} bytes are not a 40-byte header and whole 10-byte records"):
        open_qutools(tmp_path / "cut.qutag")


def test_a_time_beyond_int64_is_refused_with_its_record(tmp_path: Path) -> None:
    reader = open_qutools(write(tmp_path / "far.qutag", [5, 1 << 63, 7], [1, 2, 1]))
    with pytest.raises(RecordingError, match="record 1 has a time of 9223372036854775808 ps"):
        list(reader.records())
