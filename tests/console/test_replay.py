"""``photonwatch replay``: a file into a real broker."""

from pathlib import Path

import numpy as np
import pytest

from console.refusal import ExitCode
from storage.client import StoreAddress
from tests.console.command_line import run
from tests.fixtures_engine import EmbeddedEngine

pytestmark = pytest.mark.stack


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    path = tmp_path / "tags.npz"
    np.savez(path, time_ps=np.sort(rng.integers(0, 10**12, 5_000)), channel=rng.integers(0, 2, 5_000).astype(np.uint8))
    return path


def test_sends_every_tag_and_says_where_to_look(broker: str, file: Path, tmp_path: Path) -> None:
    said = run(tmp_path, "replay", str(file), "--device", "dut", "--json", PHOTONWATCH_KAFKA_ADDRESS=broker)
    assert said.code == 0, said.err
    (sent,) = said.document["runs"]
    assert sent["tags"] == 5_000
    assert sent["blocks"] >= 10
    assert said.document["stored"] is False
    spoken = run(tmp_path, "replay", str(file), str(file), "--device", "dut", PHOTONWATCH_KAFKA_ADDRESS=broker)
    assert spoken.out.count("5,000 tags sent as run") == 2
    assert "photonwatch report --device dut" in spoken.out


@pytest.mark.slow
def test_two_nodes_of_a_link_are_one_run(broker: str, file: Path, tmp_path: Path) -> None:
    said = run(
        tmp_path, "replay", str(file), str(file), "--device", "qic-l", "--link", "--json", PHOTONWATCH_KAFKA_ADDRESS=broker
    )
    assert said.code == 0, said.err
    first, second = said.document["runs"]
    assert first["run"] == second["run"]
    assert first["tags"] == second["tags"] == 5_000


@pytest.mark.slow
def test_waiting_has_an_end(broker: str, file: Path, tmp_path: Path, fleet_store: StoreAddress, engine: EmbeddedEngine) -> None:
    said = run(
        tmp_path,
        *("replay", str(file), "--device", "dut", "--wait", "--timeout", "0.2"),
        PHOTONWATCH_KAFKA_ADDRESS=broker,
        PHOTONWATCH_STORE_ADDRESS=f"{engine.host}:{engine.port}",
        PHOTONWATCH_STORE_DATABASE=fleet_store.database,
        PHOTONWATCH_STORE_READONLY_USER=engine.readonly_user,
        PHOTONWATCH_STORE_READONLY_PASSWORD=engine.readonly_password,
    )
    assert said.code == ExitCode.NOT_YET
    assert "0 of 5000 tags" in said.err


def test_refusals(broker: str, file: Path, tmp_path: Path) -> None:
    assert run(tmp_path, "replay", str(file), "--device", "dut").code == ExitCode.UNAVAILABLE
    for arguments, code in (
        (("--pace", "gallop"), ExitCode.USAGE),
        (("--origin", "yesterday"), ExitCode.USAGE),
        (("--sync-channel", "7"), ExitCode.BAD_INPUT),
        (("--link",), ExitCode.USAGE),
    ):
        said = run(tmp_path, "replay", str(file), "--device", "dut", *arguments, PHOTONWATCH_KAFKA_ADDRESS=broker)
        assert said.code == code
        assert said.err.count("\n") == 1


def test_the_origin_is_what_was_said(broker: str, file: Path, tmp_path: Path) -> None:
    said = run(
        tmp_path,
        *("replay", str(file), "--device", "dut", "--json", "--origin", "2026-03-07T14:23:55.5+01:00"),
        PHOTONWATCH_KAFKA_ADDRESS=broker,
    )
    assert said.document["runs"][0]["origin_unix_ns"] == 1_772_889_835_500_000_000
