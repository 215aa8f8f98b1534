"""A tagger's limits: what is lost is counted, where it was lost is marked, and nothing else is."""

import numpy as np
import pytest

from producers.errors import SourceError
from producers.tagger import RunningTagger, Tagger

SECOND_PS = 10**12


def tags(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return np.sort(random.integers(0, SECOND_PS, count)), random.integers(0, 2, count).astype(np.uint8)


def test_a_host_that_keeps_up_loses_nothing() -> None:
    time_ps, channel = tags(1000)
    read = RunningTagger(Tagger(), np.random.default_rng(1)).read(time_ps, channel, SECOND_PS)
    assert np.array_equal(read.time_ps, time_ps)
    assert np.array_equal(read.channel, channel)
    assert (read.losses, read.wraps) == ((), 0)


def test_resolution_and_wraps() -> None:
    tagger = RunningTagger(Tagger(resolution_ps=7, wrap_ps=3 * 10**11), np.random.default_rng(1))
    time_ps, channel = tags(1000)
    wraps = []
    for stretch in range(3):
        read = tagger.read(time_ps, channel, SECOND_PS)
        absolute = read.time_ps + stretch * SECOND_PS
        assert not np.any(absolute[read.time_ps > 0] % 7)
        assert np.all((time_ps - read.time_ps >= 0) & (time_ps - read.time_ps < 7))
        wraps.append(read.wraps)
    assert wraps == [3, 3, 4]


def test_a_stalled_host_loses_what_the_buffer_cannot_hold() -> None:
    """Stalls come and last as asked for; of each the buffer's tags are kept, also of one that spans stretches."""
    tagger = RunningTagger(Tagger(stall_hz=0.5, stall_s=0.5, buffer_tags=200), np.random.default_rng(3))
    lost_s, lost, kept = 0.0, 0, 0
    for second in range(400):
        time_ps, channel = tags(10_000, second)
        read = tagger.read(time_ps, channel, SECOND_PS)
        kept += read.time_ps.size
        for loss in read.losses:
            assert 0 <= loss.start_ps < loss.end_ps <= SECOND_PS
            inside = (time_ps >= loss.start_ps) & (time_ps < loss.end_ps)
            assert np.count_nonzero(inside) == loss.tags
            assert not np.any(np.isin(read.time_ps, time_ps[inside]))
            lost += loss.tags or 0
            lost_s += (loss.end_ps - loss.start_ps) / SECOND_PS
    assert kept + lost == 4_000_000
    # A stall every 2.5 s on average (2 s of reading, 0.5 s of stall); the buffer holds the first 20 ms of each.
    assert lost_s / 400 == pytest.approx(0.5 * np.exp(-0.02 / 0.5) / 2.5, rel=0.15)
    assert lost / 10_000 == pytest.approx(lost_s, rel=0.02)


@pytest.mark.parametrize(
    "changes", [{"resolution_ps": 0}, {"wrap_ps": -1}, {"buffer_tags": -1}, {"stall_hz": -1}, {"stall_s": 0}]
)
def test_impossible_taggers_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(SourceError):
        Tagger(**changes)
