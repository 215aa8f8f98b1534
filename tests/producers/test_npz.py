"""npz: round trips and archives that are none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.errors import RecordingError
from producers.formats.npz import open_npz


def read(path: Path) -> list[tuple[int, int]]:
    return [
        (time, channel)
        for part in open_npz(path).records()
        for time, channel in zip(part.time_ps.tolist(), part.channel.tolist(), strict=True)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tags=st.lists(st.tuples(st.integers(-(1 << 61), 1 << 61), st.integers(0, 254)), min_size=1), compressed=st.booleans())
def test_round_trip(tmp_path: Path, tags: list[tuple[int, int]], compressed: bool) -> None:
    save = np.savez_compressed if compressed else np.savez
    save(
        tmp_path / "tags.npz",
        time_ps=np.array([t for t, _ in tags]),
        channel=np.array([c for _, c in tags], np.uint8),
        note=np.array("x"),
    )
    assert read(tmp_path / "tags.npz") == tags


def test_resolution_is_the_unit_of_integers(tmp_path: Path) -> None:
    np.savez(tmp_path / "ns.npz", time_ns=np.arange(3), channel=np.zeros(3, np.int64))
    assert open_npz(tmp_path / "ns.npz").resolution_ps == 1000
    np.savez(tmp_path / "float.npz", time_ns=np.arange(3.0), channel=np.zeros(3, np.int64))
    assert open_npz(tmp_path / "float.npz").resolution_ps == 1


def test_what_is_no_list_of_tags_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, time_ps=np.arange(3), channel=np.zeros(2))
    with pytest.raises(RecordingError, match=r"time_ps has the shape \(3,\) and channel \(2,\)"):
        read(path)
    np.savez(path, time_ps=np.zeros((2, 2)), channel=np.zeros((2, 2)))
    with pytest.raises(RecordingError, match="both must be one-dimensional"):
        read(path)
    np.savez(path, a=np.arange(3))
    with pytest.raises(RecordingError, match="no column for the time"):
        open_npz(path)
    np.savez(path, time_ps=np.array([{}, []], dtype=object), channel=np.zeros(2))
    with pytest.raises(RecordingError, match="not a NumPy archive that can be read"):
        open_npz(path)
    path.write_bytes(b"PK\x03\x04" + bytes(50))
    with pytest.raises(RecordingError, match="not a NumPy archive that can be read"):
        open_npz(path)


def test_what_was_lost(tmp_path: Path) -> None:
    tags = {"time_ps": np.arange(0, 100, 10), "channel": np.zeros(10, np.int64)}
    np.savez(tmp_path / "holes.npz", lost_ps=np.array([[5, 15], [15, 40], [95, 2_000]]), **tags)
    assert open_npz(tmp_path / "holes.npz").lost == ((5, 15), (15, 40), (95, 2_000))
    np.savez(tmp_path / "none.npz", lost_ps=np.empty((0, 2), np.int64), **tags)
    assert open_npz(tmp_path / "none.npz").lost == ()
    wrong = {
        "of the shape": [np.array([5, 15]), np.array([[5.0, 15.0]]), np.array([[1, 2, 3]])],
        "merge and sort": [np.array([[5, 5]]), np.array([[5, 15], [14, 20]]), np.array([[20, 30], [1, 5]])],
        "times stay within": [np.array([[5, 2**62]])],
    }
    for match, arrays in wrong.items():
        for lost in arrays:
            np.savez(tmp_path / "wrong.npz", lost_ps=lost, **tags)
            with pytest.raises(RecordingError, match=match):
                open_npz(tmp_path / "wrong.npz")
