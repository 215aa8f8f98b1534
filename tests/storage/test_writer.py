"""Exactly once, whatever is cut off, repeated or late."""

import dataclasses
import threading
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from schemas.ids import DeviceId, RunId
from storage import tables
from storage.client import Client, StoreAddress, connect
from storage.errors import LedgerConflict, Refused, Unavailable
from storage.ledger import Ledger
from storage.reader import Level, Reader
from storage.writer import TOKENS_REMEMBERED, VOUCHED_S, Batch, Outcome, Writer
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.storage.cutting_proxy import cutting_proxy
from tests.storage.made import batch
from tests.storage.pane_rows import coincidences, correlations

pytestmark = pytest.mark.stack
RUN = RunId("run-1")


def assert_exact(reader: Reader, device: str, batches: list[Batch]) -> None:
    """All levels hold exactly the rows of these batches."""
    check = reader.check_sums(DeviceId(device), RUN)
    assert check.exact, check
    expected: dict[int, int] = {}
    for one in batches:
        runs = one.tables[tables.TAG_RUNS]
        for channel, n in zip(runs["channel"].to_pylist(), runs["n"].to_pylist(), strict=True):
            expected[channel] = expected.get(channel, 0) + n
    assert check.raw == expected
    counts = np.sum([row["counts"] for one in batches for row in correlations(one.tables[tables.PANES])], axis=0)
    for level in Level:
        (summed,) = reader.correlations(DeviceId(device), RUN, level=level)
        np.testing.assert_array_equal(summed.counts, counts)
        (summed_up,) = reader.coincidences(DeviceId(device), RUN, level=level)
        assert summed_up.coincidences == sum(
            row["coincidences"] for one in batches for row in coincidences(one.tables[tables.PANES])
        )
    run = reader.run(DeviceId(device), RUN)
    assert run is not None
    assert (run.blocks, run.tags) == (sum(one.messages for one in batches), sum(expected.values()))
    assert run.reordered == 2 * run.blocks
    assert (run.lost_ps, run.lost_tags) == (5 * run.blocks, 3 * run.blocks)


def test_stores_batches_and_says_so_in_the_ledger(writer: Writer, reader: Reader, client: Client, device: str) -> None:
    batches = [batch(device, index, start_s=4 * index) for index in range(3)]
    assert [writer.write(one) for one in batches] == [Outcome.STORED] * 3
    assert_exact(reader, device, batches)
    entry = Ledger(client).latest("tags-1", device, 3)
    assert entry is not None
    assert (entry.lo, entry.hi, entry.messages, entry.crc, entry.positions) == (8, 12, 4, 9, b'{"resume": 0}')
    assert entry.rows == {name: rows.num_rows for name, rows in batches[2].tables.items()}
    assert (entry.worker, entry.inserts) == ("a-worker", 1)


def test_the_same_batch_again_changes_nothing(writer: Writer, address: StoreAddress, reader: Reader, device: str) -> None:
    one = batch(device, 0)
    assert writer.write(one) is Outcome.STORED
    assert writer.write(one) is Outcome.ALREADY
    another = Writer(address, "another-worker")
    assert another.write(one) is Outcome.ALREADY
    another.close()
    assert_exact(reader, device, [one])


@pytest.mark.parametrize("inserted", range(6))
def test_a_batch_cut_off_between_tables_is_completed(
    writer: Writer, client: Client, reader: Reader, device: str, inserted: int
) -> None:
    one = batch(device, 0)
    pieces = [(table, token, rows) for table in tables.SCHEMAS if table in one.tables for token, rows in one.pieces(table)]
    for table, token, rows in pieces[:inserted]:
        client.insert(table, rows, token=token)
    assert writer.write(one) is Outcome.STORED
    assert_exact(reader, device, [one])


def test_without_tokens_a_cut_off_batch_counts_twice(address: StoreAddress, client: Client, reader: Reader, device: str) -> None:
    one = batch(device, 0)
    for token, rows in one.pieces(tables.PANES):
        client.insert(tables.PANES, rows, token=token)
    careless = Writer(address, "careless", tokens=False)
    assert careless.write(one) is Outcome.STORED
    careless.close()
    check = reader.check_sums(DeviceId(device), RUN)
    assert not check.exact
    assert {channel: 2 * n for channel, n in check.raw.items()} == check.levels[Level.HOUR]


def test_without_tokens_the_ledger_still_holds(address: StoreAddress, reader: Reader, device: str) -> None:
    one = batch(device, 0)
    for outcome in (Outcome.STORED, Outcome.ALREADY):
        careless = Writer(address, "careless", tokens=False)
        assert careless.write(one) is outcome
        careless.close()
    assert_exact(reader, device, [one])


def test_a_batch_over_midnight_survives_a_cut_between_the_days(
    writer: Writer, client: Client, reader: Reader, device: str
) -> None:
    one = batch(device, 0, start_s=-2)
    for table in one.tables:
        pieces = list(one.pieces(table))
        assert len(pieces) == 2
        assert len({token for token, _ in pieces}) == 2
        client.insert(table, pieces[1][1], token=pieces[1][0])
    assert writer.write(one) is Outcome.STORED
    assert_exact(reader, device, [one])
    entry = Ledger(client).latest("tags-1", device, 3)
    assert entry is not None
    assert entry.inserts == 2


def test_other_data_under_a_stored_range_is_refused(writer: Writer, reader: Reader, device: str) -> None:
    one = batch(device, 0)
    writer.write(one)
    for changed in ({"crc": one.crc + 1}, {"messages": 3}, {"hi": 5}, {"lo": 1}, {"lo": 3, "hi": 9}):
        with pytest.raises(LedgerConflict, match="ledger already has 0-4"):
            writer.write(dataclasses.replace(one, **changed))
    assert_exact(reader, device, [one])


def test_the_same_range_of_other_pipelines_and_partitions_is_another_batch(writer: Writer, client: Client, device: str) -> None:
    one = batch(device, 0)
    others = ({}, {"pipeline": "tags-2"}, {"partition": 4}, {"topic": device + "'s"})
    for changed in others:
        assert writer.write(dataclasses.replace(one, tables={}, **changed)) is Outcome.STORED
        assert writer.write(dataclasses.replace(one, tables={}, **changed)) is Outcome.ALREADY
    assert Ledger(client).latest("tags-2", device, 3) is not None
    assert Ledger(client).latest("tags-2", device, 4) is None


def test_memory_of_the_ledger_is_not_trusted_for_long(address: StoreAddress, reader: Reader, device: str) -> None:
    now = [0.0]
    zombie, heir = Writer(address, "zombie", clock=lambda: now[0]), Writer(address, "heir")
    batches = [batch(device, index, start_s=4 * index) for index in range(3)]
    zombie.write(batches[0])
    for one in batches[1:]:
        heir.write(one)
    assert zombie.write(batches[1]) is Outcome.STORED  # it did not look; the tokens held
    now[0] += VOUCHED_S + 1
    assert zombie.write(batches[2]) is Outcome.ALREADY
    zombie.close()
    heir.close()
    assert_exact(reader, device, batches)


@pytest.mark.slow
def test_two_writers_of_the_same_batches_at_once(address: StoreAddress, reader: Reader, client: Client, device: str) -> None:
    batches = [batch(device, index, start_s=4 * index) for index in range(6)]
    start = threading.Barrier(3)
    failures: list[Exception] = []

    def store() -> None:
        rival = Writer(address, threading.current_thread().name)
        start.wait()
        try:
            for one in batches:
                rival.write(one)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        finally:
            rival.close()

    rivals = [threading.Thread(target=store) for _ in range(3)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert not failures
    assert_exact(reader, device, batches)
    assert [fault for fault in Ledger(client).audit() if fault.topic == device] == []


@pytest.mark.slow
def test_one_writer_for_many_partitions_at_once(writer: Writer, reader: Reader, device: str) -> None:
    threads = [
        threading.Thread(
            target=lambda name: [writer.write(batch(name, index, start_s=4 * index)) for index in range(4)],
            args=(f"{device}-{place}",),
        )
        for place in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place in range(4):
        name = f"{device}-{place}"
        assert_exact(reader, name, [batch(name, index, start_s=4 * index) for index in range(4)])


def test_a_connection_reset_after_the_insert_and_before_the_answer(
    engine: EmbeddedEngine, address: StoreAddress, reader: Reader, device: str
) -> None:
    batches = [batch(device, index, start_s=4 * index) for index in range(4)]
    with cutting_proxy((engine.host, engine.port)) as proxy:
        through = Writer(dataclasses.replace(address, port=proxy.port), "behind-a-proxy")
        for place, one in enumerate(batches):
            proxy.armed = 1 + place
            for _ in range(10):
                try:
                    outcome = through.write(one)
                    break
                except Unavailable:
                    continue
            assert outcome in (Outcome.STORED, Outcome.ALREADY)
        assert proxy.cuts >= len(batches)
        assert proxy.armed == 0
        through.close()
    assert_exact(reader, device, batches)


def test_resets_without_tokens_count_twice(engine: EmbeddedEngine, address: StoreAddress, reader: Reader, device: str) -> None:
    one = batch(device, 1)
    with cutting_proxy((engine.host, engine.port)) as proxy:
        careless = Writer(dataclasses.replace(address, port=proxy.port), "careless", tokens=False)
        careless.write(dataclasses.replace(batch(device, 0), tables={}))  # so that the next is written without a look
        panes = dataclasses.replace(one, tables={tables.PANES: one.tables[tables.PANES]})
        proxy.armed = 1
        with pytest.raises(Unavailable):
            careless.write(panes)
        assert careless.write(panes) is Outcome.STORED
        careless.close()
    assert reader.stored_tags(DeviceId(device), RUN) == 2 * one.tables[tables.TAG_RUNS]["n"].to_numpy().sum()


@pytest.fixture
def own_database(engine: EmbeddedEngine, request: pytest.FixtureRequest) -> Iterator[StoreAddress]:
    """A database whose ledger no other test writes into."""
    made = migrated(engine, request.node.name)
    yield made
    with connect(made) as dropper:
        dropper.command(f"DROP DATABASE `{made.database}` SYNC")


def test_nothing_is_sealed_whose_rows_are_missing(own_database: StoreAddress) -> None:
    """As after a death between token and rows: the store drops the repetition, and has nothing."""
    writer, one = Writer(own_database, "a-worker"), batch("device", 0)
    with connect(own_database) as client:
        for token, rows in one.pieces(tables.TAG_RUNS):
            client.insert(tables.TAG_RUNS, rows, token=token)
        client.command(f"ALTER TABLE {tables.TAG_RUNS} DELETE WHERE true SETTINGS mutations_sync = 2")
        for _ in range(2):
            with pytest.raises(Unavailable, match=r"tag_runs holds 0 of its [0-9]+ rows, though the store took them all"):
                writer.write(one)
        assert Ledger(client).latest("tags-1", "device", 3) is None
    writer.close()


def test_rows_left_of_an_attempt_whose_tokens_are_forgotten_are_refused(own_database: StoreAddress) -> None:
    writer, one = Writer(own_database, "a-worker"), batch("device", 0)
    with connect(own_database) as client, Reader(own_database) as reader:
        ((token, rows),) = one.pieces(tables.PANES)
        client.insert(tables.PANES, rows, token=token)
        _pretend_inserts(writer, TOKENS_REMEMBERED // 2)
        with pytest.raises(LedgerConflict, match="panes_1s holds 16 rows of an attempt that was cut off"):
            writer.write(one)
        assert Ledger(client).latest("tags-1", "device", 3) is None
        untouched = batch("another", 0)
        assert writer.write(untouched) is Outcome.STORED
        assert_exact(reader, "another", [untouched])
    writer.close()


def test_a_finished_batch_beyond_all_tokens_is_known_by_the_ledger(own_database: StoreAddress) -> None:
    """The tables forget: their windows are made as small as a few inserts."""
    batches = [batch("device", index, start_s=4 * index) for index in range(8)]
    with connect(own_database) as client, Reader(own_database) as reader:
        names = client.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'")
        for name in names["name"].to_pylist():
            client.command(f"ALTER TABLE {name} MODIFY SETTING non_replicated_deduplication_window = 2")
        writer = Writer(own_database, "a-worker")
        for one in batches:
            writer.write(one)
        again = Writer(own_database, "rewound")
        assert [again.write(one) for one in batches] == [Outcome.ALREADY] * 8
        assert_exact(reader, "device", batches)
        writer.close()
        again.close()


def test_a_hole_in_the_ledger_is_filled_without_trusting_what_follows(own_database: StoreAddress) -> None:
    batches = [batch("device", index, start_s=4 * index) for index in range(3)]
    with connect(own_database) as client, Reader(own_database) as reader:
        for name in (*tables.SCHEMAS, tables.LEDGER):
            client.command(f"ALTER TABLE {name} MODIFY SETTING non_replicated_deduplication_window = 1")
        writer = Writer(own_database, "a-worker")
        assert [writer.write(batches[index]) for index in (1, 2, 0, 1, 2)] == [Outcome.STORED] * 3 + [Outcome.ALREADY] * 2
        assert_exact(reader, "device", batches)
        assert Ledger(client).audit() == []
        writer.close()


def test_unknown_tables_are_refused_before_anything_is_stored(writer: Writer, client: Client, device: str) -> None:
    one = batch(device, 0)
    with pytest.raises(Refused, match="no such tables: tag_rums"):
        writer.write(dataclasses.replace(one, tables={**one.tables, "tag_rums": one.tables[tables.TAG_RUNS]}))
    stored = client.query("SELECT count() AS n FROM blocks WHERE device = {device:String}", {"device": device})
    assert stored["n"][0].as_py() == 0


def test_an_empty_batch_is_a_batch(writer: Writer, client: Client, device: str) -> None:
    empty = dataclasses.replace(batch(device, 0), tables={})
    assert writer.write(empty) is Outcome.STORED
    assert writer.write(empty) is Outcome.ALREADY
    entry = Ledger(client).latest("tags-1", device, 3)
    assert entry is not None
    assert entry.rows == {}


def _pretend_inserts(writer: Writer, inserts: int) -> None:
    filler = dataclasses.replace(batch("filler", 0), tables={})
    row = _ledger_row_of(filler, inserts)
    writer._client.insert(tables.LEDGER, row, token=None)


def _ledger_row_of(one: Batch, inserts: int) -> pa.Table:
    from storage.writer import _ledger_row

    return _ledger_row(one, inserts, "filler")
