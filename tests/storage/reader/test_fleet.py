"""The fleet's overview, put together from what several pipelines stored."""

import pytest

from schemas.ids import DeviceId, RunId
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


def test_nothing_is_known_of_strangers(reader: Reader) -> None:
    stranger, run = DeviceId("stranger"), RunId("run")
    assert reader.latest_run(stranger) is None
    assert reader.runs(stranger) == []
    assert reader.run(stranger, run) is None
    assert reader.stored_tags(stranger, run) == 0
    assert reader.correlations(stranger, run) == []
    assert reader.tags(stranger, run, 0).size == 0
    assert reader.check_sums(stranger, run).exact
