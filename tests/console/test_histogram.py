"""The windows laid over a histogram."""

import numpy as np

from console.histogram import Histogram
from schemas.records import Estimate


def _estimate(**parameters: float) -> Estimate:
    return Estimate(
        value=0.1, lower=0.0, upper=0.2, confidence=0.95, counts={}, unit="1", method="test", parameters=dict(parameters)
    )


def _histogram(counts: list[int], estimate: Estimate | None) -> Histogram:
    return Histogram(
        start_channel=0,
        stop_channel=1,
        first_edge_ps=-50_000,
        bin_width_ps=100,
        from_unix_s=0,
        to_unix_s=1,
        counts=counts,
        estimate=estimate,
    )


def test_peaks_hold_every_count_of_their_period() -> None:
    counts = np.zeros(1000, np.int64)
    centres = np.arange(-3, 4) * 10_000 + 2_000
    for number, centre in enumerate(centres):
        counts[(centre + 50_000) // 100 - 20 : (centre + 50_000) // 100 + 20] = number + 1
    histogram = _histogram(counts.tolist(), _estimate(period_ps=10_000.0, zero_delay_ps=2_000))
    windows = histogram.windows()
    assert windows is not None
    assert windows.zero == 2.0
    assert windows.sides == (-4, -3, -2, -1, 1, 2, 3, 4)
    peaks = {peak.number: peak for peak in histogram.peaks()}
    assert [peaks[k].counts for k in range(-3, 4)] == [40 * (k + 4) for k in range(-3, 4)]
    assert peaks[-1].delay_ns == -8.0


def test_only_whole_peaks_are_windows() -> None:
    windows = _histogram([0] * 1000, _estimate(period_ps=30_000.0, zero_delay_ps=0)).windows()
    assert windows is not None
    assert windows.sides == (-1, 1)


def test_only_the_peaks_that_were_compared_are_windows() -> None:
    windows = _histogram([0] * 1000, _estimate(period_ps=10_000.0, zero_delay_ps=30_000, side_peaks=5)).windows()
    assert windows is not None
    assert windows.sides == (-4, -3, -2, -1, 1)


def test_stretches_hold_every_count() -> None:
    stretches = _histogram(list(range(1000)), None).stretches(40)
    assert len(stretches) == 40
    assert stretches[0] == (-50.0, -47.5, sum(range(25)))
    assert sum(counts for _, _, counts in stretches) == sum(range(1000))


def test_without_a_period_there_is_nothing_to_lay() -> None:
    assert _histogram([1], None).windows() is None
    assert _histogram([1], _estimate()).peaks() == ()
