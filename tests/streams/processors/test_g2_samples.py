"""Samples of aligned windows: the same for every grouping of panes, and after every restart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import DeviceId, DomainId, IndicatorId, RunId
from schemas.panes import PANE_PS, CorrelationPane, PaneKey, PaneParameters, PaneResults, SinglesPane
from streams.estimators.g2 import G2Parameters
from streams.processors import g2_samples, panes
from streams.processors.g2_samples import G2Sampling
from tests.streams.light import pulsed
from tests.streams.tag_streams import cut, segment

SAMPLING = G2Sampling(
    IndicatorId("sps.M1"), 10, PaneParameters(100, 100_000, 1_000), G2Parameters(period_ps=12_500, zero_delay_ps=0), "fw7"
)


def pane(second, *, run="r", tags=(4, 5), counts=True):
    key = PaneKey(DomainId("d"), DeviceId("q"), RunId(run), second)
    singles = tuple(SinglesPane(key, channel, n, PANE_PS, 0) for channel, n in enumerate(tags))
    histogram = np.random.default_rng(second).poisson(np.where(np.arange(2_000) % 125 < 5, 2, 0)).astype(np.uint64)
    return PaneResults(singles, (CorrelationPane(key, 0, 1, -100_000, 100, histogram),) if counts else ())


def chained(parts):
    return panes._chained(parts)


def run(groups, sampling=SAMPLING):
    state, samples = g2_samples.initial(), []
    for group in groups:
        state, found = g2_samples.step(state, chained(group), sampling)
        samples += found
    return [*samples, *g2_samples.close(state, sampling)]


@given(st.lists(st.integers(0, 40), unique=True, max_size=25), st.data())
def test_samples_do_not_depend_on_how_panes_come(seconds, data):
    parts = [pane(second) for second in sorted(seconds)]
    samples = run([[part] for part in parts])
    assert [sample.end_unix_s for sample in samples] == sorted({second // 10 * 10 + 10 for second in seconds})
    places = sorted(data.draw(st.lists(st.integers(0, len(parts)), max_size=4)))
    groups = [parts[a:b] for a, b in zip([0, *places], [*places, len(parts)], strict=True)]
    assert run(groups) == samples


@given(st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=25), st.data())
def test_a_restart_with_the_panes_of_the_open_window_yields_the_same_samples(seconds, data):
    parts = [pane(second) for second in sorted(seconds)]
    stop = data.draw(st.integers(0, len(parts)))
    state, before = g2_samples.initial(), []
    for part in parts[:stop]:
        state, found = g2_samples.step(state, part, SAMPLING)
        before += found
    needed = g2_samples.needed_from_unix_s(state, SAMPLING)
    again = parts[stop:] if needed is None else [part for part in parts if part.singles[0].key.start_unix_s >= needed]
    assert before + run([[part] for part in again]) == run([[part] for part in parts])


def test_a_window_is_complete_with_its_last_second():
    state, samples = g2_samples.step(g2_samples.initial(), chained([pane(second) for second in range(20, 29)]), SAMPLING)
    assert samples == ()
    assert g2_samples.needed_from_unix_s(state, SAMPLING) == 20
    state, [sample] = g2_samples.step(state, pane(29), SAMPLING)
    assert g2_samples.needed_from_unix_s(state, SAMPLING) is None
    assert (sample.subject, sample.device, sample.run, sample.indicator) == ("q", "q", "r", "sps.M1")
    assert (sample.end_unix_s, sample.integration_s, sample.firmware) == (30, 10, "fw7")
    assert sample.estimate.parameters["live_s"] == 10
    assert (sample.estimate.parameters["start_channel"], sample.estimate.parameters["stop_channel"]) == (0, 1)
    assert sample.estimate.value == pytest.approx(1, abs=0.3)


def test_silence_yields_samples_without_counts():
    [sample] = run([[pane(second, tags=(0, 0), counts=False) for second in range(10)]])
    assert (sample.estimate.value, sample.estimate.lower, sample.estimate.upper) == (None, None, None)
    assert not any(sample.estimate.counts.values())
    assert "two detectors" in sample.estimate.warnings[0]


def test_another_run_ends_the_window():
    samples = run([[pane(3), pane(4, run="s")]])
    assert [(sample.run, sample.end_unix_s) for sample in samples] == [("r", 10), ("s", 10)]


def test_from_tags_to_a_sample_that_knows_good_from_bad():
    sampling = G2Sampling(IndicatorId("sps.M1"), 1, PaneParameters())
    for g2 in (0.05, 0.9):
        light = pulsed(np.random.default_rng(1), g2=g2, pulses=600_000, period_ps=12_500, efficiency=0.15, zero_delay_ps=23_940)
        whole = segment(light.time_ps, light.channel, 0, light.reached_ps, (1, 2), origin_unix_ns=10**18)
        state, results = panes.step(panes.initial(PaneParameters()), whole, PaneParameters())
        parts = [chained([results, panes.close(state, PaneParameters())])]
        [sample] = run([parts], sampling)
        assert sample.estimate.lower < g2 < sample.estimate.upper
        assert (sample.estimate.upper < 0.5) == (g2 < 0.5)
        assert (sample.estimate.lower >= 0.5) == (g2 > 0.5)
        assert len(cut(whole, [10**6])) == 2
