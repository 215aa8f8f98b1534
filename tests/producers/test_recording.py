"""Recordings: real files with known counts, detection, the sync, renumbering, and what is refused."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from producers.errors import RecordingError
from producers.formats.ptu_records import SYNC_INPUT
from producers.formats.ptu_writer import write_ptu_t2, write_ptu_t3
from producers.recording import Recording, open_recording
from producers.sources import PulsedParameters, PulsedSource
from schemas.block import Channel


def csv(path: Path, tags: list[tuple[int, int]], header: str = "time_ps,channel") -> Path:
    path.write_text("\n".join([header, *(f"{time},{channel}" for time, channel in tags)]) + "\n")
    return path


def times(recording: Recording) -> list[int]:
    return [time for chunk in recording.chunks() for time in chunk.time_ps.tolist()]


def check(recording: Recording) -> None:
    """What holds of any recording: chunks agree with what was counted when it was opened, as often as they are read."""
    for _ in range(2):
        chunks = list(recording.chunks())
        channel = np.concatenate([chunk.channel for chunk in chunks])
        time_ps = np.concatenate([chunk.time_ps for chunk in chunks])
        assert {n: int(count) for n, count in enumerate(np.bincount(channel)) if count} == recording.tags
        assert np.all(np.diff(time_ps) >= 0)
        assert time_ps[0] >= 0
        assert time_ps[-1] < recording.duration_ps == chunks[-1].reached_ps
        assert sum(chunk.reordered for chunk in chunks) == recording.reordered
        assert sum(chunk.overflows for chunk in chunks) == recording.overflows
        assert sum(chunk.markers for chunk in chunks) == recording.markers


def test_real_t2(measurements: Path) -> None:
    found = open_recording(measurements / "hbt-raw-tags" / "200204_HH400_T2_320MHz_HBT.timeres")
    assert (found.format, found.detected_by, found.resolution_ps, found.period_ps) == ("PicoQuant PTU T2", "content", 1, None)
    assert found.channels == (Channel(0), Channel(1))
    assert found.tags == {0: 159_298, 1: 224_721}
    assert round(found.duration_ps / 1e12, 3) == 1.000
    assert (found.reordered, found.notes) == (0, ())
    check(found)


def test_real_t3(measurements: Path) -> None:
    found = open_recording(measurements / "hbt-raw-tags" / "200213_HH400_T3_80MHz_HBT.timeres")
    assert (found.format, found.resolution_ps) == ("PicoQuant PTU T3", 16)
    assert found.channels == (Channel(0), Channel(1))
    assert found.tags == {0: 160_953, 1: 235_373}
    assert found.period_ps is not None
    assert round(1e6 / found.period_ps, 2) == 80.03
    assert round(found.duration_ps / 1e12, 3) == 5.000
    check(found)


def test_real_qutag(measurements: Path) -> None:
    found = open_recording(measurements / "hbt-raw-tags" / "19_qutag_80MHz_HBT_sync_filtered.qutag")
    assert (found.format, found.detected_by) == ("qutools quTAG binary", "suffix")
    assert found.channels == (Channel(1), Channel(2), Channel(5, "sync"))
    assert found.tags == {1: 79_314, 2: 94_287, 5: 94_200}
    assert round(found.duration_ps / 1e12, 3) == 5.044
    assert found.reordered == 173
    assert found.clock_start_ps == 260_182_250_071_800_102
    assert any("channel 5 is taken as the sync" in note for note in found.notes)
    check(found)


def test_real_hydraharp_example(measurements: Path) -> None:
    found = open_recording(measurements / "tttr-formats" / "picoquant" / "hydraharp_v30_t2.ptu")
    assert (found.tags, found.overflows) == ({0: 305_565}, 129_754)
    assert times(found)[:2] == [24_433_765, 42_010_976]
    assert round(found.duration_ps / 1e12, 5) == 4.99998
    assert found.notes == ("enabled in the file's header but without a tag: 1",)
    check(found)


def test_content_comes_before_the_name(tmp_path: Path) -> None:
    write_ptu_t2(tmp_path / "tags.csv", np.array([5, 9]), np.array([0, 1], np.uint8))
    assert open_recording(tmp_path / "tags.csv").format == "PicoQuant PTU T2"
    np.savez(tmp_path / "other.npz", time_ps=np.array([0, 9, 20]), channel=np.array([0, 1, 0]))
    (tmp_path / "other.npz").rename(tmp_path / "other.parquet")
    assert open_recording(tmp_path / "other.parquet").format == "NumPy npz"
    table = pa.table({"time_ps": [0, 9, 20], "channel": [0, 1, 0]})
    with pa.ipc.new_stream(tmp_path / "stream.x", table.schema) as writer:
        writer.write_table(table)
    found = open_recording(tmp_path / "stream.x")
    assert (found.format, found.detected_by, times(found)) == ("Arrow stream", "content", [0, 9, 20])


def test_t3_brings_its_period(tmp_path: Path) -> None:
    write_ptu_t3(
        tmp_path / "t3.ptu", np.arange(1000) * 3, np.full(1000, 7), np.arange(1000) % 2, sync_rate_hz=80_000_000, resolution_ps=16
    )
    found = open_recording(tmp_path / "t3.ptu")
    assert found.period_ps == pytest.approx(12_500)
    assert times(found)[:2] == [112, 37_612]
    check(found)


def test_the_sync_input_of_t2_is_told_from_input_0(tmp_path: Path) -> None:
    time_ps, channel = PulsedSource(PulsedParameters(rate_hz=2e6), 1).advance(10**10)
    clock = np.arange(800_000, dtype=np.int64)[::8] * 12_500
    time_ps = np.concatenate([time_ps, clock])
    channel = np.concatenate([channel, np.full(clock.size, 9, np.uint8)])
    order = np.argsort(time_ps, kind="stable")
    write_ptu_t2(tmp_path / "t2.ptu", time_ps[order], channel[order], sync_channel=9, markers=((70, 2),))
    found = open_recording(tmp_path / "t2.ptu")
    assert found.channels == (Channel(0), Channel(1), Channel(SYNC_INPUT, "sync", "sync input"))
    assert found.tags[SYNC_INPUT] == clock.size
    assert found.markers == 1
    check(found)


def test_the_user_overrides_the_sync(tmp_path: Path) -> None:
    path = csv(tmp_path / "tags.csv", [(n * 100, n % 3) for n in range(300)])
    assert [c.role for c in open_recording(path, sync_channel=2).channels] == ["detector", "detector", "sync"]
    assert "channel 2 is the sync: so told" in open_recording(path, sync_channel=2).notes
    with pytest.raises(RecordingError, match="no tag of sync channel 7; the file has channels 0, 1, 2"):
        open_recording(path, sync_channel=7)


def test_channels_are_renumbered(tmp_path: Path) -> None:
    path = csv(tmp_path / "tags.csv", [(0, 1001), (10, -1), (20, 3)])
    with pytest.raises(RecordingError, match="a tag of channel -1; channels are 0-254: give it another number"):
        open_recording(path)
    with pytest.raises(RecordingError, match="a tag of channel 1001"):
        open_recording(path, channels={-1: 2})
    found = open_recording(path, channels={1001: 3, -1: 2, 3: 1})
    assert found.tags == {1: 1, 2: 1, 3: 1}
    check(found)


@pytest.mark.parametrize(("channel", "good"), [(254, True), (255, False), (256, False)])
def test_channel_255_is_no_channel(tmp_path: Path, channel: int, good: bool) -> None:
    path = csv(tmp_path / "tags.csv", [(0, channel), (5, 1)])
    if good:
        check(open_recording(path))
    else:
        with pytest.raises(RecordingError, match=f"a tag of channel {channel}"):
            open_recording(path)


def test_disorder_is_mended_and_counted(tmp_path: Path) -> None:
    found = open_recording(csv(tmp_path / "tags.csv", [(0, 0), (50, 1), (40, 0), (45, 1), (44, 0), (100, 1)]))
    assert (times(found), found.reordered) == ([0, 40, 44, 45, 50, 100], 2)
    check(found)
    with pytest.raises(RecordingError, match="sort the file, or split it where its clock was set back"):
        open_recording(csv(tmp_path / "tags.csv", [(0, 0), (2 * 10**9, 1), (5, 0)]))


def test_a_clock_that_ran_before_starts_at_the_first_tag(tmp_path: Path) -> None:
    for tags, start in (([(10**15, 0), (10**15 + 70, 1)], 10**15), ([(-50, 0), (20, 1)], -50), ([(30, 0), (70, 1)], 0)):
        found = open_recording(csv(tmp_path / "tags.csv", tags))
        assert found.clock_start_ps == start
        assert [time + start for time in times(found)] == [time for time, _ in tags]
        assert any("times count from there" in note for note in found.notes) == (start != 0)
        check(found)


def test_a_silent_end_belongs_to_a_ptu(tmp_path: Path) -> None:
    write_ptu_t2(tmp_path / "t2.ptu", np.array([5]), np.array([0], np.uint8), markers=((10**13, 1),))
    assert open_recording(tmp_path / "t2.ptu").duration_ps == 10**13 // (1 << 25) * (1 << 25)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("empty.ptu", b"", "empty; the recording was never written"),
        ("text.ptu", b"time_ps,channel\n1,0\n", "not a PicoQuant PTU file of time tags"),
        ("x.parquet", b"hello world", "cannot be read as Parquet"),
        ("x.xyz", b"hello world", r"neither its first bytes \(b'hello wo'\) nor its name tell a format"),
        ("none", b"\0" * 80, "neither its first bytes"),
        ("x.qutag", bytes(40), "qutools quTAG binary without a single photon"),
        ("x.csv", b"time_ps,channel\n", "CSV without a single photon"),
        ("x.csv", b"time_ps,channel\n1,0\nnan,1\n", "line 3: time_ps is nan"),
        ("x.csv", b"when,channel\n1,0\n", "no column for the time among"),
    ],
)
def test_refusals_say_what_where_and_what_to_do(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError, match=complaint) as refusal:
        open_recording(tmp_path / name)
    assert str(refusal.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(refusal.value)


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be opened"):
        open_recording(tmp_path / "absent.ptu")
    with pytest.raises(RecordingError, match="a folder; name one file"):
        open_recording(tmp_path)


def test_a_ptu_of_overflows_alone_has_no_photon(tmp_path: Path) -> None:
    write_ptu_t2(tmp_path / "dark.ptu", np.empty(0, np.int64), np.empty(0, np.uint8), markers=((10**10, 1),))
    with pytest.raises(RecordingError, match=r"without a single photon \(1 overflows, 1 markers\)"):
        open_recording(tmp_path / "dark.ptu")
