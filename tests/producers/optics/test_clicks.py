"""Clicks against triggers: brightness, background and dead time that were put in."""

import math

import numpy as np

from producers.optics.clicks import Clicks, clicked
from tests.producers.sources.oracles import covers


def test_brightness_and_background_two_hundred_seeds() -> None:
    plan = Clicks(trigger_hz=1e5, probability=0.2, takes_s=2, dark_s=5)
    bright, dark = [], []
    for seed in range(200):
        data = clicked(plan, 0.5, 400, 0.0, np.random.default_rng(seed))
        assert (data.triggers, data.dark_s) == (200_000, 5)
        bright.append(data.detected)
        dark.append(data.dark)
    covers(bright, math.sqrt(20_800), 200_000 * 0.1 + 800)
    covers(dark, math.sqrt(2_000), 2_000)


def test_dead_time_two_hundred_seeds() -> None:
    plan = Clicks(trigger_hz=1e7, probability=0.2, takes_s=0.01)
    counts = [clicked(plan, 1.0, 0, 1e6, np.random.default_rng(seed)).detected for seed in range(200)]
    expected = 2e6 / (1 + 2e6 * 1e-6) * 0.01
    covers(counts, math.sqrt(expected), expected)
