"""Names of columns and what they mean."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from producers.errors import RecordingError
from producers.formats.columns import find_columns, number_channels, number_times

FILE = Path("tags.csv")


@pytest.mark.parametrize(
    ("name", "unit_ps"),
    [
        ("time_ps", 1),
        ("Time_NS", 10**3),
        ("timestamp_us", 10**6),
        ("time (ms)", 10**9),
        ("t[s]", 10**12),
        ("timetag_ps", 1),
        ("arrival_time_ns", 10**3),
        ("abstime_µs", 10**6),
        ("time_fs", Fraction(1, 1000)),
    ],
)
def test_the_unit_is_in_the_name(name: str, unit_ps: Fraction) -> None:
    found = find_columns(FILE, ["energy", name, "Channel"])
    assert (found.time, found.channel, found.unit_ps, found.notes) == (name, "Channel", unit_ps, ())


@pytest.mark.parametrize("name", ["time", "times", "timestamps", "timetags", "t", "tag"])
@pytest.mark.parametrize("channel", ["channel", "ch", "detector", "channels"])
def test_no_unit_means_picoseconds_and_is_said(name: str, channel: str) -> None:
    found = find_columns(FILE, [channel, name])
    assert found.unit_ps == 1
    assert found.notes == (f"column {name!r} names no unit: read as picoseconds",)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["a", "b"], "no column for the time and no column for the channel among"),
        (["time_ps"], r"no column for the channel among \[time_ps\]; name one time_ps"),
        (["channel", "energy"], "no column for the time among"),
        (["time_ps", "time_ns", "channel"], "2 columns for the time among"),
        (["time_ps", "ch", "channel"], "2 columns for the channel among"),
        (["time_minutes", "channel"], "no column for the time"),
        (["1", "2"], "no column for the time"),
    ],
)
def test_what_is_not_plain_is_refused(names: list[str], complaint: str) -> None:
    with pytest.raises(RecordingError, match=complaint):
        find_columns(FILE, names)


def test_integers_of_any_kind_are_exact() -> None:
    assert number_times(np.array([0, 2**61], np.uint64), Fraction(1), "f", 0).tolist() == [0, 2**61]
    assert number_times(np.array([-3, 5], np.int8), Fraction(1000), "f", 0).tolist() == [-3000, 5000]
    with pytest.raises(RecordingError, match="beyond the 53 days that fit"):
        number_times(np.array([2**63], np.uint64), Fraction(1), "f", 0)
    with pytest.raises(RecordingError, match="beyond the 53 days that fit"):
        number_times(np.array([2**40]), Fraction(10**12), "f", 0)


def test_floats_are_rounded_or_refused_where_they_cannot_hold_a_picosecond() -> None:
    assert number_times(np.array([1.4, 2.6]), Fraction(1), "f", 0).tolist() == [1, 3]
    assert number_times(np.array([5.000000000123]), Fraction(10**12), "f", 0).tolist() == [5_000_000_000_123]
    with pytest.raises(RecordingError, match=r"as float64 cannot hold single picoseconds"):
        number_times(np.array([1e16]), Fraction(1), "f", 0)
    with pytest.raises(RecordingError, match=r"as float32 cannot hold single picoseconds"):
        number_times(np.array([2e7], np.float32), Fraction(1), "f", 0)
    with pytest.raises(RecordingError, match="row 11 has the time nan"):
        number_times(np.array([1.0, np.nan]), Fraction(1), "f", 10)
    with pytest.raises(RecordingError, match="row 10 has the time inf"):
        number_times(np.array([np.inf, np.nan]), Fraction(1), "f", 10)
    with pytest.raises(RecordingError, match="times of type <U1"):
        number_times(np.array(["x"]), Fraction(1), "f", 0)


def test_channels_are_whole_numbers() -> None:
    assert number_channels(np.array([1.0, 2.0]), "f", 0).tolist() == [1, 2]
    assert number_channels(np.array([True, False]), "f", 0).tolist() == [1, 0]
    for values, complaint in (
        (np.array([1.0, 1.5]), "row 8 has the channel 1.5"),
        (np.array([np.nan]), "row 7 has the channel nan"),
        (np.array(["a"]), "channels of type"),
        (np.array([2**64 - 1], np.uint64), "a channel of 18446744073709551615"),
    ):
        with pytest.raises(RecordingError, match=complaint):
            number_channels(values, "f", 7)
