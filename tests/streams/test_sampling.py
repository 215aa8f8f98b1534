"""The sampler asks the estimators that the catalogue names, and no one else; silence is down."""

import dataclasses

import msgspec
import numpy as np
import pytest

from schemas.events import Command, Event, Swaps, What
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.measurements import DelayHistogram, HomScan, Measurement, ResonatorSweep
from schemas.records import Parameter
from slo.catalogue import catalogue
from streams.estimators.outcome import Outcome
from streams.estimators.registry import estimators
from streams.processors.windows import Window
from streams.sampling import Sampler

NS = 10**9
END_S = 1_800_000_060


def event(subject: str, end_s: float, what: What) -> Event:
    end_ns = END_S * NS + round(end_s * NS)
    return Event(
        subject=SubjectId(subject),
        device=DeviceId(subject),
        run=RunId("r"),
        source="s",
        sequence=0,
        start_unix_ns=end_ns - 5 * NS,
        end_unix_ns=end_ns,
        what=what,
        firmware="1.1",
    )


def window(*events: Event, subject: str = "qic-a") -> Window[Event]:
    return Window(SubjectId(subject), RunId("r"), END_S, 60, events, True, 0, DeviceId(subject), "1.1")


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    return Sampler(catalogue(), estimators())


def test_events_of_several_kinds_each_give_their_indicator(sampler: Sampler) -> None:
    samples = sampler.events(
        window(
            event("qic-a", -20, Swaps(attempts=100, acknowledged=90)),
            event("qic-a", -10, Swaps(attempts=100, acknowledged=93)),
            event("qic-a", -5, Command(name="align", tries=2, ok=True)),
            event("qic-a", -4, Command(name="align", tries=1, ok=True)),
        )
    )
    counts = {sample.indicator: sample.estimate.counts for sample in samples}
    assert counts[IndicatorId("qic.M9")] == {"successes": 183, "trials": 200}
    assert counts[IndicatorId("qic.M6")] == {"successes": 1, "trials": 2}
    assert {(sample.end_unix_s, sample.integration_s, sample.firmware) for sample in samples} == {(END_S, 60, "1.1")}


def test_what_did_not_happen_gives_nothing(sampler: Sampler) -> None:
    assert sampler.events(window()) == ()
    assert IndicatorId("qic.M9") not in {
        sample.indicator for sample in sampler.events(window(event("qic-a", 0, Command(name="align", tries=1, ok=True))))
    }


def test_a_link_has_those_of_the_device_that_speaks_for_it(sampler: Sampler) -> None:
    told = event("qic-a", 0, Swaps(attempts=10, acknowledged=9))
    link = msgspec.structs.replace(told, subject=SubjectId("link-a-b"))
    (sample,) = sampler.events(window(link, subject="link-a-b"))
    assert (sample.subject, sample.indicator) == ("link-a-b", "qic.M9")


def test_a_subject_has_its_own_systems_indicators(sampler: Sampler) -> None:
    samples = sampler.events(window(event("sps-a", 0, Swaps(attempts=10, acknowledged=9)), subject="sps-a"))
    assert {sample.indicator for sample in samples} == set()


def test_a_measurement_is_sampled_at_once(sampler: Sampler) -> None:
    measurement = Measurement(
        subject=SubjectId("sps-a"),
        device=DeviceId("sps-a"),
        run=RunId("r"),
        start_unix_ns=END_S * NS - 10 * NS,
        end_unix_ns=END_S * NS - 1,
        data=HomScan(parallel=100, perpendicular=1000),
    )
    (sample,) = sampler.measurement(measurement)
    assert (sample.indicator, sample.end_unix_s, sample.integration_s) == (IndicatorId("sps.M2"), END_S, 10)
    assert sample.estimate.lower is not None
    assert sample.estimate.upper is not None
    assert sample.estimate.lower <= 0.9 <= sample.estimate.upper


def test_a_histogram_of_arrivals_is_no_correlation(sampler: Sampler) -> None:
    measurement = Measurement(
        subject=SubjectId("sps-a"),
        device=DeviceId("sps-a"),
        run=RunId("r"),
        start_unix_ns=END_S * NS - 10 * NS,
        end_unix_ns=END_S * NS - 1,
        data=DelayHistogram(of="arrivals", start_ps=0, bin_width_ps=25, counts=(3,) * 500, integration_s=10.0, period_ps=12_500),
    )
    assert {sample.indicator for sample in sampler.measurement(measurement)} == {IndicatorId("sps.M7")}


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"spin": "detuned"}, {"spc.M2", "spc.Q"}),
        ({"spin": "resonant"}, {"spc.M1", "spc.C"}),
        ({}, {"spc.M1", "spc.C", "spc.M2", "spc.Q"}),
    ],
)
def test_a_sweep_with_the_spin_tuned_in_says_nothing_of_the_resonator_alone(
    sampler: Sampler, conditions: dict[str, Parameter], told: set[str]
) -> None:
    sweep = ResonatorSweep(geometry="notch", frequency_hz=(1.0, 2.0, 3.0), s_real=(1.0, 0.5, 1.0), s_imag=(0.0, 0.0, 0.0))
    one = Measurement(
        subject=SubjectId("spc-a"),
        device=DeviceId("spc-a"),
        run=RunId("r"),
        start_unix_ns=END_S * NS - NS,
        end_unix_ns=END_S * NS,
        data=sweep,
        conditions=conditions,
    )
    assert {sample.indicator for sample in sampler.measurement(one)} == told
    series = Window(one.subject, one.run, END_S, 120, (one,), True, 0, one.device, "")
    assert {sample.indicator for sample in sampler.measurements(series)} == ({"spc.M7"} if "spc.M2" in told else set())


def sweep_at(end_s: int, frequency_hz: float, calibration: str = "", **conditions: Parameter) -> Measurement:
    offset = np.linspace(-1e6, 1e6, 101)
    s = 1 - 0.6 / (1 + 2j * (offset - frequency_hz) / 2e5) + np.random.default_rng(-end_s).normal(0, 1e-3, (2, 101)).T @ [1, 1j]
    return Measurement(
        subject=SubjectId("spc-a"),
        device=DeviceId("spc-a"),
        run=RunId("r"),
        start_unix_ns=(END_S + end_s - 5) * NS,
        end_unix_ns=(END_S + end_s) * NS,
        data=ResonatorSweep(
            geometry="notch",
            frequency_hz=tuple((5e9 + offset).tolist()),
            s_real=tuple(s.real.tolist()),
            s_imag=tuple(s.imag.tolist()),
        ),
        calibration=calibration,
        conditions=conditions,
    )


def test_a_series_holds_what_an_operational_device_did_since_its_latest_calibration(sampler: Sampler) -> None:
    warming = [sweep_at(-118 + number, 3e5 - 1e5 * number, state="warm-up") for number in range(2)]
    before = [sweep_at(-90 + 10 * number, 2e5, "alignment-1") for number in range(3)]
    since = [sweep_at(-50 + 10 * number, 0.0, "alignment-2") for number in range(4)]
    records = (*warming, *before, *since)
    series = Window(SubjectId("spc-a"), RunId("r"), END_S, 120, records, True, 0, DeviceId("spc-a"), "")
    (sample,) = sampler.measurements(series)
    assert (sample.indicator, sample.estimate.counts) == (IndicatorId("spc.M7"), {"frequencies": 4})
    assert sample.estimate.value is not None
    assert sample.estimate.value < 1e3


def test_numbers_that_nobody_thought_of_end_an_estimate_and_not_the_worker() -> None:
    def diverges(_data: object, _parameters: object) -> Outcome:
        raise ValueError("The function value at x=0.0 is NaN")

    known = estimators()
    broken = dataclasses.replace(known["swap-success"], function=diverges)
    samples = Sampler(catalogue(), {**known, broken.name: broken}).events(
        window(event("qic-a", 0, Swaps(attempts=2, acknowledged=1)))
    )
    (swaps,) = [sample.estimate for sample in samples if sample.indicator == "qic.M9"]
    assert (swaps.value, swaps.counts) == (None, {})
    assert "swap-success failed" in swaps.warnings[0]
