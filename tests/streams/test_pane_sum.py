"""Sums of panes do not depend on order or parts, and only like adds to like."""

import numpy as np
import pytest

from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import PANE_PS, CoincidencePane, CorrelationPane, PaneKey, PaneParameters, PaneResults, SinglesPane
from streams.errors import AnalysisError
from streams.pane_sum import PaneSum

PARAMETERS = PaneParameters(100, 1_000, 500)


def key(second, run="r"):
    return PaneKey(DomainId("d"), DeviceId("q"), RunId(run), second)


def pane(second, tags, live_ps=PANE_PS, run="r"):
    singles = tuple(SinglesPane(key(second, run), channel, n, live_ps, PANE_PS - live_ps) for channel, n in enumerate(tags))
    counts = np.full(20, second, np.uint64)
    return PaneResults(
        singles,
        (CorrelationPane(key(second, run), 0, 1, -1_000, 100, counts),),
        (CoincidencePane(key(second, run), (0, 1), 500, second),),
    )


def total(parts):
    found = PaneSum(PARAMETERS)
    for part in parts:
        found.add(part)
    return found


def test_order_and_parts_do_not_matter():
    parts = [pane(3, (10, 20)), pane(4, (1, 2), 10**11), pane(4, (3, 4), 10**11), pane(9, (7, 7))]
    for order in (parts, parts[::-1]):
        found = total(order)
        assert found.tags == {0: 21, 1: 33}
        assert found.live_ps == 2 * PANE_PS + 2 * 10**11
        assert found.lost_ps == 2 * 9 * 10**11
        assert found.seconds == (3, 10)
        assert found.pairs == ((0, 1),)
        assert found.histogram((0, 1)).counts.tolist() == [20] * 20
        assert found.coincidences((0, 1)) == 20
        assert found.accidentals_per_ps((0, 1)) == 21 * 33 / found.live_ps


def test_accidentals_follow_the_rates_minute_by_minute():
    drifting = [pane(second, (100, 100) if second < 60 else (300, 300)) for second in range(120)]
    assert total(drifting).accidentals_per_ps((0, 1)) == pytest.approx(60 * (100**2 + 300**2) / PANE_PS)
    assert total([*drifting, pane(200, (5, 5), run="s")]).accidentals_per_ps((0, 1)) == pytest.approx(
        (60 * (100**2 + 300**2) + 25) / PANE_PS
    )


def test_nothing_is_zero_everywhere():
    found = PaneSum(PARAMETERS)
    assert (found.tags, found.live_ps, found.seconds, found.pairs) == ({}, 0, None, ())
    assert found.accidentals_per_ps((0, 1)) == 0
    assert not found.histogram((0, 1)).counts.any()


def test_what_was_taken_out_cannot_change_the_sum():
    found = total([pane(3, (1, 1))])
    found.histogram((0, 1)).counts[:] = 0
    assert found.histogram((0, 1)).counts.sum() == 60


def test_other_bins_or_windows_do_not_add_up():
    other = CorrelationPane(key(3), 0, 1, -1_000, 50, np.zeros(40, np.uint64))
    with pytest.raises(AnalysisError, match="40 bins of 50 ps"):
        total([PaneResults((), (other,))])
    with pytest.raises(AnalysisError, match="within 7 ps"):
        total([PaneResults((), (), (CoincidencePane(key(3), (0, 1), 7, 1),))])
