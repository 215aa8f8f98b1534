"""What alerts stand in, by a real store."""

import pytest

from console.notify.outlook import StoredOutlook
from slo.definitions import load
from slo.schedule import Schedule
from slo.topology import Topology
from storage.client import connect
from storage.reader import Reader
from tests.console.notify.test_message import state
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated

pytestmark = pytest.mark.stack


def test_a_store_that_refuses_to_tell_of_readings_keeps_nobody_from_hearing_of_an_alert(engine: EmbeddedEngine) -> None:
    address = migrated(engine, "without_readings")
    with connect(address) as client:
        client.command("DROP TABLE telemetry")
    with Reader(address) as reader:
        outlook = StoredOutlook(reader, load(), Topology(), Schedule(()))
        assert outlook.hints([state("sps-1", "page", 1_790_000_000, firing=True)]) == {}
        assert outlook.firing() == []
