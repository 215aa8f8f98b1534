"""The ledger's answers and its audit."""

import dataclasses

import pytest

from storage.client import Client
from storage.ledger import Discrepancy, Fault, Ledger
from storage.tables import LEDGER
from storage.writer import Batch, Writer, _ledger_row
from tests.storage.made import batch

pytestmark = pytest.mark.stack


def entered(client: Client, topic: str, *ranges: tuple[int, int]) -> Ledger:
    """Rows in the ledger as no writer would make them."""
    for place, (lo, hi) in enumerate(ranges):
        one = dataclasses.replace(batch("device", 0, topic=topic), lo=lo, hi=hi, tables={})
        client.insert(LEDGER, _ledger_row(one, 1, "by hand"), token=f"{topic}{place}")
    return Ledger(client)


def faults(ledger: Ledger, topic: str) -> list[tuple[Fault, int, int]]:
    return [(fault.fault, fault.lo, fault.hi) for fault in ledger.audit() if fault.topic == topic]


def test_nothing_is_stored_of_an_unknown_partition(client: Client, device: str) -> None:
    ledger = Ledger(client)
    assert ledger.latest("tags-1", device, 3) is None
    assert ledger.at("tags-1", device, 3, 4) is None


def test_the_latest_and_any_other_batch_is_found(client: Client, device: str) -> None:
    ledger = entered(client, device, (0, 32), (32, 40), (40, 64))
    latest, at, before = (
        ledger.latest("tags-1", device, 3),
        ledger.at("tags-1", device, 3, 40),
        ledger.before("tags-1", device, 3, 33),
    )
    assert latest is not None
    assert at is not None
    assert before is not None
    assert [(one.lo, one.hi) for one in (latest, at, before)] == [(40, 64), (32, 40), (32, 40)]
    assert ledger.at("tags-1", device, 3, 41) is None
    assert ledger.latest("tags-1", device, 4) is None


def test_positions_are_bytes(writer: Writer, client: Client, device: str) -> None:
    positions = bytes(range(256))
    writer.write(dataclasses.replace(batch(device, 0), tables={}, positions=positions))
    entry = Ledger(client).latest("tags-1", device, 3)
    assert entry is not None
    assert entry.positions == positions


@pytest.mark.parametrize(
    ("ranges", "found"),
    [
        ([(0, 32), (32, 64)], []),
        ([(7, 32), (32, 64)], []),
        ([(0, 32), (40, 64), (64, 65)], [(Fault.GAP, 32, 40)]),
        ([(0, 32), (30, 64)], [(Fault.OVERLAP, 30, 32)]),
        ([(0, 32), (0, 32), (32, 64)], [(Fault.OVERLAP, 0, 32)]),
        ([(0, 64), (8, 16), (64, 96)], [(Fault.OVERLAP, 8, 16)]),
    ],
)
def test_the_audit_finds_gaps_and_overlaps(
    client: Client, device: str, ranges: list[tuple[int, int]], found: list[tuple[Fault, int, int]]
) -> None:
    assert faults(entered(client, device, *ranges), device) == found


def test_a_discrepancy_says_where(client: Client, device: str) -> None:
    ledger = entered(client, device, (0, 1), (2, 3))
    assert [fault for fault in ledger.audit() if fault.topic == device] == [Discrepancy(Fault.GAP, "tags-1", device, 3, 1, 2)]


def test_inserts_are_summed_from_a_time_on(client: Client, writer: Writer, device: str) -> None:
    ledger = Ledger(client)
    ever = ledger.inserts_since(None)
    over_midnight: Batch = batch(device, 0, start_s=-2)
    writer.write(over_midnight)
    entry = ledger.latest("tags-1", device, 3)
    assert entry is not None
    assert ledger.inserts_since(None) == ever + 2
    assert 2 <= ledger.inserts_since(entry.stored_at) <= ever + 2
