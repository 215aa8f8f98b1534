from dataclasses import replace
from datetime import datetime

from slo.counts import Bucket, Counts
from slo.history import RunLengthHistory
from slo.period import CalendarWindow
from slo.windows import Windows
from tests.slo.test_alerts import UNDER

NOW = 1_767_225_600  # 2026-01-01


def filled() -> RunLengthHistory:
    history = RunLengthHistory()
    for end in range(NOW - 100, NOW + 1, 10):
        history.add(Bucket(end, Counts(good=2, bad=1)))
    return history


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    windows, history = Windows(UNDER), filled()
    assert windows.starts(history, NOW) == [NOW - 10, NOW - 20, NOW - 100]
    assert [counts.events for counts in history.sums(windows.starts(history, NOW), NOW)] == [3, 6, 30]
    assert windows.horizon(NOW) == NOW - 100


def test_a_calendar_period_begins_anew_but_the_tiers_look_back_over_it() -> None:
    start = datetime(2026, 1, 1)  # noqa: DTZ001
    windows, history = Windows(replace(UNDER, window=CalendarWindow(1, "M", start, "UTC"))), filled()
    assert windows.starts(history, NOW)[-1] == NOW - 31 * 86_400
    assert windows.starts(history, NOW + 5) == [NOW - 5, NOW - 15, NOW - 95, NOW]
    assert windows.horizon(NOW + 5) == NOW - 95


def test_the_last_so_many_events() -> None:
    for events, buckets in ((1, 1), (3, 1), (4, 2), (30, 10), (31, 10)):
        windows = Windows(replace(UNDER, event_window=events))
        (counts,) = filled().sums(windows.starts(filled(), NOW)[-1:], NOW)
        assert counts.events == 3 * buckets
