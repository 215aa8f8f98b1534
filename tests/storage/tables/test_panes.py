"""Panes and their parts: every level holds the same sums, however they came."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import CoincidencePane, CorrelationPane, PaneKey, PaneResults, SinglesPane
from storage import tables
from storage.client import Client
from storage.reader import Level, Reader
from tests.storage.made import MIDNIGHT_UNIX_S

pytestmark = pytest.mark.stack
_numbers = itertools.count()
_counts = st.lists(st.integers(0, 2**40), min_size=8, max_size=8)
_part = st.tuples(st.integers(0, 3 * 3_600 - 1), st.sampled_from([0, 1, 9]), st.integers(0, 2**50), _counts)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(inserts=st.lists(st.lists(_part, min_size=1, max_size=8), min_size=1, max_size=4))
def test_every_level_holds_the_same_sums(
    client: Client, reader: Reader, inserts: list[list[tuple[int, int, int, list[int]]]]
) -> None:
    device, run = DeviceId("panes"), RunId(f"run-{next(_numbers)}")
    for number, parts in enumerate(inserts):
        keys = [PaneKey(DomainId("d"), device, run, MIDNIGHT_UNIX_S + second) for second, *_ in parts]
        singles = [
            SinglesPane(key, channel, tags, 10**12, 10**11) for key, (_, channel, tags, _) in zip(keys, parts, strict=True)
        ]
        histograms = [
            CorrelationPane(key, 0, 1, -400, 100, np.array(counts, np.uint64))
            for key, (*_, counts) in zip(keys, parts, strict=True)
        ]
        coincidences = [CoincidencePane(key, (0, 1), 1_000, tags) for key, (_, _, tags, _) in zip(keys, parts, strict=True)]
        panes = PaneResults(tuple(singles), tuple(histograms), tuple(coincidences))
        client.insert(tables.PANES, tables.pane_rows([panes]), token=f"{run}{number}")
    parts = [part for insert in inserts for part in insert]
    for level, span_s in ((Level.SECOND, 1), (Level.MINUTE, 60), (Level.HOUR, 3_600)):
        expected: dict[tuple[int, int], int] = {}
        for second, channel, tags, _ in parts:
            key = (MIDNIGHT_UNIX_S + second - second % span_s, channel)
            expected[key] = expected.get(key, 0) + tags
        singles_found = reader.singles(device, run, level=level)
        found = zip(singles_found.start_unix_s.tolist(), singles_found.channel.tolist(), singles_found.tags.tolist(), strict=True)
        assert {(start, channel): tags for start, channel, tags in found} == expected
        assert singles_found.live_s.sum() == pytest.approx(len(parts))
        assert singles_found.lost_s.sum() == pytest.approx(len(parts) / 10)
        (histogram,) = reader.correlations(device, run, level=level)
        assert histogram.counts.tolist() == np.sum([part[3] for part in parts], axis=0).tolist()
        assert (histogram.first_edge_ps, histogram.bin_width_ps) == (-400, 100)
        assert histogram.from_unix_s == min(expected)[0]
        assert histogram.to_unix_s == max(expected)[0] + span_s
        (coincidence,) = reader.coincidences(device, run, level=level)
        assert coincidence.coincidences == sum(part[2] for part in parts)
        assert (coincidence.channels, coincidence.window_ps) == ((0, 1), 1_000)


def test_pairs_and_binnings_are_kept_apart(client: Client, reader: Reader, device: str) -> None:
    key = PaneKey(DomainId(device), DeviceId(device), RunId("run-1"), MIDNIGHT_UNIX_S)
    ones = np.ones(4, np.uint64)
    panes = [
        CorrelationPane(key, 0, 1, -200, 100, ones),
        CorrelationPane(key, 0, 2, -200, 100, 2 * ones),
        CorrelationPane(key, 0, 1, -400, 200, 3 * ones),
    ]
    client.insert(tables.PANES, tables.pane_rows([PaneResults(correlations=tuple(panes))]), token=device)
    for level in Level:
        found = reader.correlations(key.device, key.run, level=level)
        assert [(one.start_channel, one.stop_channel, one.bin_width_ps, one.counts.tolist()) for one in found] == [
            (0, 1, 100, [1, 1, 1, 1]),
            (0, 1, 200, [3, 3, 3, 3]),
            (0, 2, 100, [2, 2, 2, 2]),
        ]


def test_ranges_are_half_open(client: Client, reader: Reader, device: str) -> None:
    panes = [
        SinglesPane(PaneKey(DomainId(device), DeviceId(device), RunId("r"), MIDNIGHT_UNIX_S + second), 0, 1 + second, 10**12, 0)
        for second in range(4)
    ]
    client.insert(tables.PANES, tables.pane_rows([PaneResults(tuple(panes))]), token=device)
    found = reader.singles(DeviceId(device), RunId("r"), MIDNIGHT_UNIX_S + 1, MIDNIGHT_UNIX_S + 3)
    assert found.tags.tolist() == [2, 3]
    assert found.rate_hz.tolist() == [2.0, 3.0]
    nothing = reader.singles(DeviceId(device), RunId("other"))
    assert nothing.tags.size == nothing.rate_hz.size == 0


def test_views_for_people_sum_parts(client: Client, device: str) -> None:
    key = PaneKey(DomainId(device), DeviceId(device), RunId("r"), MIDNIGHT_UNIX_S)
    singles = SinglesPane(key, 0, 3, 10**12, 0)
    histogram = CorrelationPane(key, 0, 1, -200, 100, np.arange(4, dtype=np.uint64))
    coincidences = CoincidencePane(key, (0, 1), 1_000, 5)
    client.insert(tables.PANES, tables.pane_rows([PaneResults((singles,), (histogram,), (coincidences,))] * 2), token=device)
    for level in Level:
        where = f"_{level} WHERE device = {{device:String}}"
        singles = client.query(f"SELECT tags, rate_hz FROM v_singles{where}", {"device": device}).to_pylist()
        assert singles == [{"tags": 6, "rate_hz": 3.0}]
        pairs = client.query(f"SELECT counts, pairs FROM v_correlations{where}", {"device": device}).to_pylist()
        assert pairs == [{"counts": [0, 2, 4, 6], "pairs": 12}]
        sets = client.query(
            f"SELECT channels, window_ps, coincidences FROM v_coincidences{where}", {"device": device}
        ).to_pylist()
        assert sets == [{"channels": [0, 1], "window_ps": 1_000, "coincidences": 10}]
