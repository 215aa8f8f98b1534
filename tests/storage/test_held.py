"""Rows of a batch, counted where they are."""

import dataclasses

import pytest

from storage import tables
from storage.client import Client
from storage.held import held
from storage.writer import Writer
from tests.storage.made import batch

pytestmark = pytest.mark.stack


def test_counts_this_batch_and_no_other(writer: Writer, client: Client, device: str) -> None:
    one, two = batch(device, 0), batch(device, 1, start_s=4)
    assert set(held(client, one).values()) == {0}
    writer.write(one)
    writer.write(two)
    writer.write(dataclasses.replace(one, pipeline="tags-9"))
    assert held(client, one) == {table: rows.num_rows for table, rows in one.tables.items()}
    assert held(client, dataclasses.replace(one, partition=4))[tables.TAG_RUNS] == 0


def test_a_batch_without_rows(client: Client, device: str) -> None:
    assert held(client, dataclasses.replace(batch(device, 0), tables={})) == {}
