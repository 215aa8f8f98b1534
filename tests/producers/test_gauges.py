"""Gauges read plain quantities: each of a window made by hand or by a source of known truth."""

import numpy as np
import pytest

from producers.gauges import GAUGES, Window, gauge
from producers.record_feed import Outgoing
from producers.sources import Blinking, Detection, PulsedParameters, PulsedSource
from schemas import topics
from schemas.block import BlockContext, Channel, Loss, TagBlock
from schemas.events import Command, Event, Heartbeat, Heralds, State, Swaps
from schemas.ids import DeviceId, DomainId, RunId, SourceId, SubjectId
from schemas.measurements import BasisCounts, Data, EmissionSpectrum, HomScan, Measurement, PauliCorrelations
from schemas.telemetry import Reading, Telemetry


def block(parameters: PulsedParameters, seconds: float, losses: tuple[Loss, ...] = ()) -> TagBlock:
    end_ps = round(seconds * 1e12)
    time_ps, channel = PulsedSource(parameters, 1).advance(end_ps)
    context = BlockContext(
        domain=DomainId("a"), source=SourceId("a/r"), device=DeviceId("a"), run=RunId("r"), sequence=0, origin_unix_ns=0,
        start_ps=0, reached_ps=end_ps, channels=(Channel(0), Channel(1)), period_ps=parameters.period_ps, losses=losses,
    )  # fmt: skip
    return TagBlock.from_times(context, time_ps, channel)


def told(*whats: Heartbeat | Heralds | Swaps | Command) -> Window:
    window = Window(10)
    for number, what in enumerate(whats):
        event = Event(
            subject=SubjectId("a"), device=DeviceId("a"), run=RunId("r"), source="a", sequence=number,
            start_unix_ns=0, end_unix_ns=1, what=what,
        )  # fmt: skip
        window.add(Outgoing(topics.EVENTS, "a", event))
    return window


def taken(*data: Data) -> Window:
    window = Window(10)
    for one in data:
        record = Measurement(
            subject=SubjectId("a"), device=DeviceId("a"), run=RunId("r"), start_unix_ns=0, end_unix_ns=1, data=one
        )
        window.add(Outgoing(topics.MEASUREMENTS, "a", record))
    return window


def test_tags() -> None:
    parameters = PulsedParameters(rate_hz=1e6, g2=0.3, lifetime_ps=400, detection=Detection(jitter_ps=300))
    window = Window(0.1, [block(parameters, 0.1, (Loss(0, 1, 7),))])
    assert GAUGES["tags.rate"](window) == pytest.approx(1e6, rel=0.02)
    assert GAUGES["tags.g2"](window) == pytest.approx(0.3, abs=0.05)
    assert GAUGES["tags.arrival_width"](window) == pytest.approx(500, rel=0.03)
    assert GAUGES["tags.lost"](window) == 7
    assert GAUGES["tags.blocks"](window) == 1
    assert GAUGES["tags.bunching"](window) == pytest.approx(1, abs=0.02)
    assert GAUGES["tags.crowded"](window) == pytest.approx(1 - np.exp(-0.5), abs=0.02)
    blinking = PulsedParameters(rate_hz=1e6, blinking=Blinking(on_s=2e-6, off_s=2e-6))
    assert (GAUGES["tags.bunching"](Window(0.2, [block(blinking, 0.2)])) or 0) > 1.3


def test_events() -> None:
    window = told(
        Heralds(attempts=100, latency_ns=(10_000, 30_000), outside_window=1),
        Heralds(attempts=100, latency_ns=(20_000,)),
        Swaps(attempts=10, acknowledged=4),
        Swaps(attempts=30, acknowledged=16),
        Command(name="a", tries=3, ok=False),
        Command(name="a", tries=1, ok=True),
        Heartbeat(state=State.OPERATIONAL),
    )
    expected = {
        "events.herald_rate": 0.3, "events.latency": 2e-5, "events.outside": 1, "events.swap_success": 0.5,
        "events.failures": 1, "events.retries": 2, "events.heartbeats": 1,
    }  # fmt: skip
    assert {name: GAUGES[name](window) for name in expected} == pytest.approx(expected)


def test_measurements() -> None:
    perfect = PauliCorrelations(
        settings=(
            BasisCounts(first="Z", second="Z", pp=5, pm=0, mp=0, mm=5),
            BasisCounts(first="X", second="X", pp=5, pm=0, mp=0, mm=5),
            BasisCounts(first="Y", second="Y", pp=0, pm=5, mp=5, mm=0),
        )
    )
    line = EmissionSpectrum(reference_hz=1e14, offset_hz=(0.0, 10.0, 20.0, 30.0, 40.0), counts=(0, 0, 100, 0, 0))
    window = taken(HomScan(parallel=10, perpendicular=100), HomScan(parallel=0, perpendicular=0), perfect, line)
    assert GAUGES["measurements.hom"](window) == pytest.approx(0.9)
    assert GAUGES["measurements.fidelity"](window) == 1
    assert GAUGES["measurements.line_offset"](window) == pytest.approx(20)
    assert GAUGES["measurements.ramsey"](window) is None


def test_telemetry_by_metric() -> None:
    window = Window(10)
    for value in (1.0, 3.0):
        readings = (Reading(metric="a.b", unit="K", value=value),)
        window.add(Outgoing(topics.TELEMETRY, "a", Telemetry(device=DeviceId("a"), source="s", unix_ns=1, readings=readings)))
    assert gauge("telemetry.a.b")(window) == 2
    assert gauge("telemetry.a.c")(window) is None
    assert gauge("telemetry.messages")(window) == 2
    with pytest.raises(KeyError):
        gauge("tags.taste")


def test_an_empty_window_reads_nothing_or_nought() -> None:
    assert {GAUGES[name](Window(10)) for name in GAUGES} <= {None, 0.0}
