"""The filter's errors are as large as it says, for quiet clocks and for bad ones, and grow while nothing is seen."""

import numpy as np
import pytest

from streams.estimators.clock_filter import ClockFilter, Standing

LOOK = 10**11


def followed(generator, *, phase, frequency, looks=150, error=5.0):
    """Errors over stated errors at each look's end. ``phase`` (ps) and ``frequency`` wander so much in a second."""
    dt = 0.01
    steps = looks * 10
    slope = 3e-7 + np.cumsum(generator.normal(0, frequency * dt**0.5, steps))
    truth = 1e11 + np.cumsum(np.append(0.0, slope * 1e12 * dt + generator.normal(0, phase * dt**0.5, steps)))
    known = Standing(1e11 + generator.normal(0, 10), 10.0, 3e-7 + generator.normal(0, 1e-9), 1e-9)
    now, pulls = ClockFilter.starting(0, known), []
    for look in range(looks):
        within = truth[look * 10 : look * 10 + 11]
        mean = (within[:-1] + within[1:]).mean() / 2
        now = now.seen(look * LOOK, look * LOOK + LOOK, mean + generator.normal(0, error), error)
        standing = now.standing(look * LOOK + LOOK)
        pulls.append((standing.offset_ps - within[-1]) / standing.offset_error_ps)
    return np.array(pulls)


@pytest.mark.parametrize(("phase", "frequency"), [(1.0, 1e-13), (10.0, 1e-11), (100.0, 1e-10), (1.0, 3e-10), (500.0, 1e-9)])
def test_coverage_is_as_stated_whatever_the_clock(phase, frequency):
    pulls = np.concatenate([followed(np.random.default_rng(seed), phase=phase, frequency=frequency)[30:] for seed in range(20)])
    assert 0.90 <= np.mean(np.abs(pulls) < 1.96) <= 0.99


def test_a_quiet_clock_becomes_known_better_than_a_look():
    now = ClockFilter.starting(0, Standing(0.0, 100.0, 0.0, 1e-9))
    for look in range(200):
        now = now.seen(look * LOOK, look * LOOK + LOOK, 0.0, 5.0)
    assert now.standing(200 * LOOK).offset_error_ps < 2.5


def test_errors_grow_while_nothing_is_seen():
    now = ClockFilter.starting(0, Standing(0.0, 100.0, 2e-7, 1e-9))
    for look in range(50):
        now = now.seen(look * LOOK, look * LOOK + LOOK, 2e-7 * (look + 0.5) * LOOK, 5.0)
    later = [now.standing((50 + wait) * LOOK) for wait in (0, 10, 100, 1000)]
    errors = [standing.offset_error_ps for standing in later]
    assert errors == sorted(errors)
    assert later[-1].offset_ps == pytest.approx(2e-7 * 1050 * LOOK, abs=2 * errors[-1])


def test_a_step_keeps_the_frequency():
    now = ClockFilter.starting(0, Standing(0.0, 1.0, 3e-7, 1e-11)).stepped(LOOK, 7e5, 3.0)
    standing = now.standing(LOOK)
    assert (standing.offset_ps, standing.offset_error_ps) == (pytest.approx(7e5), pytest.approx(3.0))
    assert standing.frequency == pytest.approx(3e-7)


def test_nothing_is_lost_far_from_zero():
    near, far = (ClockFilter.starting(0, Standing(base, 10.0, 1e-7, 1e-9)) for base in (0.25, 1e12 + 0.25))
    for look in range(20):
        offset = 1e-7 * (look + 0.5) * LOOK
        near = near.seen(look * LOOK, look * LOOK + LOOK, offset + 0.25, 5.0)
        far = far.seen(look * LOOK, look * LOOK + LOOK, 1e12 + offset + 0.25, 5.0)
    end = 20 * LOOK
    assert far.standing(end).offset_ps - 1e12 == pytest.approx(near.standing(end).offset_ps, abs=1e-3)
