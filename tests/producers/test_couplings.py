"""What one part does to another: each arrow of cause and effect, by its own formula, and nothing where nothing moved."""

import math
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from producers.apparatus import Apparatus, Control, Cryostat, Entangler, Laser, changed
from producers.clock import Clock
from producers.couplings import brightness, coupled, pair_fidelity
from producers.entanglement.link import Link
from producers.entanglement.repeater import Repeater
from producers.matter.line import Line
from producers.matter.readout import Readout
from producers.matter.resonator import Resonator
from producers.matter.spin import Spin
from producers.optics.coupling import Optics
from producers.optics.interferometer import Interferometer
from producers.sources import CwParameters, Detection, InterferenceParameters, PairParameters, PulsedParameters

EVERYTHING = Apparatus(
    source=PulsedParameters(rate_hz=1e5, lifetime_ps=500, g2=0.01, detection=Detection(background_hz=(50.0, 50.0))),
    cryostat=Cryostat(),
    laser=Laser(jitter_ps=0.0),
    line=Line(diffusion_hz=5e7),
    optics=Optics(),
    interferometer=Interferometer(overlap=0.9),
    entangler=Entangler(),
    spin=Spin(),
    resonator=Resonator(),
    readout=Readout(),
    link=Link(),
    repeater=Repeater(),
)


def after(**changes: float) -> Apparatus:
    """With numbers set, ``line__offset_hz=…``."""

    def setting(value: float) -> Callable[[float], float]:
        return lambda _: value

    bare = changed(EVERYTHING, {path.replace("__", "."): setting(value) for path, value in changes.items()})
    return coupled(bare, EVERYTHING)


def test_a_device_at_its_best_is_what_the_file_says() -> None:
    assert coupled(EVERYTHING, EVERYTHING) == EVERYTHING
    bare = Apparatus(control=Control(), clock=Clock())
    assert coupled(bare, bare) == bare
    assert brightness(bare, bare) == 1.0
    beside = changed(EVERYTHING, {"laser.frequency_offset_hz": lambda _: 2e8})
    assert coupled(beside, beside) == beside
    assert pair_fidelity(bare) is None


def test_warmth_moves_the_line_and_the_line_moves_visibility_and_brightness() -> None:
    warm = after(cryostat__temperature_k=4.5)
    assert warm.line is not None
    assert warm.interferometer is not None
    assert warm.line.offset_hz == pytest.approx(-1.5e8)
    assert warm.line.diffusion_hz == pytest.approx(math.hypot(5e7, 1e7))
    wider = 2.5e8 / (2.5e8 + math.hypot(5e7, 1e7)) / (2.5e8 / 3e8)
    assert warm.interferometer.overlap == pytest.approx(0.9 * wider / (1 + 0.6**2))
    assert brightness(warm, EVERYTHING) == pytest.approx(1 / (1 + 0.15**2))


def test_photons_behind_an_interferometer_become_less_alike() -> None:
    bare = replace(EVERYTHING, source=InterferenceParameters(rate_hz=1e5, overlap=0.9))
    warm = coupled(changed(bare, {"cryostat.temperature_k": lambda _: 4.5}), bare)
    assert isinstance(warm.source, InterferenceParameters)
    assert warm.interferometer is not None
    assert warm.source.overlap == warm.interferometer.overlap < 0.89
    assert warm.source.rate_hz < 1e5


def test_warmth_spoils_resonator_spin_and_memory() -> None:
    warm = after(cryostat__temperature_k=8.0)
    assert warm.resonator is not None
    assert warm.spin is not None
    assert warm.resonator.frequency_hz == pytest.approx(7e9 - 4 * 4e5)
    assert warm.resonator.q_internal == pytest.approx(50_000 / 2.2)
    assert warm.spin.t1_s == pytest.approx(1e-3 / 8)
    assert 1 / warm.spin.t2_s == pytest.approx(1 / 200e-6 + 0.5 / 1.25e-4 - 0.5 / 1e-3)
    assert warm.link is not None
    assert warm.link.memory_s == pytest.approx(1 / 8)


def test_shaking_blurs_the_focus_and_dephases() -> None:
    shaken = after(cryostat__vibration_m=1e-6)
    assert shaken.optics is not None
    assert shaken.spin is not None
    assert shaken.optics.misalignment_m == pytest.approx(1e-6, rel=1e-3)
    assert brightness(shaken, EVERYTHING) == pytest.approx(math.exp(-0.25), rel=1e-3)
    assert shaken.spin.t2star_s == pytest.approx(math.sqrt(2) / (2 * math.pi * 1e6), rel=0.01)
    assert shaken.repeater is not None
    assert shaken.repeater.memory_s == pytest.approx(1 / 11, rel=1e-3)


def test_the_laser_off_its_line_dims_and_tells_photons_apart() -> None:
    off = after(laser__frequency_offset_hz=5e8)
    assert brightness(off, EVERYTHING) == pytest.approx(1 / (1 + 0.5**2))
    assert off.interferometer is not None
    assert off.interferometer.overlap == pytest.approx(0.9 / (1 + 2**2))
    # A line that follows the laser is still excited.
    both = after(laser__frequency_offset_hz=5e8, line__offset_hz=5e8)
    assert brightness(both, EVERYTHING) == pytest.approx(1.0)


def test_jitter_blurs_arrivals_and_interference() -> None:
    blurred = after(laser__jitter_ps=500.0)
    assert isinstance(blurred.source, PulsedParameters)
    assert blurred.source.trigger_jitter_ps == 500
    assert blurred.interferometer is not None
    assert blurred.interferometer.overlap == pytest.approx(0.9 * math.e * math.erfc(1))


def test_losses_and_stray_light() -> None:
    lossy = after(optics__loss_db=3.0, optics__stray_hz=400.0)
    assert brightness(lossy, EVERYTHING) == pytest.approx(10**-0.3)
    assert lossy.source is not None
    assert lossy.source.detection.background_hz == (450.0, 450.0)
    assert lossy.link is not None
    assert lossy.link.success == pytest.approx(1e-3 * 10**-0.3)
    assert lossy.link.dark_hz == pytest.approx(20 + 400)
    pure = [(1e5 * share * 10**-0.3) / (1e5 * share * 10**-0.3 + 450) for share in (0.5, 0.5)]
    before = (5e4 / (5e4 + 50)) ** 2
    assert lossy.entangler is not None
    assert lossy.entangler.fidelity == pytest.approx(0.25 + 0.65 * pure[0] * pure[1] / before)


def test_gates_suffer_from_timing_noise_and_neighbours() -> None:
    def error(**changes: float) -> float:
        spin = after(**changes).spin
        assert spin is not None
        return spin.gate_error - 1e-3

    assert error(control__pulse_jitter_s=1e-8) == pytest.approx((2 * math.pi * 5e6 * 1e-8) ** 2 / 6)
    assert error(resonator__neighbour_depth=0.4) == pytest.approx(0.05 * 0.4)
    assert error(spin__noise_hz=1e6) > 1e-4


def test_a_moved_resonance_is_read_beside_its_peak() -> None:
    moved = after(resonator__frequency_hz=7e9 + EVERYTHING.resonator.linewidth_hz / 2)  # type: ignore[union-attr]
    assert moved.readout is not None
    assert moved.readout.amplitude == pytest.approx(2.5, rel=1e-3)


def test_a_clock_that_is_off_skews_heralds_and_swaps() -> None:
    off = after(clock__offset_ps=2_000.0)
    assert off.link is not None
    assert off.repeater is not None
    assert (off.link.skew_s, off.repeater.mistiming_s) == pytest.approx((2e-9, 2e-9))


def test_fine_structure_and_waiting_cost_fidelity() -> None:
    split = after(line__splitting_hz=1 / (2 * math.pi * 500e-12))
    assert split.entangler is not None
    assert split.entangler.fidelity == pytest.approx(0.25 + 0.65 * 0.75)
    waiting = replace(EVERYTHING, entangler=Entangler(wait_s=1e-4))
    noisy = coupled(changed(waiting, {"spin.noise_hz": lambda _: 1e4}), waiting)
    assert noisy.entangler is not None
    assert noisy.entangler.fidelity == pytest.approx(0.25 + 0.65 * math.exp(-1e-4 * 0.02 * 2 * math.pi * 1e4))


def test_pairs_come_from_whatever_makes_them() -> None:
    assert pair_fidelity(EVERYTHING) == EVERYTHING.repeater.mean_fidelity  # type: ignore[union-attr]
    assert pair_fidelity(Apparatus(entangler=Entangler(fidelity=0.8), link=Link())) == 0.8
    assert pair_fidelity(Apparatus(link=Link())) == Link().pair_fidelity


@pytest.mark.parametrize(
    "source",
    [
        PulsedParameters(rate_hz=2e7, period_ps=12_500),
        CwParameters(rate_hz=2e7, recovery_ps=5_000),
        PairParameters(rate_hz=2e7, period_ps=12_500, statistics="single"),
    ],
)
def test_an_emitter_gives_no_more_than_it_can(source: PulsedParameters | CwParameters | PairParameters) -> None:
    """However hard it is driven, here by optics that became ten times better."""
    nominal = Apparatus(source=source, optics=Optics(coupling=0.09))
    bright = coupled(replace(nominal, optics=Optics(coupling=0.9)), nominal)
    assert 1 < brightness(bright, nominal) < 10
