"""How fast the simulator makes tags: processor time of one core, each source with all that its detectors do."""

import time
from collections.abc import Callable

from benchmarks.result import Result, at_least
from producers.apparatus import Apparatus
from producers.condition import Condition
from producers.device_feed import DeviceFeed, Tagged
from producers.sources import CwParameters, CwSource, Detection, PulsedParameters, PulsedSource
from schemas.ids import DeviceId, RunId
from schemas.wire import encode

RATE_HZ = 4e6
STRETCH_PS = 100_000_000_000
STRETCHES = 20
ROUNDS = 5
BAR = 20
"""Mtags/s of one core."""
DETECTION = Detection(background_hz=(100.0, 100.0), jitter_ps=40.0, dead_time_ps=20_000.0, afterpulse_ratio=0.005)
PULSED = PulsedParameters(rate_hz=RATE_HZ, g2=0.02, detection=DETECTION)
CW = CwParameters(rate_hz=RATE_HZ, g2=0.02, detection=DETECTION)


def measure() -> list[Result]:
    what = f"{RATE_HZ / 1e6:.0f} Mcps with jitter, dead time, dark counts and afterpulses"
    pulsed, cw = PulsedSource(PULSED, 1), CwSource(CW, 1)
    made, sent = _feed_shares()
    return [
        at_least(f"pulsed source, {what}, one core", _speed(lambda: pulsed.advance(STRETCH_PS)[0].size), "Mtags/s", BAR),
        at_least(f"continuous source, {what}, one core", _speed(lambda: cw.advance(STRETCH_PS)[0].size), "Mtags/s", BAR),
        Result("a pulsed device, blocks encoded for the broker, one core", f"{made:.3g} Mtags/s"),
        Result("share of that which batching and encoding take", f"{sent:.0%}"),
    ]


def _speed(make: Callable[[], int]) -> float:
    """Mtags/s of processor time: the best of some rounds, since others use this machine too."""
    make()
    best = 0.0
    for _ in range(ROUNDS):
        started = time.thread_time()
        tags = sum(make() for _ in range(STRETCHES))
        best = max(best, tags / (time.thread_time() - started) / 1e6)
    return best


def _feed_shares() -> tuple[float, float]:
    """Mtags/s of a whole device from photon to bytes, and the part of its time that is not the source's."""
    source = PulsedSource(PULSED, 1)
    condition = Condition(Apparatus(source=PULSED), 1, {})
    feed = DeviceFeed(
        Tagged(device=DeviceId("bench")), condition, 1, lambda: RunId("r"), 0, block_ps=STRETCH_PS, max_lag_ps=10 * STRETCH_PS
    )
    reached_ps = 0

    def blocks() -> int:
        nonlocal reached_ps
        reached_ps += STRETCH_PS
        made = list(feed.blocks(reached_ps))
        for block in made:
            encode(block)
        return sum(block.tags for block in made)

    whole, alone = _speed(blocks), _speed(lambda: source.advance(STRETCH_PS)[0].size)
    return whole, 1 - whole / alone
