"""Quantities as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.quantities import (
    QuantityError,
    channel_delay,
    channel_list,
    channel_pair,
    hertz_text,
    in_unit_of,
    picoseconds,
    picoseconds_text,
    seconds_text,
)


@pytest.mark.parametrize(
    ("text", "value_ps"),
    [
        ("100 ps", 100),
        ("±200ns", 200_000),
        ("+-1us", 1_000_000),
        ("1.5 µs", 1_500_000),
        ("0.1ns", 100),
        ("2 ms", 2 * 10**9),
        ("1e3 ns", 10**6),
        ("10s", 10**13),
        ("1_000 ps", 1000),
        ("0.3 ns", 300),
    ],
)
def test_reads_what_people_write(text: str, value_ps: int) -> None:
    assert picoseconds(text) == value_ps


@pytest.mark.parametrize("text", ["", "100", "ns", "-5 ns", "1 lightyear", "0.5 ps", "1.2.3 ns", "9e99 s", "nan ns"])
def test_refuses_with_an_example_or_a_reason(text: str) -> None:
    with pytest.raises(QuantityError, match=r"duration|unit|whole|longer"):
        picoseconds(text)


@given(st.integers(0, 2**62))
def test_text_is_exact(value_ps: int) -> None:
    assert picoseconds(picoseconds_text(value_ps)) == value_ps


def test_texts_for_the_eye() -> None:
    assert [seconds_text(s) for s in (8, 100, 7200, 2_592_000)] == ["8 s", "1.67 min", "2 h", "30 d"]
    assert [hertz_text(f) for f in (812, 79_310, 1.25e6, 0)] == ["812 Hz", "79.3 kHz", "1.25 MHz", "0 Hz"]


def test_channel_pairs() -> None:
    assert channel_pair(" 0, 1") == (0, 1)
    for text in ("1", "1,1", "a,b", "1,2,3", "-1,2"):
        with pytest.raises(QuantityError, match="pair"):
            channel_pair(text)


def test_channel_lists() -> None:
    assert channel_list("3, 1,2", 2, 8) == (3, 1, 2)
    for text in ("", "1", "1,2,3,4", "1,,2", "1;2", "-1,2", "1.5,2"):
        with pytest.raises(QuantityError, match="2 to 3 channels"):
            channel_list(text, 2, 3)


def test_delays_of_channels() -> None:
    assert [channel_delay(text) for text in ("1=250", "0=-0.25ns", " 7 = +3 ps", "2=0")] == [(1, 250), (0, -250), (7, 3), (2, 0)]
    for text in ("1", "1=", "=5", "a=5", "1=--5", "1=0.5ps", "1:5", "1=5 lightyears"):
        with pytest.raises(QuantityError):
            channel_delay(text)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("dead_time_ps", "50 ns", 50_000),
        ("period_ps", "12.5ns", 12_500),
        ("period_ps", "12500", 12_500),
        ("integration_s", "10 ms", 0.01),
        ("repetition_rate_hz", "80MHz", 8e7),
        ("offset_ns", "1.5us", 1_500),
        ("signal_share", "0.7", 0.7),
        ("response_rms_ps", "-3 ps", -3),
    ],
)
def test_a_setting_s_value_may_carry_its_unit(name: str, text: str, value: float) -> None:
    assert float(in_unit_of(name, text)) == pytest.approx(value)


def test_other_texts_stay_and_other_units_are_refused() -> None:
    assert in_unit_of("channels", "0,1") == "0,1"
    assert in_unit_of("calibration", "2026a") == "2026a"
    with pytest.raises(QuantityError, match="no quantity in ps"):
        in_unit_of("dead_time_ps", "50 MHz")
