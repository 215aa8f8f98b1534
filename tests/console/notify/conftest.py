"""A migrated database of this room's own."""

from collections.abc import Iterator

import pytest

from storage.client import Client, StoreAddress, connect
from storage.reader import Reader
from storage.writer import Writer
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated


@pytest.fixture(scope="module")
def address(engine: EmbeddedEngine) -> StoreAddress:
    return migrated(engine, "notify_tests")


@pytest.fixture
def client(address: StoreAddress) -> Iterator[Client]:
    with connect(address) as made:
        yield made


@pytest.fixture
def reader(address: StoreAddress) -> Iterator[Reader]:
    with Reader(address) as made:
        yield made


@pytest.fixture
def writer(address: StoreAddress) -> Iterator[Writer]:
    made = Writer(address, "a-worker")
    yield made
    made.close()


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    return str(request.node.name).replace("_", "-")
