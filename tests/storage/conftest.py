"""A migrated database of the shared engine, and a name that no other test uses."""

from collections.abc import Iterator

import pytest

from storage.client import Client, StoreAddress, connect
from storage.reader import Reader
from storage.writer import Writer
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated


def address_of(engine: EmbeddedEngine, database: str) -> StoreAddress:
    return StoreAddress(engine.host, engine.port, engine.user, engine.password, database)


@pytest.fixture(scope="session")
def address(engine: EmbeddedEngine) -> StoreAddress:
    """A migrated database, one for all tests of this room: they tell their rows apart by device and topic."""
    return migrated(engine, "storage_tests")


@pytest.fixture(scope="session")
def client(address: StoreAddress) -> Iterator[Client]:
    with connect(address) as made:
        yield made


@pytest.fixture(scope="session")
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
    """A device, and topic, of this test's own."""
    return f"{request.node.path.stem}-{request.node.name}"
