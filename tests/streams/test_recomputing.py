"""Stored samples under other constants are what the stream would have made under them; what cannot be told is said to be."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from schemas.events import Event, Swaps
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.measurements import DelayHistogram, DetectorCounts, Measurement
from schemas.records import IndicatorSample
from schemas.telemetry import Telemetry
from slo.catalogue import catalogue
from streams.calibrations import Calibration, Calibrations
from streams.estimators.registry import estimators
from streams.processors.windows import Window
from streams.recomputing import Recomputed, Recomputing
from streams.sampling import Sampler

NS, END_S = 10**9, 1_800_000_000


@dataclass(frozen=True)
class Kept:
    """What a store would answer, from memory."""

    kept: Sequence[IndicatorSample]
    measured: Sequence[Measurement] = ()
    told: Sequence[Event] = ()

    def samples(self, subject: SubjectId, indicator: IndicatorId, since: int, limit: int, until: int) -> list[IndicatorSample]:
        del limit
        return [
            one for one in self.kept if (one.subject, one.indicator) == (subject, indicator) and since <= one.end_unix_s < until
        ]

    def events(self, subject: SubjectId, since: int, kind: str, limit: int, until: int) -> list[Event]:
        del kind, limit
        return [one for one in self.told if one.subject == subject and since <= one.start_unix_ns // NS < until]

    def telemetry(self, device: DeviceId, since: int, metric: str, limit: int, until: int) -> list[Telemetry]:
        del device, since, metric, limit, until
        return []

    def measurements(self, subject: SubjectId, since: int, kind: str, limit: int, until: int) -> list[Measurement]:
        del kind, limit
        return [one for one in self.measured if one.subject == subject and since <= one.end_unix_ns // NS < until]


def constants(version: str, **values: float) -> Calibrations:
    return Calibrations([Calibration(device=DeviceId("sps-a"), version=version, values=values)])


def measured(data: DetectorCounts | DelayHistogram, index: int) -> Measurement:
    return Measurement(
        subject=SubjectId("sps-a"),
        device=DeviceId("sps-a"),
        run=RunId("r"),
        start_unix_ns=(END_S + 10 * index - 10) * NS,
        end_unix_ns=(END_S + 10 * index) * NS,
        data=data,
    )


OLD, NEW = constants("old", efficiency=0.03, dead_time_ps=22_000), constants("new", efficiency=0.02, dead_time_ps=50_000)


def sampled(known: Calibrations, *measurements: Measurement) -> list[IndicatorSample]:
    sampler = Sampler(catalogue(), estimators(), known)
    return [sample for one in measurements for sample in sampler.measurement(one)]


def again(past: Kept, known: Calibrations, indicator: str, subject: str = "sps-a") -> list[Recomputed]:
    recomputing = Recomputing(past, catalogue(), estimators(), known)
    return list(recomputing.samples(SubjectId(subject), IndicatorId(indicator), END_S - 5_000, END_S + 5_000))


@pytest.mark.parametrize("indicator", ["sps.M3", "sps.M8"])
def test_clicks_stand_in_the_sample_and_give_what_the_stream_would_have(indicator: str) -> None:
    clicks = [
        measured(DetectorCounts(detected=80_000 + 999 * n, integration_s=10.0, triggers=800_000_000, dark=7 * n, dark_s=1.0), n)
        for n in range(1, 4)
    ]
    past = Kept(sampled(OLD, *clicks))
    wanted = [one for one in sampled(NEW, *clicks) if one.indicator == indicator]
    found = again(past, NEW, indicator)
    assert [one.new for one in found] == wanted
    assert [one.old.estimate.parameters.get("calibration") for one in found] == ["old" if indicator == "sps.M3" else None] * 3
    assert [one.new for one in again(past, OLD, indicator)] == [one.old for one in found]


def test_measurements_are_read_again() -> None:
    rng = np.random.default_rng(3)
    arrivals = tuple(int(n) for n in np.histogram(rng.normal(5_000, 60, 40_000), 500, (0, 12_500))[0])
    histogram = DelayHistogram(of="arrivals", start_ps=0, bin_width_ps=25, counts=arrivals, integration_s=10.0, period_ps=12_500)
    taken = [measured(histogram, 1)]
    blurred = constants("response", response_rms_ps=45.0)
    past = Kept(sampled(OLD, *taken), taken)
    (found,) = again(past, blurred, "sps.M7")
    assert found.new is not None
    assert [found.new] == [one for one in sampled(blurred, *taken) if one.indicator == "sps.M7"]
    assert found.new.estimate.value < 45 < found.old.estimate.value
    (gone,) = again(Kept(past.kept), blurred, "sps.M7")
    assert (gone.new, "single tags" in gone.why) == (None, True)


def test_windows_of_events_are_put_together_again() -> None:
    swaps = [
        Event(
            subject=SubjectId("qic-a"),
            device=DeviceId("qic-a"),
            run=RunId("r"),
            source="s",
            sequence=number,
            start_unix_ns=(END_S - 29 + number) * NS,
            end_unix_ns=(END_S - 28 + number) * NS,
            what=Swaps(attempts=10, acknowledged=number % 11),
        )
        for number in range(40)
    ]
    inside = tuple(one for one in swaps if one.end_unix_ns <= END_S * NS)
    window = Window(
        SubjectId("qic-a"),
        RunId("r"),
        END_S,
        30,
        inside,
        live=True,
        beats_since_ns=0,
        device=DeviceId("qic-a"),
        firmware="",
    )
    past = Kept(Sampler(catalogue(), estimators()).events(window), (), swaps)
    (found,) = again(past, Calibrations(), "qic.M9", "qic-a")
    assert found.new == found.old
    stricter = Calibrations([Calibration(device=DeviceId("qic-a"), version="c", values={"confidence": 0.99})])
    (wider,) = again(past, stricter, "qic.M9", "qic-a")
    assert wider.new is not None
    assert wider.new.estimate.counts == found.old.estimate.counts
    assert wider.new.estimate.lower < found.old.estimate.lower
    (gone,) = again(Kept(past.kept), Calibrations(), "qic.M9", "qic-a")
    assert (gone.new, gone.why) == (None, "the data that it rests on are no longer stored")


def test_what_was_refused_kept_no_counts_and_says_so() -> None:
    saturated = measured(DetectorCounts(detected=10**9, integration_s=10.0, triggers=10**9), 1)
    past = Kept([one for one in sampled(OLD, saturated) if one.indicator == "sps.M3"])
    assert past.kept[0].estimate.counts == {}
    (found,) = again(past, NEW, "sps.M3")
    assert found.new is None
    assert "kept no counts" in found.why
    purity = msgspec.structs.replace(past.kept[0], indicator=IndicatorId("sps.M1"))
    assert "single tags" in again(Kept([purity]), NEW, "sps.M1")[0].why
