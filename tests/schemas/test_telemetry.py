"""Telemetry: a reading has a value exactly when it could be taken."""

import msgspec
import pytest

from schemas.ids import DeviceId
from schemas.telemetry import Reading, ReadingState, Telemetry


def test_comes_back_as_it_was() -> None:
    telemetry = Telemetry(
        device=DeviceId("sps-1"),
        source="probe",
        unix_ns=5,
        readings=(
            Reading(metric="cryostat.temperature", unit="K", value=4.2),
            Reading(metric="laser.power", unit="W", value=None, state=ReadingState.TIMEOUT, detail="no answer within 2 s"),
        ),
    )
    assert msgspec.json.decode(msgspec.json.encode(telemetry), type=Telemetry) == telemetry


@pytest.mark.parametrize(
    "text",
    [
        b'{"metric":"cryostat.temperature","unit":"K","value":null}',
        b'{"metric":"cryostat.temperature","unit":"K","value":4.2,"state":"timeout"}',
    ],
)
def test_a_value_without_a_reading_or_the_reverse_is_refused(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match="exactly when its state is ok"):
        msgspec.json.decode(text, type=Reading)
