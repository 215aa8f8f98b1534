"""``recompute``: a changed constant over what is stored, old and new side by side, and as samples for a back-test."""

from pathlib import Path

import msgspec
import pytest

from console.refusal import ExitCode
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.measurements import DetectorCounts, Measurement
from schemas.records import IndicatorSample
from slo.catalogue import catalogue
from storage import tables
from storage.batch import Batch
from storage.client import StoreAddress
from storage.writer import Writer
from streams.calibrations import Calibration, Calibrations
from streams.estimators.registry import estimators
from streams.sampling import Sampler
from tests.console.test_store_commands import Store
from tests.fixtures_engine import EmbeddedEngine

pytestmark = pytest.mark.stack
DEVICE, END_S = "sps-dim", 1_790_000_000
NEW = """
calibrations:
  - {device: sps-dim, version: power-meter-2, values: {efficiency: 0.02, efficiency_error: 0.001}}
"""


@pytest.fixture
def store(fleet_store: StoreAddress, engine: EmbeddedEngine, tmp_path: Path) -> Store:
    return Store(fleet_store, engine, tmp_path)


@pytest.fixture(scope="module")
def dim(fleet_store: StoreAddress) -> list[IndicatorSample]:
    """A source's brightness of five minutes, under an old efficiency."""
    old = Calibrations([Calibration(device=DeviceId(DEVICE), version="power-meter-1", values={"efficiency": 0.04})])
    sampler = Sampler(catalogue(), estimators(), old)
    samples = [
        sample
        for end in range(END_S, END_S + 300, 10)
        for sample in sampler.measurement(
            Measurement(
                subject=SubjectId(DEVICE),
                device=DeviceId(DEVICE),
                run=RunId("r"),
                start_unix_ns=(end - 10) * 10**9,
                end_unix_ns=end * 10**9,
                data=DetectorCounts(detected=2_400_000, integration_s=10.0, triggers=800_000_000),
            )
        )
        if sample.indicator == IndicatorId("sps.M3")
    ]
    writer = Writer(fleet_store, "seed")
    try:
        rows = {tables.SAMPLES: tables.sample_rows(samples)}
        writer.write(Batch("slo-1", "dim", 0, 0, 30, rows, 30, 1, b"{}"))
    finally:
        writer.close()
    return samples


def test_a_changed_efficiency_beside_the_old_one(store: Store, dim: list[IndicatorSample], tmp_path: Path) -> None:
    constants, out = tmp_path / "new.yaml", tmp_path / "new.jsonl"
    constants.write_text(NEW, encoding="utf-8")
    asked = ("recompute", "sps.M3", "--device", DEVICE, "--calibration", str(constants))
    said = store.ask(*asked, "--out", str(out), "--json")
    assert said.code == 0, said.err
    answer = said.document
    assert (answer["recomputed"], answer["not_recomputed"]) == (len(dim), {})
    for row, sample in zip(answer["samples"], dim, strict=True):
        assert row["old"]["value"] == sample.estimate.value
        assert row["new"]["value"] == pytest.approx(2 * row["old"]["value"])
        assert (row["old"]["calibration"], row["new"]["calibration"]) == ("power-meter-1", "power-meter-2")
    written = [msgspec.json.decode(line, type=IndicatorSample) for line in out.read_bytes().splitlines()]
    assert [one.estimate.value for one in written] == [row["new"]["value"] for row in answer["samples"]]
    assert "30 samples recomputed" in store.ask(*asked).out
    part = store.ask(*asked, "--from", str(END_S + 100), "--to", str(END_S + 150), "--json").document
    assert [row["end_unix_s"] for row in part["samples"]] == list(range(END_S + 100, END_S + 150, 10))


@pytest.mark.usefixtures("dim")
def test_what_is_not_there_is_refused(store: Store, tmp_path: Path) -> None:
    constants = tmp_path / "new.yaml"
    constants.write_text(NEW, encoding="utf-8")
    asked = ("recompute", "sps.M3", "--calibration", str(constants), "--device")
    assert store.ask(*asked, "sps-nobody").code == ExitCode.NOT_FOUND
    assert store.ask(*asked, DEVICE, "--from", "5", "--to", "4").code == ExitCode.USAGE
    assert "widen the stretch" in store.ask(*asked, DEVICE, "--from", "4", "--to", "5").err
    assert "no indicator “sps”" in store.ask("recompute", "sps", "--calibration", str(constants), "--device", DEVICE).err
    constants.write_text("calibrations: [{device: a}]", encoding="utf-8")
    assert store.ask(*asked, DEVICE).code != 0
