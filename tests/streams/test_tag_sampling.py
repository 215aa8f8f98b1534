"""Tags to brightness, background and jitter: right where the truth is known, and the same after every restart."""

import numpy as np
from prometheus_client import CollectorRegistry

from schemas import wire
from schemas.block import BlockContext, Channel, TagBlock
from schemas.ids import DeviceId
from schemas.panes import PaneParameters
from schemas.records import IndicatorSample
from schemas.topics import INDICATORS
from slo.catalogue import catalogue
from streams import positions as positions_codec
from streams.calibrations import Calibration, Calibrations
from streams.estimators.registry import estimators
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.positions import Positions
from streams.tag_pipeline import TagPipeline
from streams.tag_sampling import TagSampler
from streams.tag_stream import Sampling, TagAnalysis
from tests.streams.tag_logs import ORIGIN_NS, SPAN_PS

PERIOD_PS, DARK_HZ, JITTER_PS = 12_500.4, 400.0, 60.0
PER_TRIGGER, EFFICIENCY = 0.12, 0.01
DEVICE = "sps-a"


def history(seconds: int = 4) -> list[Message]:
    """A pulsed source on two detectors, its photons 2 ns after the pulses with a Gaussian jitter, over a floor of dark counts."""
    rng = np.random.default_rng(7)
    messages = []
    for sequence in range(seconds * 10):
        start = sequence * SPAN_PS
        rate = PER_TRIGGER * EFFICIENCY / PERIOD_PS
        pulses = np.floor((start + rng.random(rng.poisson(rate * SPAN_PS)) * SPAN_PS) / PERIOD_PS)
        photons = np.floor(pulses * PERIOD_PS + 2_000 + rng.normal(0, JITTER_PS, pulses.size)).astype(np.int64)
        dark = start + rng.integers(0, SPAN_PS, rng.poisson(DARK_HZ * SPAN_PS / 1e12))
        time_ps = np.sort(np.concatenate([photons, dark]))
        time_ps = time_ps[(time_ps >= start) & (time_ps < start + SPAN_PS)]
        context = BlockContext(
            domain=DEVICE,
            source=f"{DEVICE}/r",
            device=DEVICE,
            run="r",
            sequence=sequence,
            origin_unix_ns=ORIGIN_NS,
            start_ps=start,
            reached_ps=start + SPAN_PS,
            channels=(Channel(0), Channel(1)),
            period_ps=PERIOD_PS,
            final=sequence == seconds * 10 - 1,
        )
        block = TagBlock.from_times(context, time_ps, rng.integers(0, 2, time_ps.size).astype(np.uint8))
        messages.append(Message(sequence, ORIGIN_NS // 10**6 + 100 * sequence, wire.encode(block)))
    return messages


def pipeline(positions: Positions | None = None, stored: int = 0) -> TagPipeline:
    known = Calibrations(
        [Calibration(device=DeviceId(DEVICE), version="c7", values={"efficiency": EFFICIENCY, "efficiency_error": 0.0})]
    )
    sampler = TagSampler(catalogue(), estimators(), known, frozenset({"sps.M1"}))
    analysis = TagAnalysis(PaneParameters(1_000, 20_000, 1_000), lambda _device: Sampling(None, 2, sampler))
    return TagPipeline(
        "timetags",
        0,
        analysis=analysis,
        keep_tags=False,
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=positions or Positions(),
        stored=stored,
    )


def sampled(finished) -> list[IndicatorSample]:
    return [out.record for one in finished for out in one.outgoing if out.topic == INDICATORS]


def test_brightness_background_and_jitter() -> None:
    one = pipeline()
    finished = [done for message in history() for done in one.feed([message])]
    whole = {sample.indicator: sample for sample in sampled(finished) if sample.end_unix_s == (ORIGIN_NS // 10**9 // 2 + 2) * 2}
    brightness, background, jitter = (whole[name].estimate for name in ("sps.M3", "sps.M8", "sps.M7"))
    assert brightness.lower < PER_TRIGGER < brightness.upper
    assert brightness.parameters["calibration"] == "c7"
    assert brightness.upper - brightness.lower < 0.01
    assert background.lower < DARK_HZ < background.upper
    assert jitter.lower < JITTER_PS < jitter.upper
    assert jitter.upper - jitter.lower < 5
    assert "sps.M6" not in whole  # nothing heralds here


def test_a_restart_repeats_the_samples() -> None:
    messages = history()
    one = pipeline()
    whole = [done for message in messages for done in one.feed([message])]
    by_end = {done.batch.hi: done.batch.positions for done in whole}
    for index in range(0, len(whole) - 1, 2):
        stored = whole[index].batch.hi
        resume = positions_codec.decode(by_end[stored]).resume
        begun = positions_codec.decode(by_end[resume]) if resume in by_end else Positions()
        begun.resume = resume
        again = pipeline(begun, stored)
        rest = [done for message in messages if message.offset >= resume for done in again.feed([message])]
        assert [done.outgoing for done in rest] == [done.outgoing for done in whole[index + 1 :]]
