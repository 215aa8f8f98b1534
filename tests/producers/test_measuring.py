"""Planned measurements: each finds its part, sees what a coupling did to it, and says what is missing."""

import numpy as np
import pytest
from msgspec.structs import replace

from producers.apparatus import Apparatus, Entangler, Laser
from producers.couplings import coupled
from producers.entanglement.counts import BellTest, Correlations, Key, Projections
from producers.entanglement.repeater import Repeater
from producers.errors import FleetError
from producers.fleet_file import demo_fleet
from producers.matter.line import Line, Spectrum
from producers.matter.readout import Readout, Shots
from producers.matter.resonator import Resonator, Sweep
from producers.matter.spin import Benchmark, Decay, Spin
from producers.measuring import Measure, lacks, measured
from producers.optics.arrivals import Arrivals
from producers.optics.clicks import Clicks
from producers.optics.coupling import Optics, Power
from producers.optics.heralding import Heralded, Pairs
from producers.optics.interferometer import Hom, Interferometer
from producers.optics.repetition import Repetition
from producers.sources import CwParameters, PulsedParameters
from schemas.measurements import DetectorCounts, HomScan

FULL = Apparatus(
    source=PulsedParameters(rate_hz=1e5),
    laser=Laser(),
    line=Line(),
    optics=Optics(),
    interferometer=Interferometer(),
    entangler=Entangler(),
    spin=Spin(),
    resonator=Resonator(),
    readout=Readout(),
)
PLANS: tuple[Measure, ...] = (
    Sweep(), Decay(sequence="echo", longest_s=1e-3), Benchmark(), Shots(), Spectrum(), Hom(), Arrivals(), Clicks(), Pairs(),
    Heralded(), Power(), Repetition(), Correlations(), Projections(), BellTest(), Key(),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: type(plan).__name__)
def test_every_kind_is_measured_and_missed(plan: Measure) -> None:
    data = measured(plan, FULL, FULL, np.random.default_rng(1))
    assert data.__struct_config__.tag == plan.__struct_config__.tag
    assert lacks(plan, FULL) is None
    missing = lacks(plan, Apparatus())
    assert missing is not None
    with pytest.raises(FleetError, match=f"no {missing} to measure"):
        measured(plan, Apparatus(), Apparatus(), np.random.default_rng(1))


def test_what_a_scan_of_rates_needs_is_pulses() -> None:
    assert lacks(Repetition(), Apparatus(source=CwParameters(rate_hz=1e5))) == "pulsed source"


def test_pairs_may_come_of_a_repeater() -> None:
    data = measured(Correlations(pairs=1e5), Apparatus(repeater=Repeater()), Apparatus(), np.random.default_rng(1))
    zz = data.settings[0]  # type: ignore[union-attr]
    even = (zz.pp + zz.mm) / (zz.pp + zz.mm + zz.pm + zz.mp)
    part = (4 * Repeater().mean_fidelity - 1) / 3
    assert even == pytest.approx((1 + part) / 2, abs=0.01)


def test_dim_light_gives_fewer_pairs_and_clicks() -> None:
    dim = coupled(replace(FULL, optics=Optics(loss_db=3.0103)), FULL)
    random = np.random.default_rng(1)
    clicks, half = (measured(Clicks(), now, FULL, random) for now in (FULL, dim))
    assert isinstance(clicks, DetectorCounts)
    assert isinstance(half, DetectorCounts)
    assert half.detected / clicks.detected == pytest.approx(0.5, rel=0.01)
    scan, quarter = (measured(Hom(pairs=40_000), now, FULL, random) for now in (FULL, dim))
    assert isinstance(scan, HomScan)
    assert isinstance(quarter, HomScan)
    assert quarter.perpendicular / scan.perpendicular == pytest.approx(0.25, rel=0.05)


def test_the_demo_fleet_can_measure_what_it_plans() -> None:
    for device in demo_fleet().devices:
        assert device.measures or device.kind == "quantum-interconnect"
