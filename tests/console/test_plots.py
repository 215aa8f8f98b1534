"""Pictures: they are written, they say the value, and the same input gives the same bytes."""

from pathlib import Path

import numpy as np
import pytest

from console.histogram import Histogram
from console.plots import terminal, value_text, write
from console.refusal import Refusal
from schemas.records import Estimate


def _estimate(value: float | None, lower: float | None, upper: float | None) -> Estimate:
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=0.95,
        counts={"central": 2, "side": 5054},
        unit="1",
        method="pulsed",
        parameters={"period_ps": 12_500.0, "zero_delay_ps": 1_000, "normalisation": "nearest 10"},
    )


@pytest.fixture
def histogram() -> Histogram:
    rng = np.random.default_rng(1)
    tau = np.arange(-100_000, 100_000, 100) + 50
    peaks = np.exp(-np.abs((tau - 1_000 + 6_250) % 12_500 - 6_250) / 800)
    return Histogram(
        start_channel=0,
        stop_channel=1,
        first_edge_ps=-100_000,
        bin_width_ps=100,
        from_unix_s=0,
        to_unix_s=10,
        counts=rng.poisson(5 * peaks).tolist(),
        estimate=_estimate(0.004, 0.0005, 0.0143),
    )


def test_the_title_says_value_and_interval() -> None:
    assert value_text(_estimate(0.004, 0.0005, 0.0143)) == "g²(0) = 0.0040, 95 % interval 0.0005 … 0.0143"
    assert value_text(_estimate(0.0, 0.0, 0.067)) == "g²(0) < 0.0670 (95 % upper limit)"
    assert value_text(_estimate(None, None, 0.067)) == "g²(0) < 0.0670 (95 % upper limit)"
    assert value_text(_estimate(None, None, None)) == "g²(0): too few counts for a value"


def test_svg_holds_the_words_and_is_the_same_each_time(tmp_path: Path, histogram: Histogram) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    write(histogram, "dot-1", first)
    write(histogram, "dot-1", second)
    text = first.read_text(encoding="utf-8")
    assert "dot-1: g²(0) = 0.0040" in text
    assert "period 12.5000 ns" in text
    assert "normalised by nearest 10" in text
    assert "delay in ns" in text
    assert text == second.read_text(encoding="utf-8")


def test_png_is_one(tmp_path: Path, histogram: Histogram) -> None:
    file = tmp_path / "a.png"
    write(histogram, "dot-1", file)
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size > 20_000


def test_other_kinds_and_places_are_refused(tmp_path: Path, histogram: Histogram) -> None:
    with pytest.raises(Refusal, match="no picture of kind"):
        write(histogram, "dot-1", tmp_path / "a.gif")
    with pytest.raises(Refusal, match="cannot be written"):
        write(histogram, "dot-1", tmp_path / "absent" / "a.png")


def test_the_terminal_plot_fits(histogram: Histogram) -> None:
    picture = terminal(histogram, "dot-1", (72, 16), colour=False)
    lines = picture.splitlines()
    assert len(lines) <= 16
    assert max(map(len, lines)) <= 72
    assert "dot-1" in picture
    assert "delay in ns" in picture
    assert "\x1b" not in picture
