"""What fires, as ``photonwatch status`` tells it, over a real store; the parts' states are tested where parts run."""

from pathlib import Path

import pytest

from console.commands.status import FiringAlert, firing, fleet
from console.settings import Secret, Settings, Store
from storage.client import StoreAddress
from tests.console import seeded
from tests.fixtures_engine import EmbeddedEngine

pytestmark = pytest.mark.stack


def settings_of(address: StoreAddress, engine: EmbeddedEngine, home: Path) -> Settings:
    return Settings(
        home,
        store=Store(
            address=f"{address.host}:{address.port}",
            database=address.database,
            readonly_user=engine.readonly_user,
            readonly_password=Secret(engine.readonly_password),
        ),
    )


def test_what_people_are_told_of_comes_first(
    fleet_store: StoreAddress, engine: EmbeddedEngine, now_s: int, tmp_path: Path
) -> None:
    page = f"{seeded.OBJECTIVE}/{seeded.BAD}/page"
    assert firing(settings_of(fleet_store, engine, tmp_path)) == (
        FiringAlert(page, "page", now_s - 120, "", "", "", ""),
        FiringAlert(f"{seeded.OBJECTIVE}/{seeded.BAD}/ticket", "ticket", now_s - 110, f"inhibited by {page}", "", "", ""),
    )


def test_a_store_that_is_away_is_not_taken_for_one_without_alerts(tmp_path: Path) -> None:
    store = Store(address="127.0.0.1:1", readonly_user="nobody")
    assert firing(Settings(tmp_path, store=store)) is None
    assert fleet(Settings(tmp_path, store=store)) is None


def test_every_device_and_link_with_its_state(
    fleet_store: StoreAddress, engine: EmbeddedEngine, now_s: int, tmp_path: Path
) -> None:
    told = fleet(settings_of(fleet_store, engine, tmp_path), lambda: float(now_s))
    assert told is not None
    assert told[0].startswith("6 devices and 1 link: 1 bad, ")
    devices = {each.device: each for each in told[1]}
    assert {name: each.state for name, each in devices.items() if name in (seeded.BAD, seeded.QUIET, seeded.COUPLING)} == {
        seeded.BAD: "bad",
        seeded.QUIET: "silent",
        seeded.COUPLING: "good",
    }
    assert devices[seeded.COUPLING].stands_by.endswith(" 4.000 MHz, 3.600 … 4.400")
    assert (devices[seeded.CRYOSTAT].stands_by, devices[seeded.LINK].speaker) == ("", seeded.NODE)
