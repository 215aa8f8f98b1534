"""The fleet's overview, put together from what several pipelines stored."""

import time

import msgspec
import pytest

from schemas.events import Event, Heartbeat, State
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.telemetry import Reading, Telemetry
from storage import tables
from storage.client import Client
from storage.reader import Reader
from storage.writer import Writer
from tests.storage.made import MIDNIGHT_UNIX_S, batch, context
from tests.storage.tables.test_judgements import sample, stored

pytestmark = pytest.mark.stack


def test_a_device_shows_its_latest_run(writer: Writer, reader: Reader, client: Client, device: str) -> None:
    writer.write(batch(device, 0, blocks=20))
    estimate = sample(device, MIDNIGHT_UNIX_S + 10)
    writer.write(stored(device, 0, **{tables.SAMPLES: tables.sample_rows([estimate])}))
    overview = next(one for one in reader.fleet(since=0) if one.device == device)
    assert overview.run == "run-1"
    assert overview.seen_unix_ms == 1_790_000_000_019
    assert overview.reached_unix_s == MIDNIGHT_UNIX_S + 20
    last = reader.singles(DeviceId(device), RunId("run-1"), MIDNIGHT_UNIX_S + 10, MIDNIGHT_UNIX_S + 20)
    for channel in (0, 1):
        assert overview.rates_hz[channel] == pytest.approx(last.tags[last.channel == channel].sum() / 10)
    assert overview.samples == (estimate,)
    later = tables.StoredBlock(context(device, 0, 90, run=RunId("run-2")), 0, 99, 0, 1_790_000_000_020)
    client.insert(tables.BLOCKS, tables.block_rows([later]), token=f"{device}: run-2")
    overview = next(one for one in reader.fleet(since=0) if one.device == device)
    assert (overview.run, dict(overview.rates_hz)) == ("run-2", {})
    latest = reader.latest_run(DeviceId(device))
    assert latest is not None
    assert latest.run == "run-2"
    assert [run.run for run in reader.runs(DeviceId(device))] == ["run-2", "run-1"]
    assert [run.run for run in reader.runs(DeviceId(device), limit=1)] == ["run-2"]


def test_devices_not_heard_since_are_left_out(writer: Writer, reader: Reader, device: str) -> None:
    writer.write(batch(device, 0))
    assert device not in {one.device for one in reader.fleet(since=1_790_000_001)}


def test_whoever_speaks_is_heard_with_tags_or_without(writer: Writer, reader: Reader, device: str) -> None:
    began_ms = time.time_ns() // 10**6
    link, cold, exercise = f"{device}-link", f"{device}-cold", f"sps-exercise-{device}"
    writer.write(batch(device, 0, blocks=20))
    beats = [beat(device, device, "run-1"), beat(link, device, "run-1"), beat(exercise, exercise, "run-1")]
    own, its_links, strange = (sample(name, MIDNIGHT_UNIX_S) for name in (device, link, f"{device}/hop"))
    samples = [msgspec.structs.replace(each, device=DeviceId(device)) for each in (own, its_links, strange)]
    rows = {
        tables.EVENTS: tables.event_rows(list(enumerate(beats))),
        tables.TELEMETRY: tables.telemetry_rows([(0, read(cold)), (1, read(device))]),
        tables.SAMPLES: tables.sample_rows(samples),
    }
    writer.write(stored(device, 0, **rows))
    heard = {each.subject: each for each in reader.heard(began_ms - 60_000) if each.subject.endswith((device, link, cold))}
    assert {name: (each.device, each.run) for name, each in heard.items()} == {
        device: (device, "run-1"),
        link: (device, "run-1"),
        cold: (cold, ""),
    }
    assert all(abs(each.seen_unix_ms - began_ms) < 3_600_000 for each in heard.values())
    assert reader.heard(began_ms + 7_200_000) == []
    found = {each.device: each for each in reader.fleet(since=0, heard=heard.values())}
    assert found[DeviceId(device)].tags_seen_unix_ms == 1_790_000_000_019
    assert found[DeviceId(device)].samples == (samples[0], samples[2])  # nobody was heard by the other name
    assert (found[DeviceId(link)].samples, found[DeviceId(link)].speaker) == ((samples[1],), device)
    assert (found[DeviceId(cold)].run, found[DeviceId(cold)].tags_seen_unix_ms) == ("", None)
    assert exercise not in found
    over = heard[SubjectId(device)]._replace(run=RunId("run-2"), seen_unix_ms=1_790_000_000_020)
    assert next(each for each in reader.fleet(since=0, heard=[over]) if each.device == device).tags_seen_unix_ms is None


def beat(subject: str, device: str, run: str) -> Event:
    return Event(
        subject=SubjectId(subject),
        device=DeviceId(device),
        run=RunId(run),
        source=subject,
        sequence=0,
        start_unix_ns=MIDNIGHT_UNIX_S * 10**9,
        end_unix_ns=(MIDNIGHT_UNIX_S + 5) * 10**9,
        what=Heartbeat(state=State.OPERATIONAL),
    )


def read(device: str) -> Telemetry:
    reading = Reading(metric="cryostat.temperature", unit="K", value=4.2)
    return Telemetry(
        device=DeviceId(device), source="a probe", unix_ns=MIDNIGHT_UNIX_S * 10**9, readings=(reading,), run=RunId("p")
    )


def test_nothing_is_known_of_strangers(reader: Reader) -> None:
    stranger, run = DeviceId("stranger"), RunId("run")
    assert reader.latest_run(stranger) is None
    assert reader.runs(stranger) == []
    assert reader.run(stranger, run) is None
    assert reader.stored_tags(stranger, run) == 0
    assert reader.correlations(stranger, run) == []
    assert reader.tags(stranger, run, 0).size == 0
    assert reader.check_sums(stranger, run).exact
