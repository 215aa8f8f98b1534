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


def test_a_flooded_detector_loses_dark_clicks_too_and_the_source_seems_dim() -> None:
    plan = Clicks(trigger_hz=5e5, probability=0.14, takes_s=5, dark_s=10)
    every = [clicked(plan, 1.0, 1.5e6, 270_000, np.random.default_rng(seed)) for seed in range(200)]
    dark_hz, lit_hz = (rate_hz / (1 + rate_hz * 270e-9) for rate_hz in (1.5e6, 1.57e6))
    covers([data.dark for data in every], math.sqrt(dark_hz * 10), dark_hz * 10)
    covers([data.detected for data in every], math.sqrt(lit_hz * 5), lit_hz * 5)
    assert 0.06 < (lit_hz - dark_hz) / plan.trigger_hz < 0.08
