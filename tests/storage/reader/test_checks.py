"""The check of sums finds what it must find."""

import pytest

from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import CoincidencePane, PaneKey, PaneResults, SinglesPane
from storage import tables
from storage.client import Client
from storage.reader import Level, Reader
from storage.writer import Writer
from tests.storage.made import MIDNIGHT_UNIX_S, batch, context, tags
from tests.storage.plain_runs import tag_runs

pytestmark = pytest.mark.stack
RUN = RunId("run-1")


def test_late_tags_are_apart(writer: Writer, reader: Reader, client: Client, device: str) -> None:
    writer.write(batch(device, 0))
    late = tables.StoredTags(context(device, 99, 1), 99, tag_runs(*tags(99, 1, count=10)), late=True)
    client.insert(tables.TAG_RUNS, tables.tag_rows([late]), token=device)
    check = reader.check_sums(DeviceId(device), RUN)
    assert check.exact
    assert sum(check.late.values()) == 10


def test_a_missing_pane_is_found(writer: Writer, reader: Reader, client: Client, device: str) -> None:
    writer.write(batch(device, 0))
    raw = tables.StoredTags(context(device, 4, 4), 4, tag_runs(*tags(4, 4)))
    client.insert(tables.TAG_RUNS, tables.tag_rows([raw]), token=device)
    assert not reader.check_sums(DeviceId(device), RUN).exact


@pytest.mark.parametrize(("table", "kind"), [("panes_1min", "singles"), ("panes_1h", "coincidences")])
def test_a_level_that_lost_rows_is_found(
    writer: Writer, reader: Reader, client: Client, device: str, table: str, kind: str
) -> None:
    writer.write(batch(device, 0))
    assert reader.check_sums(DeviceId(device), RUN).exact
    client.command(
        f"ALTER TABLE {table} DELETE WHERE device = {{device:String}} AND kind = '{kind}' SETTINGS mutations_sync = 1",
        {"device": device},
    )
    assert not reader.check_sums(DeviceId(device), RUN).exact


def test_tags_that_a_loss_left_out_are_in_the_sums_and_in_no_rate(
    writer: Writer, reader: Reader, client: Client, device: str
) -> None:
    writer.write(batch(device, 0))
    before = reader.check_sums(DeviceId(device), RUN).levels[Level.HOUR]
    raw = tables.StoredTags(context(device, 4, 4), 4, tag_runs(*tags(4, 4)))
    client.insert(tables.TAG_RUNS, tables.tag_rows([raw]), token=device)
    more = {channel: n - before[channel] for channel, n in reader.check_sums(DeviceId(device), RUN).raw.items()}
    key = PaneKey(DomainId(device), DeviceId(device), RUN, MIDNIGHT_UNIX_S + 50)
    panes = PaneResults(tuple(SinglesPane(key, channel, 1, 7, 9, n - 1) for channel, n in sorted(more.items())))
    client.insert(tables.PANES, tables.pane_rows([panes]), token=f"{device}-panes")
    assert reader.check_sums(DeviceId(device), RUN).exact
    rates = client.query(
        "SELECT tags, live_ps, lost_ps FROM v_singles_1s WHERE device = {device:String} AND lost_ps = 9", {"device": device}
    ).to_pylist()
    assert rates == len(more) * [{"tags": 1, "live_ps": 7, "lost_ps": 9}]


def test_without_raw_rows_the_levels_are_compared(reader: Reader, client: Client, device: str) -> None:
    key = PaneKey(DomainId(device), DeviceId(device), RUN, MIDNIGHT_UNIX_S)
    singles = (SinglesPane(key, 0, 5, 1, 0), SinglesPane(key, 9, 0, 1, 0))
    panes = PaneResults(singles, coincidences=(CoincidencePane(key, (0, 1), 10, 2),))
    client.insert(tables.PANES, tables.pane_rows([panes]), token=device)
    check = reader.check_sums(DeviceId(device), RUN)
    assert check.exact
    assert check.levels == {level: {0: 5} for level in Level}
