"""What instruments read of a device's parts: the sensors, and one round of readings."""

from dataclasses import dataclass

import numpy as np

from producers.apparatus import Apparatus, value_at
from schemas.telemetry import Reading


@dataclass(frozen=True, slots=True)
class Sensor:
    """A metric of one number, times ``scale`` into SI, read with Gaussian noise: ``noise`` in SI, ``relative`` to the value."""

    metric: str
    unit: str
    path: str
    scale: float = 1.0
    noise: float = 0.0
    relative: float = 0.0
    lowest: float | None = None


SENSORS = (
    Sensor("cryostat.temperature", "K", "cryostat.temperature_k", noise=2e-4, relative=5e-4, lowest=0.0),
    Sensor("cryostat.set_point", "K", "cryostat.set_point_k"),
    Sensor("cryostat.vibration", "m", "cryostat.vibration_m", relative=0.05, lowest=0.0),
    Sensor("cryostat.pressure", "Pa", "cryostat.pressure_pa", relative=0.03, lowest=0.0),
    Sensor("laser.frequency_offset", "Hz", "laser.frequency_offset_hz", noise=2e6),
    Sensor("laser.power", "W", "laser.power_w", relative=0.003, lowest=0.0),
    Sensor("laser.jitter", "s", "laser.jitter_ps", scale=1e-12, relative=0.05, lowest=0.0),
    Sensor("laser.locked", "1", "laser.locked", noise=0.01),
    Sensor("line.frequency_offset", "Hz", "line.offset_hz", noise=1e7),
    Sensor("actuator.position", "m", "optics.misalignment_m", noise=2e-8),
    Sensor("fibre.transmission", "1", "optics.transmission", relative=0.01, lowest=0.0),
    Sensor("detector.dark_rate", "Hz", "source.detection.background_hz", relative=0.05, lowest=0.0),
    Sensor("detector.dead_time", "s", "source.detection.dead_time_ps", scale=1e-12, relative=0.02, lowest=0.0),
    Sensor("spin.field_noise", "T", "spin.noise_hz", scale=1 / 28e9, noise=2e-9, lowest=0.0),
    Sensor("readout.drive", "1", "readout.drive", relative=0.005, lowest=0.0),
    Sensor("control.pulse_jitter", "s", "control.pulse_jitter_s", noise=2e-12, lowest=0.0),
    Sensor("clock.offset", "s", "clock.offset_ps", scale=1e-12, noise=2e-10),
    Sensor("tagger.stalls", "Hz", "tagger.stall_hz", noise=0.002, lowest=0.0),
    Sensor("link.loss", "dB", "link.loss_db", noise=0.03),
    Sensor("link.dark_rate", "Hz", "link.dark_hz", relative=0.05, lowest=0.0),
    Sensor("repeater.mistiming", "s", "repeater.mistiming_s", noise=2e-11),
)
"""In the order in which they are read."""
_OF_LINKS = ("link.", "repeater.")


def sensors_of(apparatus: Apparatus, *, of_link: bool = False) -> tuple[Sensor, ...]:
    """Those whose part it has. Of a link, those of the link alone: clock, tagger and control are its device's."""
    return tuple(
        sensor
        for sensor in SENSORS
        if value_at(apparatus, sensor.path) is not None and (not of_link or sensor.path.startswith(_OF_LINKS))
    )


def readings(sensors: tuple[Sensor, ...], apparatus: Apparatus, random: np.random.Generator) -> tuple[Reading, ...]:
    """One round."""
    noise = random.standard_normal(len(sensors)).tolist()
    return tuple(
        _reading(sensor, number, push)
        for sensor, push in zip(sensors, noise, strict=True)
        if (number := value_at(apparatus, sensor.path)) is not None
    )


def _reading(sensor: Sensor, number: float, push: float) -> Reading:
    true = number * sensor.scale
    value = true + push * (sensor.noise + sensor.relative * abs(true))
    if sensor.lowest is not None:
        value = max(sensor.lowest, value)
    return Reading(metric=sensor.metric, unit=sensor.unit, value=value)
