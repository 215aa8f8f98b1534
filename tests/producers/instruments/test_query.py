"""No text that could change an instrument can be configured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.errors import InstrumentError
from producers.instruments.profile import shipped_profiles
from producers.instruments.query import QUESTIONS_WITHOUT_MARK, Query

WRITES = [
    "*RST", "*CLS", "*SAV 1", "*TRG", "OUTP ON", ":SOUR:VOLT 3", "SETP 1,4.2", "RANGE 1,3", "INIT", ":INIT:CONT ON",
    "KRDG? A;SETP 1,300", "SETP 1,300;KRDG? A", "KRDG? A\nSETP 1,300", "KRDG? A\r\n*RST", "*IDN?;*RST", "*TST?",
    ":INIT?", "LERR?", ":CAL:ALL?", "CAL?", "FREQ 1e9", "", "?", " *IDN?", "*IDN? ", "*IDN??", "SYST:COMM:GPIB:ADDR 3",
    "PRESET", "DLAY 2,0,1e-6", "MEAS:VOLT 3?", "VOLT 3;?", "VOLT=3?", "VOLT 3\0?", "(param-set! 'x 1)?",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITES, ids=repr)
def test_writes_are_refused(text: str) -> None:
    with pytest.raises(InstrumentError):
        Query(text)


@pytest.mark.parametrize("text", ["*IDN?", "KRDG? A", ":FETC:FREQ?", "DLAY? 2", "SENS1:FREQ:STAR?", "INPU1:COUN?", "QA"])
def test_questions_pass(text: str) -> None:
    assert Query(text) == text


@given(st.text(max_size=40))
def test_whatever_passes_is_one_question(text: str) -> None:
    try:
        Query(text)
    except InstrumentError:
        return
    assert text in QUESTIONS_WITHOUT_MARK or text.partition(" ")[0].endswith("?")
    assert not set(text) & set(";\n\r\0='\"()")


def test_every_shipped_profile_only_asks() -> None:
    profiles = shipped_profiles()
    assert len(profiles) >= 14
    for profile in profiles.values():
        for probe in profile.probes:
            if profile.transport in {"visa", "zmq"}:
                Query(probe.query)
