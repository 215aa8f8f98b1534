"""Pictures of any bins: equal or doubling, on paper and in characters."""

from pathlib import Path

import numpy as np
import pytest

from console.curves import Curve, terminal, write
from streams.kernels.axis import EdgeAxis


@pytest.fixture
def curve() -> Curve:
    edges_ps = EdgeAxis.doubling(10**9, 1_000).edges_ps()
    heights = 1 + np.exp(-np.abs(edges_ps[:-1]) / 50_000)
    return Curve("dot-1: channels 0 → 1", edges_ps, heights, "g²", "8 pairs · bin 1 ns", logarithmic=True)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_curve_gives_the_same_bytes(tmp_path: Path, curve: Curve, kind: str) -> None:
    first, second = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
    write(curve, first)
    write(curve, second)
    assert first.read_bytes() == second.read_bytes()
    if kind == "svg":
        for words in ("dot-1: channels 0 → 1", "g²", "delay in ns", "8 pairs · bin 1 ns"):
            assert words in first.read_text(encoding="utf-8")


def test_characters_fill_their_size(curve: Curve) -> None:
    text = terminal(curve, (80, 15), colour=False)
    assert "lg(1 + |delay| / 16 ns)" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert len(text.splitlines()) == 15


def test_one_bin_and_none_filled() -> None:
    one = Curve("h", np.array([0, 5]), np.zeros(1), "pairs", "", logarithmic=False)
    assert "delay in ns" in terminal(one, (60, 10), colour=False)
