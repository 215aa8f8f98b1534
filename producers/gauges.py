"""Plain quantities read off what a device says: where a fault shows, without any estimator of the platform's.

A gauge takes what was said in one window of time and yields one number, or none where there was nothing to read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import nan
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from producers.record_feed import Outgoing
from schemas import topics
from schemas.block import TagBlock
from schemas.events import Command, Event, Heartbeat, Heralds, Swaps
from schemas.measurements import (
    CoherenceDecay,
    DelayHistogram,
    DetectorCounts,
    EmissionSpectrum,
    HomScan,
    Measurement,
    PauliCorrelations,
    PowerCheck,
    RandomizedBenchmarking,
    ReadoutShots,
    ResonatorSweep,
)
from schemas.telemetry import Telemetry

_Data = TypeVar("_Data")
_SIDES = 6
_CROWDED_PS = 1_000_000
_NEAR_PS, _FAR_PS = 1_500_000, 40_000_000
Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Window:
    """What one device said in a stretch of time, of itself and of its links."""

    seconds: float
    blocks: list[TagBlock] = field(default_factory=list)
    records: list[Outgoing] = field(default_factory=list)

    def add(self, said: TagBlock | Outgoing) -> None:
        if isinstance(said, TagBlock):
            self.blocks.append(said)
        else:
            self.records.append(said)

    def events(self, kind: type[_Data]) -> list[_Data]:
        every = (one.record for one in self.records if one.topic == topics.EVENTS)
        return [event.what for event in every if isinstance(event, Event) and isinstance(event.what, kind)]

    def data(self, kind: type[_Data]) -> list[_Data]:
        every = (one.record for one in self.records if one.topic == topics.MEASUREMENTS)
        return [taken.data for taken in every if isinstance(taken, Measurement) and isinstance(taken.data, kind)]

    def readings(self, metric: str) -> list[float]:
        every = [one.record for one in self.records if isinstance(one.record, Telemetry)]
        return [r.value for one in every for r in one.readings if r.metric == metric and r.value is not None]


Gauge = Callable[[Window], float | None]


def gauge(name: str) -> Gauge:
    """The gauge of a name: one of ``GAUGES``, or ``telemetry.`` and a metric.

    Raises:
        KeyError: there is none.
    """
    if name in GAUGES:
        return GAUGES[name]
    if name.startswith("telemetry."):
        metric = name.removeprefix("telemetry.")
        return lambda window: _mean(window.readings(metric))
    raise KeyError(name)


def _mean(values: Iterable[float]) -> float | None:
    every = list(values)
    return sum(every) / len(every) if every else None


def _tags(window: Window) -> float | None:
    return float(sum(block.tags for block in window.blocks))


def _delays(window: Window, reach_ps: int) -> npt.NDArray[np.int64]:
    """Delays of the second channel's tags against the first's, within the reach, block by block."""
    found = [np.empty(0, np.int64)]
    for block in window.blocks:
        time_ps, channel = block.times()
        first, second = time_ps[channel == 0], time_ps[channel == 1]
        low, high = np.searchsorted(second, first - reach_ps), np.searchsorted(second, first + reach_ps)
        count = high - low
        index = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
        found.append(second[index] - np.repeat(first, count))
    return np.concatenate(found)


def _purity(window: Window) -> float | None:
    """Central over mean side peak, each one period wide; of continuous light, the dip over its surroundings."""
    period_ps = next((block.context.period_ps for block in window.blocks), None) or 10_000.0
    order = np.rint(_delays(window, int((_SIDES + 1) * period_ps)) / period_ps).astype(np.int64)
    side = np.count_nonzero((order != 0) & (np.abs(order) <= _SIDES)) / (2 * _SIDES)
    return float(np.count_nonzero(order == 0) / side) if side else None


def _bunching(window: Window) -> float | None:
    """Pairs at delays within 1.5 µs over those at 40 µs, side peaks and all; blinking raises it."""
    near = np.count_nonzero(np.abs(_delays(window, _NEAR_PS)) > _NEAR_PS // 10)
    shifted = 0
    for block in window.blocks:
        time_ps, channel = block.times()
        first, second = time_ps[channel == 0] + _FAR_PS, time_ps[channel == 1]
        shifted += int(
            (np.searchsorted(second, first + _NEAR_PS) - np.searchsorted(second, first - _NEAR_PS)).sum()
            - (np.searchsorted(second, first + _NEAR_PS // 10 + 1) - np.searchsorted(second, first - _NEAR_PS // 10)).sum()
        )
    return float(near / shifted) if shifted else None


def _crowded(window: Window) -> float | None:
    """Of each detector's gaps, the part below 1 µs: it rises with the flux, and the dead time shows as its edge."""
    close = total = 0
    for block in window.blocks:
        time_ps, channel = block.times()
        for number in (0, 1):
            gaps = np.diff(time_ps[channel == number])
            close += int(np.count_nonzero(gaps < _CROWDED_PS))
            total += gaps.size
    return close / total if total else None


def _tag_width(window: Window) -> float | None:
    """Circular standard deviation of the tags' phase in the excitation period, in ps."""
    period_ps = next((block.context.period_ps for block in window.blocks), None)
    if period_ps is None or not window.blocks:
        return None
    time_ps = np.concatenate([block.times()[0] for block in window.blocks])
    if not time_ps.size:
        return None
    length = abs(np.exp(2j * np.pi * (time_ps / period_ps % 1.0)).mean())
    return float(np.sqrt(-2 * np.log(length)) * period_ps / (2 * np.pi))


def _lost(window: Window) -> float | None:
    return float(sum(loss.tags or 0 for block in window.blocks for loss in block.context.losses))


def _heralds(window: Window) -> float | None:
    told = window.events(Heralds)
    return sum(len(one.latency_ns) for one in told) / window.seconds if told else None


def _latency(window: Window) -> float | None:
    return _mean(latency / 1e9 for one in window.events(Heralds) for latency in one.latency_ns)


def _outside(window: Window) -> float | None:
    return float(sum(one.outside_window for one in window.events(Heralds)))


def _swapped(window: Window) -> float | None:
    told = window.events(Swaps)
    attempts = sum(one.attempts for one in told)
    return sum(one.acknowledged for one in told) / attempts if attempts else None


def _of(kind: type[_Data], read: Callable[[_Data], float]) -> Gauge:
    """The mean of what is read off each measurement of a kind; NaN is nothing."""

    def mean(window: Window) -> float | None:
        values = [value for value in map(read, window.data(kind)) if value == value]  # noqa: PLR0124
        return _mean(values)

    return mean


def _fidelity(data: PauliCorrelations) -> float:
    total = 1.0
    for one in data.settings:
        counted = one.pp + one.mm + one.pm + one.mp
        if one.first != one.second or not counted:
            return nan
        total += (-1 if one.first == "Y" else 1) * (one.pp + one.mm - one.pm - one.mp) / counted
    return total / 4


def _quantile(axis: Iterable[float], counts: Iterable[int], part: float) -> float:
    x, n = np.array(list(axis)), np.array(list(counts))
    return float(np.interp(part * n.sum(), np.cumsum(n) - n / 2, x)) if n.sum() else nan


def _line_offset(data: EmissionSpectrum) -> float:
    return _quantile(data.offset_hz, data.counts, 0.5)


def _line_width(data: EmissionSpectrum) -> float:
    return _quantile(data.offset_hz, data.counts, 0.75) - _quantile(data.offset_hz, data.counts, 0.25)


def _arrival_width(data: DelayHistogram) -> float:
    """Between the first 2 and 10 %: the earliest arrivals tell of jitter, the later ones of the decay."""
    middles = np.arange(len(data.counts)) * data.bin_width_ps
    return _quantile(middles, data.counts, 0.1) - _quantile(middles, data.counts, 0.02)


def _absorption(data: ResonatorSweep) -> tuple[Floats, Floats]:
    """Frequencies and 1 - |S|²/baseline, the baseline from both ends of the sweep."""
    power = np.array(data.s_real) ** 2 + np.array(data.s_imag) ** 2
    edge = max(1, power.size // 20)
    base = np.median(np.concatenate([power[:edge], power[-edge:]]))
    return np.array(data.frequency_hz), 1 - power / base


def _is_bare(data: ResonatorSweep) -> bool:
    """Whether a sweep is of the resonator alone: those with the spin span more."""
    return data.frequency_hz[-1] - data.frequency_hz[0] < 2e7


def _resonance(data: ResonatorSweep) -> float:
    frequency_hz, absorbed = _absorption(data)
    weight = np.maximum(absorbed - 0.2, 0.0)
    return float((frequency_hz * weight).sum() / weight.sum()) if _is_bare(data) and weight.sum() else nan


def _linewidth(data: ResonatorSweep) -> float:
    """Area over height of the absorption."""
    frequency_hz, absorbed = _absorption(data)
    if not _is_bare(data):
        return nan
    return float(absorbed.sum() * (frequency_hz[1] - frequency_hz[0]) / np.sort(absorbed)[-5:].mean())


def _second_dip(data: ResonatorSweep) -> float:
    """Absorption between 1.5 and 2.5 MHz above the middle of the sweep."""
    frequency_hz, absorbed = _absorption(data)
    off = frequency_hz - (frequency_hz[0] + frequency_hz[-1]) / 2
    return float(absorbed[(off > 1.5e6) & (off < 2.5e6)].mean()) if _is_bare(data) else nan


def _signal(sequence: str) -> Gauge:
    """Mean distance of a sequence's populations from one half: what is left of its coherence."""

    def read(data: CoherenceDecay) -> float:
        if data.sequence != sequence:
            return nan
        return float(np.mean(np.abs(np.array(data.successes) / np.array(data.trials) - 0.5)))

    return _of(CoherenceDecay, read)


def _separation(data: ReadoutShots) -> float:
    ground, excited = np.array([data.ground_i, data.ground_q]), np.array([data.excited_i, data.excited_q])
    return float(np.linalg.norm(ground.mean(axis=1) - excited.mean(axis=1)))


def _brightness(data: DetectorCounts) -> float:
    dark = data.dark / data.dark_s * data.integration_s if data.dark_s else 0.0
    return (data.detected - dark) / data.triggers if data.triggers else nan


GAUGES: Mapping[str, Gauge] = {
    "tags.rate": lambda window: (_tags(window) or 0.0) / window.seconds if window.blocks else None,
    "tags.blocks": lambda window: float(len(window.blocks)),
    "tags.g2": _purity,
    "tags.bunching": _bunching,
    "tags.crowded": _crowded,
    "tags.arrival_width": _tag_width,
    "tags.lost": _lost,
    "telemetry.messages": lambda window: float(sum(isinstance(one.record, Telemetry) for one in window.records)),
    "events.heartbeats": lambda window: float(len(window.events(Heartbeat))),
    "events.herald_rate": _heralds,
    "events.latency": _latency,
    "events.outside": _outside,
    "events.swap_success": _swapped,
    "events.failures": lambda window: float(sum(not one.ok for one in window.events(Command))),
    "events.retries": lambda window: float(sum(one.tries - 1 for one in window.events(Command))),
    "measurements.hom": _of(HomScan, lambda data: 1 - data.parallel / data.perpendicular if data.perpendicular else nan),
    "measurements.fidelity": _of(PauliCorrelations, _fidelity),
    "measurements.brightness": _of(DetectorCounts, _brightness),
    "measurements.dark": _of(DetectorCounts, lambda data: data.dark / data.dark_s if data.dark_s else nan),
    "measurements.coupling": _of(PowerCheck, lambda data: (data.detected - data.dark) / data.efficiency / data.reference_photons),
    "measurements.line_offset": _of(EmissionSpectrum, _line_offset),
    "measurements.line_width": _of(EmissionSpectrum, _line_width),
    "measurements.arrival_width": _of(DelayHistogram, _arrival_width),
    "measurements.resonance": _of(ResonatorSweep, _resonance),
    "measurements.linewidth": _of(ResonatorSweep, _linewidth),
    "measurements.second_dip": _of(ResonatorSweep, _second_dip),
    "measurements.echo": _signal("echo"),
    "measurements.ramsey": _signal("ramsey"),
    "measurements.survival": _of(RandomizedBenchmarking, lambda data: sum(data.survivals) / sum(data.trials)),
    "measurements.separation": _of(ReadoutShots, _separation),
}
"""Every gauge by its name, but for those of single metrics of the telemetry."""

UNITS: Mapping[str, str] = {
    "tags.rate": "Hz",
    "tags.arrival_width": "ps",
    "tags.lost": "tags",
    "events.herald_rate": "Hz",
    "events.latency": "s",
    "measurements.dark": "Hz",
    "measurements.line_offset": "Hz",
    "measurements.line_width": "Hz",
    "measurements.arrival_width": "ps",
    "measurements.resonance": "Hz",
    "measurements.linewidth": "Hz",
}
