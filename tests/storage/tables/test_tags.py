"""Tags to rows and back, against a plain oracle."""

import itertools

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.ids import DeviceId, RunId
from storage import tables
from storage.client import Client
from storage.reader import Reader
from storage.tables import StoredTags
from tests.storage.made import context
from tests.storage.plain_runs import WIDE_PS, tag_runs

_numbers = itertools.count()
steps = st.one_of(st.integers(0, 3), st.integers(0, 2**31), st.integers(WIDE_PS - 2, WIDE_PS + 2), st.integers(2**40, 2**50))
streams = st.lists(st.tuples(steps, st.sampled_from([0, 1, 2, 7, 200, 254])), max_size=60)


def arrays(stream: list[tuple[int, int]], start_ps: int) -> tuple[np.ndarray, np.ndarray]:
    gaps, channels = zip(*stream, strict=True) if stream else ((), ())
    return start_ps + np.cumsum(np.array(gaps, np.int64)), np.array(channels, np.uint8)


def plain_runs(time_ps: np.ndarray, channel: np.ndarray) -> list[tuple[int, int, int, list[int]]]:
    """Channel, first, last, gaps; one tag after another."""
    runs: list[tuple[int, int, int, list[int]]] = []
    for number in sorted(set(channel.tolist())):
        own = time_ps[channel == number].tolist()
        runs.append((number, own[0], own[-1], [0, *(later - earlier for earlier, later in itertools.pairwise(own))]))
    return runs


def words(gaps: list[int]) -> tuple[list[int], list[int]]:
    """Low and high words; no high ones where none is needed."""
    return [gap % WIDE_PS for gap in gaps], [gap // WIDE_PS for gap in gaps] if max(gaps) >= WIDE_PS else []


@given(streams, st.integers(-(2**40), 2**40))
def test_runs_equal_the_oracle(stream: list[tuple[int, int]], start_ps: int) -> None:
    time_ps, channel = arrays(stream, start_ps)
    runs = tag_runs(time_ps, channel)
    assert (runs.channel.dtype, runs.t0_ps.dtype, runs.last_ps.dtype) == (np.uint8, np.int64, np.int64)
    assert (runs.offsets.dtype, runs.gaps.dtype) == (np.int64, np.uint32)
    high = np.resize(runs.gaps_high, runs.gaps.size).astype(np.int64)  # of none: zeros
    found = [
        (int(number), int(first), int(last), (runs.gaps[a:b] + (high[a:b] << 32)).tolist())
        for number, first, last, a, b in zip(
            runs.channel, runs.t0_ps, runs.last_ps, runs.offsets[:-1], runs.offsets[1:], strict=True
        )
    ]
    assert found == plain_runs(time_ps, channel)


@given(st.lists(streams, max_size=5))
def test_rows_keep_every_block_apart_in_the_tables_own_order(blocks: list[list[tuple[int, int]]]) -> None:
    devices = ("b", "a", "b", "b", "a")
    stored = [
        StoredTags(
            context(devices[sequence], sequence, sequence), 100 + sequence, tag_runs(*arrays(stream, 0)), late=sequence == 1
        )
        for sequence, stream in enumerate(blocks)
    ]
    rows = tables.tag_rows(stored)
    assert rows.schema == tables.SCHEMAS[tables.TAG_RUNS]
    made = [
        (devices[sequence], 100 + sequence, sequence, sequence == 1, run)
        for sequence, one in enumerate(blocks)
        for run in plain_runs(*arrays(one, 0))
    ]
    expected = sorted(made, key=lambda row: (row[0], *row[4][:2]))  # device, channel, first tag
    for row, (device, offset, sequence, late, (channel, first, last, gaps)) in zip(rows.to_pylist(), expected, strict=True):
        assert (row["device"], row["offset"], row["sequence"], row["late"]) == (device, offset, sequence, late)
        low, high = words(gaps)
        assert (row["channel"], row["t0_ps"], row["last_ps"], row["n"]) == (channel, first, last, len(gaps))
        assert (row["gaps"], row["gaps_high"]) == (low, high)
        assert row["crc"] == google_crc32c.value(np.array(low + high, "<u4").tobytes())
        assert row["time"].value == row["origin_unix_ns"] + first // 1_000


@pytest.mark.stack
@settings(max_examples=12, deadline=None)
@given(stream=streams, start_ps=st.integers(-(2**40), 2**40), cut=st.integers(0, 60))
def test_tags_come_back_as_they_went(
    client: Client, reader: Reader, stream: list[tuple[int, int]], start_ps: int, cut: int
) -> None:
    time_ps, channel = arrays(stream, start_ps)
    device, run = DeviceId("tags"), RunId(f"run-{next(_numbers)}")
    parts = [(time_ps[:cut], channel[:cut]), (time_ps[cut:], channel[cut:])]
    rows = tables.tag_rows(
        [StoredTags(context(device, number, 0, run=run), number, tag_runs(*part)) for number, part in enumerate(parts)]
    )
    for place in range(rows.num_rows):  # one by one, so that no insert holds two days
        client.insert(tables.TAG_RUNS, rows.slice(place, 1), token=f"{run}-{place}")
    for number in {0, *channel.tolist()}:
        own = time_ps[channel == number]
        np.testing.assert_array_equal(reader.tags(device, run, number), own)
        if own.size:
            begin, end = int(own[own.size // 3]), int(own[-1])
            np.testing.assert_array_equal(reader.tags(device, run, number, begin, end), own[(own >= begin) & (own < end)])
    view = client.query(
        "SELECT channel, abstime_ps, toUnixTimestamp64Nano(time) AS ns FROM tags "
        "WHERE device = 'tags' AND run = {run:String} ORDER BY channel, abstime_ps",
        {"run": run},
    )
    order = np.lexsort((time_ps, channel))
    assert view["channel"].to_pylist() == channel[order].tolist()
    assert view["abstime_ps"].to_pylist() == time_ps[order].tolist()
