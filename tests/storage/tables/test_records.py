"""Events, telemetry and measurements come back from the store as they went in."""

import pytest

from schemas.events import Calibration, Command, Event, Heartbeat, Heralds, State, Swaps, What
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import HomScan, Measurement, ResonatorSweep
from schemas.telemetry import Reading, ReadingState, Telemetry
from storage import tables
from storage.client import Client
from storage.reader import Reader
from storage.writer import Writer
from tests.storage.tables.test_judgements import stored

pytestmark = pytest.mark.stack
NS = 1_790_000_000_000_000_001


def test_events_come_back(writer: Writer, reader: Reader, client: Client, device: str) -> None:
    whats: list[What] = [
        Heralds(attempts=1000, latency_ns=(5_000_000, 6_000_000), outside_window=1),
        Swaps(attempts=10, acknowledged=7),
        Command(name="align", tries=2, ok=False, error="timeout"),
        Heartbeat(state=State.WARM_UP, emitting=False),
        Calibration(routine="tune-laser", passed=True, steps=12),
    ]
    events = [
        Event(
            subject=SubjectId(device),
            device=DeviceId(device),
            run=RunId("r"),
            source="s",
            sequence=index,
            start_unix_ns=NS + index,
            end_unix_ns=NS + 10**9,
            what=what,
            firmware="1.2",
        )
        for index, what in enumerate(whats)
    ]
    writer.write(stored(device, 0, **{tables.EVENTS: tables.event_rows(list(enumerate(events)))}))
    assert reader.events(SubjectId(device)) == events
    assert reader.events(SubjectId(device), kind="swaps") == events[1:2]
    rows = client.query(
        "SELECT kind, name, attempts, succeeded, length(latency_ns) AS n FROM events "
        "WHERE subject = {s:String} ORDER BY sequence",
        {"s": device},
    )
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        ("heralds", "", 1000, 2, 2),
        ("swaps", "", 10, 7, 0),
        ("command", "align", 2, 0, 0),
        ("heartbeat", "warm-up", None, None, 0),
        ("calibration", "tune-laser", 12, 1, 0),
    ]


def test_telemetry_comes_back(writer: Writer, reader: Reader, device: str) -> None:
    readings = (
        Reading(metric="cryostat.temperature", unit="K", value=4.2),
        Reading(metric="laser.power", unit="W", value=None, state=ReadingState.TIMEOUT, detail="no answer within 2 s"),
    )
    message = Telemetry(device=DeviceId(device), source="probe", unix_ns=NS, readings=readings)
    writer.write(stored(device, 0, **{tables.TELEMETRY: tables.telemetry_rows([(3, message)])}))
    found = reader.telemetry(DeviceId(device))
    assert tuple(one.readings[0] for one in found) == readings
    assert {one.unix_ns for one in found} == {NS}


def test_measurements_come_back(writer: Writer, reader: Reader, device: str) -> None:
    measurements = [
        Measurement(
            subject=SubjectId(device),
            device=DeviceId(device),
            run=RunId("r"),
            start_unix_ns=NS,
            end_unix_ns=NS + 10**9 * (1 + index),
            data=data,
            conditions={"power_dbm": -10.0},
        )
        for index, data in enumerate(
            (
                ResonatorSweep(geometry="notch", frequency_hz=(5e9, 5.1e9), s_real=(1.0, 0.1), s_imag=(0.0, -0.1)),
                HomScan(parallel=12, perpendicular=120, g2=0.01),
            )
        )
    ]
    writer.write(stored(device, 0, **{tables.MEASUREMENTS: tables.measurement_rows(list(enumerate(measurements)))}))
    assert reader.measurements(SubjectId(device)) == measurements
    assert reader.measurements(SubjectId(device), kind="hom-scan") == measurements[1:]
