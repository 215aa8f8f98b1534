"""Numbers by their paths."""

import pytest

from producers.apparatus import Apparatus, Cryostat, changed, has, value_at
from producers.errors import FleetError, SourceError
from producers.optics.coupling import Optics
from producers.sources import Detection, PulsedParameters
from producers.tagger import Tagger

DEVICE = Apparatus(
    source=PulsedParameters(rate_hz=1e5, detection=Detection(background_hz=(10.0, 30.0))),
    cryostat=Cryostat(),
    optics=Optics(coupling=0.4),
)


def test_what_is_there_and_what_is_not() -> None:
    assert has(DEVICE, "source.g2")
    assert has(DEVICE, "source.detection.background_hz")
    for path in ("source", "source.model", "laser.jitter_ps", "source.g2.x", "optics.transmission", "nothing"):
        assert not has(DEVICE, path), path
    assert value_at(DEVICE, "source.detection.background_hz") == 20
    assert value_at(DEVICE, "optics.transmission") == 0.4
    assert value_at(DEVICE, "laser.jitter_ps") is None


def test_changes_of_several_numbers_at_once() -> None:
    after = changed(
        DEVICE,
        {
            "source.rate_hz": lambda value: value * 2,
            "source.detection.background_hz": lambda value: value + 5,
            "tagger.buffer_tags": lambda value: value / 3,
        },
    )
    assert (after.source.rate_hz, after.source.detection.background_hz) == (2e5, (15.0, 35.0))  # type: ignore[union-attr]
    assert after.tagger == Tagger(buffer_tags=333_333)
    assert after.cryostat is DEVICE.cryostat
    assert changed(DEVICE, {}) == DEVICE


def test_what_cannot_be_changed_is_refused() -> None:
    for path in ("laser.jitter_ps", "source.warp", "source.detection", "source.g2.x"):
        with pytest.raises(FleetError, match=r"no (number|part)"):
            changed(DEVICE, {path: float})
    with pytest.raises(SourceError):
        changed(DEVICE, {"cryostat.temperature_k": lambda _: -1.0})
