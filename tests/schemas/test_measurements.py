"""Measurements: what contradicts itself is refused where it is read, and bytes come back as they were."""

import msgspec
import pytest

from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import (
    BasisCounts,
    CoherenceDecay,
    Data,
    DelayHistogram,
    EmissionSpectrum,
    HomScan,
    Measurement,
    PauliCorrelations,
    RandomizedBenchmarking,
    ReadoutShots,
    ResonatorSweep,
    SiftedBits,
)

GOOD: tuple[Data, ...] = (
    ResonatorSweep(geometry="notch", frequency_hz=(5e9, 5.1e9), s_real=(1.0, 0.5), s_imag=(0.0, -0.5)),
    DelayHistogram(of="coincidences", start_ps=-200.0, bin_width_ps=100.0, counts=(1, 0, 2, 4), integration_s=10.0),
    HomScan(parallel=12, perpendicular=120),
    PauliCorrelations(settings=(BasisCounts(first="Z", second="Z", pp=40, pm=1, mp=2, mm=39),)),
    SiftedBits(sifted_z=100, errors_z=2, sifted_x=100, errors_x=3),
    CoherenceDecay(sequence="ramsey", delay_s=(0.0, 1e-6), successes=(99, 50), trials=(100, 100)),
    CoherenceDecay(sequence="rabi", delay_s=(0.0, 1e-6), signal=(1.0, 0.7)),
    RandomizedBenchmarking(length=(1, 8), survivals=(99, 90), trials=(100, 100)),
    ReadoutShots(ground_i=(0.1,), ground_q=(0.0,), excited_i=(1.1, 0.9), excited_q=(0.1, 0.0)),
    EmissionSpectrum(reference_hz=3.2e14, offset_hz=(-1e6, 0.0, 1e6), counts=(1, 9, 2)),
)


@pytest.mark.parametrize("data", GOOD, ids=lambda data: type(data).__name__)
def test_comes_back_as_it_was(data: Data) -> None:
    measurement = Measurement(
        subject=SubjectId("spc-1"), device=DeviceId("spc-1"), run=RunId("r"), start_unix_ns=1, end_unix_ns=2, data=data
    )
    assert msgspec.json.decode(msgspec.json.encode(measurement), type=Measurement) == measurement


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"kind":"resonator-sweep","geometry":"notch","frequency_hz":[2,1],"s_real":[1,1],"s_imag":[0,0]}', "not above 2"),
        (b'{"kind":"resonator-sweep","geometry":"notch","frequency_hz":[1,2],"s_real":[1],"s_imag":[0,0]}', "different lengths"),
        (b'{"kind":"hom-scan","parallel":-1,"perpendicular":3}', "not below 0"),
        (b'{"kind":"sifted-bits","sifted_z":1,"errors_z":2,"sifted_x":1,"errors_x":0}', "2 of 1"),
        (b'{"kind":"coherence-decay","sequence":"echo","delay_s":[1]}', "either successes of trials or a signal"),
        (b'{"kind":"delay-histogram","of":"arrivals","start_ps":0,"bin_width_ps":0,"counts":[],"integration_s":1}', "above 0"),
        (b'{"kind":"poem"}', "poem"),
    ],
)
def test_a_contradiction_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=reason):
        msgspec.json.decode(text, type=Data)
