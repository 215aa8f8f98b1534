"""Tags written into every format and read back: equal to the last picosecond, as far as the format can say them."""

from pathlib import Path

import numpy as np
import pytest

from producers.errors import RecordingError
from producers.recording import Recording, open_recording
from producers.sources import Detection, PairParameters, PairSource, PulsedParameters, PulsedSource
from producers.tag_files import write_tags
from schemas.block import Channels, Loss, Times

PULSED = PulsedParameters(rate_hz=3e5, period_ps=12_500, lifetime_ps=800, detection=Detection(jitter_ps=50))


def read_back(recording: Recording) -> tuple[Times, Channels]:
    chunks = list(recording.chunks())
    time_ps = np.concatenate([chunk.time_ps for chunk in chunks]) + recording.clock_start_ps
    return time_ps, np.concatenate([chunk.channel for chunk in chunks])


@pytest.mark.parametrize("name", ["a.ptu", "a.parquet", "a.arrow", "a.feather", "a.npz"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    detection = Detection(efficiency=(0.5,) * 3, background_hz=(100.0,) * 3)
    time_ps, channel = PairSource(PairParameters(rate_hz=2e5, detection=detection), 3).advance(10**12)
    write_tags(tmp_path / name, time_ps, channel)
    recording = open_recording(tmp_path / name)
    again, channels = read_back(recording)
    assert np.array_equal(again, time_ps)
    assert np.array_equal(channels, channel)
    assert recording.tags == {number: int((channel == number).sum()) for number in range(3)}


def test_t3_keeps_period_and_times(tmp_path: Path) -> None:
    time_ps, channel = PulsedSource(PULSED, 3).advance(10**12)
    write_tags(tmp_path / "a.ptu", time_ps, channel, period_ps=12_500, t3=True)
    recording = open_recording(tmp_path / "a.ptu")
    assert (recording.format, recording.period_ps, recording.resolution_ps) == ("PicoQuant PTU T3", 12_500, 1)
    again, channels = read_back(recording)
    assert np.array_equal(again, time_ps)
    assert np.array_equal(channels, channel)


@pytest.mark.parametrize("period_ps", [13_157.9, 1_000_000.25])
def test_t3_of_other_periods_is_true_to_its_bins(tmp_path: Path, period_ps: float) -> None:
    parameters = PulsedParameters(rate_hz=1e5, period_ps=period_ps, lifetime_ps=900)
    time_ps, channel = PulsedSource(parameters, 3).advance(10**12)
    write_tags(tmp_path / "a.ptu", time_ps, channel, period_ps=period_ps, t3=True)
    recording = open_recording(tmp_path / "a.ptu")
    assert recording.period_ps == pytest.approx(period_ps, rel=1e-12)
    again, channels = read_back(recording)
    assert np.abs(again - time_ps).max() <= recording.resolution_ps
    assert np.array_equal(channels, channel)


@pytest.mark.parametrize(
    ("name", "t3", "period_ps", "complaint"),
    [
        ("a.tdms", False, None, "no format is named by “.tdms”; use .ptu, .parquet"),
        ("a", False, None, "no format is named by “”"),
        ("a.npz", True, 12_500.0, "T3 is a format of .ptu files"),
        ("a.ptu", True, None, "this source has none"),
        ("absent/a.ptu", False, None, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str, t3: bool, period_ps: float | None, complaint: str) -> None:
    with pytest.raises(RecordingError, match=complaint):
        write_tags(tmp_path / name, np.arange(3), np.zeros(3, np.uint8), period_ps=period_ps, t3=t3)


def test_losses_are_kept_where_the_file_can_hold_them(tmp_path: Path) -> None:
    """Told again once each, in the chunk that they lie in, from the recording's start, and no further than its end."""
    time_ps = np.arange(5_000_000_000, 9_000_000_000, 10_000)
    losses = Loss(4_999_999_000, 5_000_000_500), Loss(6_000_000_001, 8_500_000_000), Loss(8_600_000_000, 10**11)
    write_tags(tmp_path / "a.npz", time_ps, np.zeros(time_ps.size, np.uint8), losses=losses)
    recording = open_recording(tmp_path / "a.npz")
    chunks = list(recording.chunks())
    assert len(chunks) > 2
    pieces = [loss for chunk in chunks for loss in chunk.losses]
    reached = [0, *(chunk.reached_ps for chunk in chunks)]
    for since, chunk in zip(reached, chunks, strict=False):
        assert all(since <= loss.start_ps < loss.end_ps <= chunk.reached_ps for loss in chunk.losses)
    covered = np.zeros(recording.duration_ps // 500 + 1, np.int64)
    for loss in pieces:
        covered[loss.start_ps // 500 : loss.end_ps // 500] += 1
    assert covered.max() == 1
    start = recording.clock_start_ps
    assert recording.lost_ps == sum(loss.end_ps - loss.start_ps for loss in pieces)
    assert recording.lost_ps == 500 + 2_499_999_999 + recording.duration_ps - (8_600_000_000 - start)
