"""PTU: round trips through ptufile, sync input, markers, overflow carries, and files that contradict themselves."""

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.errors import RecordingError
from producers.formats import ptu, records
from producers.formats.ptu import open_ptu
from producers.formats.ptu_records import SYNC_INPUT
from producers.formats.ptu_writer import write_ptu_t2, write_ptu_t3
from producers.formats.records import Records

same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
WRAP_PS = 1 << 25


def read(path: Path) -> Records:
    parts = list(open_ptu(path).records())
    return Records(
        np.concatenate([part.time_ps for part in parts]),
        np.concatenate([part.channel for part in parts]),
        max(part.reached_ps or 0 for part in parts),
        sum(part.markers for part in parts),
        sum(part.overflows for part in parts),
    )


def written(path: Path, **fields: float) -> Path:
    """A small T2 file with some header fields changed in place."""
    write_ptu_t2(path, np.arange(1, 6) * 1000, np.zeros(5, np.uint8))
    data = bytearray(path.read_bytes())
    for name, value in fields.items():
        at = data.index(name.encode() + b"\0")
        struct.pack_into("<d" if isinstance(value, float) else "<q", data, at + 40, value)
    path.write_bytes(bytes(data))
    return path


def words_of(path: Path, *words: int) -> Path:
    """A T2 file of exactly these records."""
    written(path)
    data = path.read_bytes()
    at = data.index(b"TTResult_NumberOfRecords") + 40
    head = bytearray(data[: data.index(b"Header_End") + 48])
    struct.pack_into("<q", head, at, len(words))
    path.write_bytes(bytes(head) + b"".join(struct.pack("<I", word) for word in words))
    return path


gaps = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2 * WRAP_PS), st.integers(3 * WRAP_PS, 5000 * WRAP_PS)), min_size=1)


@same_folder
@given(gaps=gaps, data=st.data())
def test_t2_round_trip_over_many_overflows(tmp_path: Path, gaps: list[int], data: st.DataObject) -> None:
    time_ps = np.cumsum(np.array(gaps, np.int64))
    channel = np.array(data.draw(st.lists(st.sampled_from([0, 1, 7, 15]), min_size=len(gaps), max_size=len(gaps))), np.uint8)
    write_ptu_t2(tmp_path / "t2.ptu", time_ps, channel)
    found = read(tmp_path / "t2.ptu")
    assert found.time_ps.tolist() == time_ps.tolist()
    assert found.channel.tolist() == channel.tolist()


@same_folder
@given(
    steps=st.lists(st.one_of(st.integers(0, 3), st.integers(0, 5000), st.integers(2**20, 2**24)), min_size=1),
    data=st.data(),
    rate_hz=st.sampled_from([80_028_680, 1_000_000, 76_123_457]),
)
def test_t3_round_trip_is_exact_to_the_picosecond(tmp_path: Path, steps: list[int], data: st.DataObject, rate_hz: int) -> None:
    count = np.cumsum(np.array(steps, np.int64))
    bins = np.array(data.draw(st.lists(st.integers(0, 32767), min_size=len(steps), max_size=len(steps))), np.int64)
    channel = np.array([n % 3 for n in range(len(steps))], np.uint8)
    write_ptu_t3(tmp_path / "t3.ptu", count, bins, channel, sync_rate_hz=rate_hz, resolution_ps=16)
    found = read(tmp_path / "t3.ptu")
    period = Fraction(1 / rate_hz) * 10**12
    exact = [int(n) * period + 16 * int(bin_) for n, bin_ in zip(count, bins, strict=True)]
    assert all(abs(int(time) - truth) <= Fraction(501, 1000) for time, truth in zip(found.time_ps, exact, strict=True))
    assert found.channel.tolist() == channel.tolist()


def test_overflow_counters_are_carried_between_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time_ps = np.cumsum(np.random.default_rng(1).integers(0, WRAP_PS, 5000))
    write_ptu_t2(tmp_path / "t2.ptu", time_ps, np.zeros(5000, np.uint8))
    whole = read(tmp_path / "t2.ptu")
    for size in (1, 7, 64, 5001):
        monkeypatch.setattr(ptu, "RECORDS_A_READ", size)
        if size == 1:
            write_ptu_t2(tmp_path / "short.ptu", time_ps[:200], np.zeros(200, np.uint8))
            assert read(tmp_path / "short.ptu").time_ps.tolist() == time_ps[:200].tolist()
            continue
        parts = read(tmp_path / "t2.ptu")
        assert parts.time_ps.tolist() == time_ps.tolist()
        assert parts.overflows == whole.overflows > 3


def test_the_sync_input_keeps_a_channel_of_its_own(tmp_path: Path) -> None:
    write_ptu_t2(tmp_path / "t2.ptu", np.arange(6) * 10, np.array([0, 9, 1, 9, 0, 9], np.uint8), sync_channel=9)
    assert read(tmp_path / "t2.ptu").channel.tolist() == [0, SYNC_INPUT, 1, SYNC_INPUT, 0, SYNC_INPUT]


def test_markers_are_counted_and_left_out(tmp_path: Path) -> None:
    write_ptu_t2(tmp_path / "t2.ptu", np.arange(6) * 10, np.zeros(6, np.uint8), markers=((15, 1), (16, 4), (40 * WRAP_PS, 15)))
    found = read(tmp_path / "t2.ptu")
    assert (found.time_ps.size, found.markers, found.overflows) == (6, 3, 1)
    assert found.reached_ps == 40 * WRAP_PS


def test_a_picoharp_counts_in_its_own_wraps(tmp_path: Path) -> None:
    path = words_of(tmp_path / "picoharp.ptu", (1 << 28) | 5, 15 << 28, (0 << 28) | 7, 15 << 28, 15 << 28, (1 << 28) | 9)
    data = bytearray(path.read_bytes())
    struct.pack_into("<q", data, data.index(b"TTResultFormat_TTTRRecType") + 40, 0x00010203)
    struct.pack_into("<d", data, data.index(b"MeasDesc_GlobalResolution") + 40, 4e-12)
    path.write_bytes(bytes(data))
    found = read(path)
    wrap = 210_698_240
    assert found.time_ps.tolist() == [5 * 4, (wrap + 7) * 4, (3 * wrap + 9) * 4]
    assert found.channel.tolist() == [1, 0, 1]
    assert (open_ptu(path).resolution_ps, found.overflows) == (4, 3)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (
            {"TTResult_NumberOfRecords": 6},
            r"announces 6 records \(24 bytes from byte \d+\), the file holds 20 bytes there: .*truncated",
        ),
        ({"TTResult_NumberOfRecords": 4}, "followed by foreign bytes"),
        ({"TTResult_NumberOfRecords": 0}, "never closed"),
        ({"MeasDesc_GlobalResolution": -1e-12}, "a resolution of -1e-12 s"),
        ({"MeasDesc_GlobalResolution": 0.0}, "a resolution of 0.0 s"),
        ({"MeasDesc_GlobalResolution": float("nan")}, "a resolution of nan s"),
        ({"TTResultFormat_TTTRRecType": 0x1234}, "lacks or garbles a field"),
        ({"TTResultFormat_TTTRRecType": 0x01010304}, "measurement mode 2 with records of type HydraHarp2T3"),
        ({"TTResultFormat_BitsPerRecord": 64}, "64 bits a record"),
        ({"Measurement_Mode": 0}, "measurement mode 0"),
    ],
)
def test_headers_that_contradict_the_file_are_refused(tmp_path: Path, fields: dict[str, float], complaint: str) -> None:
    path = written(tmp_path / "bad.ptu", **fields)
    with pytest.raises(RecordingError, match=complaint):
        open_ptu(path)


def test_a_sync_rate_that_contradicts_the_period_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t3.ptu"
    write_ptu_t3(path, np.arange(5), np.arange(5), np.zeros(5, np.uint8), sync_rate_hz=80_000_000, resolution_ps=16)
    data = bytearray(path.read_bytes())
    struct.pack_into("<q", data, data.index(b"TTResult_SyncRate") + 40, 40_000_000)
    path.write_bytes(bytes(data))
    with pytest.raises(RecordingError, match=r"40000000 Hz contradicts the sync period of 12500\.0 ps"):
        open_ptu(path)


@pytest.mark.parametrize("cut", [0, 5, 30, 100, 300])
def test_a_header_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "cut.ptu")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RecordingError, match=r"not a PicoQuant PTU file|cannot be read"):
        open_ptu(path)


def test_text_and_other_picoquant_files_are_no_ptu(tmp_path: Path) -> None:
    (tmp_path / "text.ptu").write_text("time_ps,channel\n1,0\n")
    with pytest.raises(RecordingError, match=r"text\.ptu: not a PicoQuant PTU file of time tags \(it begins with b'time_ps,'\)"):
        open_ptu(tmp_path / "text.ptu")
    (tmp_path / "histogram.phu").write_bytes(b"PQHISTO\0" + bytes(100))
    with pytest.raises(RecordingError, match="another kind of PicoQuant file"):
        open_ptu(tmp_path / "histogram.phu")


@pytest.mark.parametrize("word", [(1 << 31) | (16 << 25) | 3, (1 << 31) | (62 << 25)])
def test_records_that_no_device_writes_are_refused(tmp_path: Path, word: int) -> None:
    path = words_of(tmp_path / "bad.ptu", 5, 6, word)
    with pytest.raises(RecordingError, match=rf"record 2 there \(0x{word:08x}\) is no photon, marker or overflow"):
        read(path)


def test_overflows_beyond_int64_are_refused(tmp_path: Path) -> None:
    most = (1 << 31) | (0x3F << 25) | ((1 << 25) - 1)
    with pytest.raises(RecordingError, match=r"beyond what a clock reaches|beyond the 53 days"):
        read(words_of(tmp_path / "far.ptu", *([most] * 20_000), 5))
    with pytest.raises(RecordingError, match=r"beyond what a clock reaches|beyond the 53 days"):
        read(words_of(tmp_path / "near.ptu", *([most] * 4097), 5))
    assert records.LATEST_PS == 1 << 62


def test_writer_refuses_what_the_format_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inputs are 0-15"):
        write_ptu_t2(tmp_path / "x.ptu", np.array([1]), np.array([16], np.uint8))
    with pytest.raises(ValueError, match="0-32767"):
        write_ptu_t3(
            tmp_path / "x.ptu", np.array([1]), np.array([32768]), np.array([1], np.uint8), sync_rate_hz=1, resolution_ps=1
        )


def test_real_t2(measurements: Path) -> None:
    found = read(measurements / "tttr-formats" / "picoquant" / "hydraharp_v30_t2.ptu")
    assert found.overflows == 129_754
    assert found.channel.size == 305_565
    assert set(found.channel.tolist()) == {0}
    assert found.time_ps[:2].tolist() == [24_433_765, 42_010_976]
    assert found.time_ps[-1] == 4_999_964_931_763
    assert found.reached_ps == 4_999_979_466_752
