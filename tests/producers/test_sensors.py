"""Readings: of every part that is there, in SI, scattered as the sensor is."""

import numpy as np
import pytest
from msgspec.structs import replace

from producers.apparatus import Apparatus, Cryostat, Laser
from producers.entanglement.link import Link
from producers.optics.coupling import Optics
from producers.sensors import SENSORS, readings, sensors_of

DEVICE = Apparatus(cryostat=Cryostat(temperature_k=4.2), laser=Laser(jitter_ps=50), optics=Optics(coupling=0.4), link=Link())


def test_each_part_has_its_sensors() -> None:
    metrics = {sensor.metric for sensor in sensors_of(DEVICE)}
    assert {"cryostat.temperature", "laser.jitter", "fibre.transmission", "link.loss", "clock.offset"} <= metrics
    assert not {"spin.field_noise", "repeater.mistiming"} & metrics
    assert {sensor.metric for sensor in sensors_of(DEVICE, of_link=True)} == {"link.loss", "link.dark_rate"}
    assert len({sensor.metric for sensor in SENSORS}) == len(SENSORS)


def test_readings_scatter_around_the_truth_in_si() -> None:
    random, sensors = np.random.default_rng(1), sensors_of(DEVICE)
    rounds = [{one.metric: one.value for one in readings(sensors, DEVICE, random)} for _ in range(2000)]
    for metric, truth, spread in (
        ("cryostat.temperature", 4.2, 2e-4 + 5e-4 * 4.2),
        ("laser.jitter", 50e-12, 2.5e-12),
        ("fibre.transmission", 0.4, 0.004),
    ):
        values = np.array([one[metric] for one in rounds], float)
        assert values.mean() == pytest.approx(truth, abs=4 * spread / 2000**0.5)
        assert values.std() == pytest.approx(spread, rel=0.1)
    assert min(one["control.pulse_jitter"] or 0 for one in rounds) == 0


def test_a_part_that_is_gone_is_not_read() -> None:
    sensors = sensors_of(DEVICE)
    read = readings(sensors, replace(DEVICE, laser=None), np.random.default_rng(1))
    assert not any(one.metric.startswith("laser") for one in read)
