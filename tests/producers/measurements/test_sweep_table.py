"""Tables of sweeps: columns, number formats and units by name or as told."""

from pathlib import Path

import numpy as np
import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.measurements import ResonatorSweep


def swept(tmp_path: Path, text: str, **options: str) -> ResonatorSweep:
    path = tmp_path / "sweep.csv"
    path.write_text(text, encoding="utf-8")
    (sweep,) = read(choose(path, [ResonatorSweep]), path, {"geometry": "notch", **options}).data
    assert isinstance(sweep, ResonatorSweep)
    return sweep


@pytest.mark.parametrize(
    ("header", "row", "options"),
    [
        ("Frequency (GHz)\tI\tQ", "6\t0\t0.5", {}),
        ("freq_mhz,s21_re,s21_im", "6000,0,0.5", {}),
        ("f_Hz;magnitude;phase_deg", "6e9;0.5;90", {}),
        ("f [GHz],S21 [dB],angle", "6,-6.020599913,90", {}),
        ("# made by hand", "6,0.5,90\n7,0.5,90\n8,0.5,90", {"frequency_unit": "ghz", "number_format": "MA"}),
        ("im,re,at", "0.5,0,6", {"frequency_column": "at", "value_columns": "re,im", "frequency_unit": "GHz"}),
    ],
)
def test_columns_units_and_formats(tmp_path: Path, header: str, row: str, options: dict[str, str]) -> None:
    sweep = swept(tmp_path, f"{header}\n{row}\n", **options)
    assert sweep.frequency_hz[0] == pytest.approx(6e9)
    assert complex(sweep.s_real[0], sweep.s_imag[0]) == pytest.approx(0.5j, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("f,re,im\n6,0,0.5\n", {}, "name no unit"),
        ("Frequency (GHz),I,Q\n8170880000,0,1\n", {}, r"8.2e\+18 Hz.*frequency_unit=Hz"),
        ("f_ghz,re,im\n6,0,0.5\n", {"value_columns": "1"}, "a complex value has two"),
        ("f_ghz,mag,phase_rad\n6,0,0.5\n", {}, "radians"),
        ("f_ghz,re,im\n6,0,0.5\n6,0,0.5\n", {}, "not above the one before"),
        ("f_ghz,re,im\n6,0,inf\n", {}, "inf"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_cure(tmp_path: Path, text: str, options: dict[str, str], why: str) -> None:
    with pytest.raises(MeasurementFileError, match=why):
        swept(tmp_path, text, **options)


def test_the_highest_and_the_lowest_frequency_of_a_told_unit(tmp_path: Path) -> None:
    sweep = swept(tmp_path, "f,re,im\n" + "\n".join(f"{at:.6f},0,1" for at in np.linspace(193, 194, 5)), frequency_unit="THz")
    assert sweep.frequency_hz[0] == pytest.approx(193e12)
