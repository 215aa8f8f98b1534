"""For every indicator of the five systems the records that it is estimated from, as they flow through its topic."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from schemas.events import Calibration, Checks, Command, Event, Heartbeat, Heralds, State, Swaps, What
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import (
    Data,
    DelayHistogram,
    DetectorCounts,
    HomScan,
    Measurement,
    PairCounts,
    PowerCheck,
    RepetitionScan,
)
from schemas.telemetry import Reading, Telemetry
from streams.calibrations import Calibration as Constants
from streams.calibrations import Calibrations
from tests.streams.estimators.pairs_of_qubits import bases, werner
from tests.streams.estimators.shots import shots
from tests.streams.estimators.spectra import emission
from tests.streams.estimators.sweeps import coupled_sweep, resonator_sweep
from tests.streams.estimators.test_coherence import decay
from tests.streams.estimators.test_randomized_benchmarking import measured

START_S, NS = 1_800_000_000, 10**9
SYSTEMS = ("spi", "spc", "sps", "qic", "qdp")
VALUES = {"efficiency": 0.05, "efficiency_error": 0.001, "dead_time_ps": 20_000.0}
KNOWN = Calibrations([Constants(device=DeviceId(f"{system}-a"), version="c1", values=VALUES) for system in SYSTEMS])
"""What is known of every device."""

Records = Sequence[Measurement | Event | Telemetry]


def _measurements(system: str, *data: Data) -> list[Measurement]:
    """One after another, each of 5 s."""
    return [
        Measurement(
            subject=SubjectId(f"{system}-a"),
            device=DeviceId(f"{system}-a"),
            run=RunId("r"),
            start_unix_ns=(START_S + 5 * number) * NS + 1,
            end_unix_ns=(START_S + 5 * number + 5) * NS,
            data=one,
        )
        for number, one in enumerate(data)
    ]


def _events(system: str, *told: What, lasting_s: float = 2.0) -> list[Event]:
    return [
        Event(
            subject=SubjectId(f"{system}-a"),
            device=DeviceId(f"{system}-a"),
            run=RunId("r"),
            source="control",
            sequence=number,
            start_unix_ns=START_S * NS + round(lasting_s * number * NS),
            end_unix_ns=START_S * NS + round(lasting_s * (number + 1) * NS),
            what=what,
        )
        for number, what in enumerate(told)
    ]


def _readings() -> list[Telemetry]:
    kelvin = 4.2 + 1e-3 * np.random.default_rng(5).normal(size=28)
    return [
        Telemetry(
            device=DeviceId("qic-a"),
            source="probe",
            run=RunId("r"),
            unix_ns=(START_S + number + 1) * NS,
            readings=(Reading(metric="cryostat.temperature", unit="K", value=float(each)),),
        )
        for number, each in enumerate(kelvin)
    ]


def _heralds() -> list[Heralds | Checks]:
    random = np.random.default_rng(2)
    told: list[Heralds | Checks] = []
    for number in range(6):
        latency = tuple((2e6 + random.exponential(1e6, 300)).astype(int).tolist())
        told += [Heralds(attempts=9_000, latency_ns=latency, outside_window=number % 2), Checks(checked=50, passed=47)]
    return told


def _histogram(of: str) -> DelayHistogram:
    random = np.random.default_rng(4)
    if of == "arrivals":
        counts = np.histogram(random.normal(5_000, 60, 20_000), 500, (0, 12_500))[0]
        return DelayHistogram(
            of="arrivals", start_ps=0, bin_width_ps=25, counts=tuple(counts.tolist()), integration_s=5.0, period_ps=12_500
        )
    times = np.concatenate([random.laplace(12_500 * peak, 300, 3_000 if peak else 90) for peak in range(-8, 9)])
    counts = np.histogram(times, 2_000, (-100_000, 100_000))[0]
    return DelayHistogram(
        of="coincidences",
        start_ps=-100_000,
        bin_width_ps=100,
        counts=tuple(counts.tolist()),
        integration_s=5.0,
        period_ps=12_500,
        accidentals_per_ps=0.25,
    )


def records() -> Mapping[str, Records]:
    """By indicator; those of budgets and alarms are made by judging, and stand elsewhere."""
    random = np.random.default_rng
    clicks = DetectorCounts(detected=60_000, integration_s=5.0, triggers=5_000_000, dark=60, dark_s=1.0)
    hom, bell = HomScan(parallel=90, perpendicular=1_000), bases(3, werner(0.95))
    power = PowerCheck(
        reference_photons=1e5, detected=24_000, dark=100, efficiency=0.8, efficiency_error=0.01, reference_error=500.0
    )
    pairs = PairCounts(heralds=10_000, signals=12_000, coincidences=2_600, window_ps=1_000, integration_s=5.0)
    scan = RepetitionScan(
        rate_hz=(1e7, 2e7, 4e7),
        triggers=(10**6,) * 3,
        detected=(10**5, 10**5, 2 * 10**4),
        central=(20, 25, 30),
        side=(20_000,) * 3,
        side_peaks=10,
    )
    beats = [Heartbeat(state=State.DOWN if number == 4 else State.OPERATIONAL, emitting=None) for number in range(14)]
    commands = [Command(name="arm", tries=1 + (number == 3), ok=True) for number in range(14)]
    tuned = [Calibration(routine="tune", passed=number != 4, steps=3) for number in range(14)]
    swaps = [Swaps(attempts=100, acknowledged=60 + number) for number in range(14)]
    sweep = resonator_sweep(random(1))
    found: dict[str, Records] = {}
    for system, number in (("spi", "M1"), ("spi", "M5"), ("sps", "M3"), ("sps", "M8"), ("qic", "M4"), ("qdp", "M1")):
        found[f"{system}.{number}"] = _measurements(system, clicks)
    for system, number in (("spi", "M2"), ("spc", "M9"), ("qic", "M2"), ("qdp", "M7")):
        found[f"{system}.{number}"] = _measurements(system, bell)
    for system, number in (("spi", "M4"), ("sps", "M2"), ("qdp", "M3")):
        found[f"{system}.{number}"] = _measurements(system, hom)
    for system, number in (("spi", "M6"), ("sps", "M7")):
        found[f"{system}.{number}"] = _measurements(system, _histogram("arrivals"))
    for system, number in (("sps", "M1"), ("qdp", "M2")):
        found[f"{system}.{number}"] = _measurements(system, _histogram("coincidences"))
    for system, number in (("spi", "M7"), ("sps", "M4")):
        found[f"{system}.{number}"] = _measurements(system, power)
    for system, number in (("spi", "M9"), ("sps", "M5"), ("qic", "M7"), ("qdp", "M4")):
        found[f"{system}.{number}"] = _events(system, *beats)
    for system, number in (("spi", "M8"), ("qdp", "M8")):
        found[f"{system}.{number}"] = _events(system, *tuned)
    for system, number in (("spi", "M3"), ("qic", "M1"), ("qic", "M3"), ("qic", "M5"), ("qic", "M10")):
        told = _heralds() if system == "qic" else [one for one in _heralds() if isinstance(one, Heralds)]
        found[f"{system}.{number}"] = _events(system, *told)
    found |= {
        "spc.M1": _measurements("spc", coupled_sweep(random(1), g=5e6, kappa=2e6, gamma=1e6)),
        "spc.M2": _measurements("spc", sweep),
        "spc.M3": _measurements("spc", decay("inversion-recovery", 4, 21, 100, 1)),
        "spc.M4": _measurements("spc", decay("echo", 3, 21, 200, 1)),
        "spc.M5": _measurements("spc", shots(random(1))),
        "spc.M6": _measurements("spc", shots(random(1))),
        "spc.M7": _measurements("spc", *(resonator_sweep(random(seed)) for seed in range(4))),
        "spc.M8": _measurements("spc", measured(random(1))),
        "sps.M6": _measurements("sps", pairs),
        "sps.M9": _measurements("sps", emission(random(1), photons=3_000)),
        "qic.M6": _events("qic", *commands),
        "qic.M8": _readings(),
        "qic.M9": _events("qic", *swaps),
        "qdp.M5": _measurements("qdp", *(emission(random(seed), photons=800, centre=1e8 * seed) for seed in range(4))),
        "qdp.M6": _measurements("qdp", scan),
    }
    return found


def damaged(value: Any, number: int) -> Any:
    """A record's data with every count as ``number``: the first of a list, the others none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return number
    if isinstance(value, list):
        return [damaged(each, number if index == 0 else 0) for index, each in enumerate(value)]
    if isinstance(value, dict):
        return {name: damaged(each, number) for name, each in value.items()}
    return value
