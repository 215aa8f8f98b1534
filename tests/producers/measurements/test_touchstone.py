"""Touchstone: every number format, unit and number of ports; what is damaged or cannot be is refused with its cure."""

from pathlib import Path

import numpy as np
import pytest

from producers.errors import MeasurementFileError
from producers.measurements import touchstone
from producers.measurements.registry import choose, read
from schemas.measurements import ResonatorSweep

VALUE = 0.5 * np.exp(1j * np.deg2rad(30))
PAIRS = {
    "RI": (VALUE.real, VALUE.imag),
    "MA": (0.5, 30.0),
    "DB": (20 * np.log10(0.5), 30.0),
}
UNITS = {"Hz": 1.0, "kHz": 1e3, "MHZ": 1e6, "ghz": 1e9}


def written(tmp_path: Path, text: str, name: str = "sweep.s2p") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def swept(path: Path, **options: str) -> ResonatorSweep:
    content = read(choose(path, [ResonatorSweep]), path, options)
    (sweep,) = content.data
    assert isinstance(sweep, ResonatorSweep)
    return sweep


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("number_format", PAIRS)
def test_formats_and_units(tmp_path: Path, unit: str, number_format: str) -> None:
    first, second = PAIRS[number_format]
    rows = "\n".join(f"{at} 9 9 {first:.9f} {second:.9f} 8 8 7 7 ! S21" for at in (1, 2, 3))
    sweep = swept(written(tmp_path, f"! made\n# {unit} S {number_format} R 50\n\n{rows}\n"), geometry="notch")
    assert sweep.frequency_hz == pytest.approx([at * UNITS[unit] for at in (1, 2, 3)])
    assert np.array(sweep.s_real) + 1j * np.array(sweep.s_imag) == pytest.approx([VALUE] * 3, abs=1e-8)


def test_the_option_line_has_defaults_and_any_order(tmp_path: Path) -> None:
    rows = "\n".join(f"{at} 0.5 30" for at in (1, 2))
    assert swept(written(tmp_path, f"# R 75 ma GHZ\n{rows}", "a.s1p")).frequency_hz == (1e9, 2e9)
    assert swept(written(tmp_path, f"#  MHz  S  MA\n{rows}", "b.s1p")).geometry == "reflection"


@pytest.mark.parametrize(("name", "value"), [("S11", 11), ("s21", 21), ("S12", 12), ("S22", 22)])
def test_two_ports_stand_column_by_column(tmp_path: Path, name: str, value: int) -> None:
    path = written(tmp_path, "# Hz S RI R 50\n1 11 0 21 0 12 0 22 0\n2 11 0 21 0 12 0 22 0\n")
    assert swept(path, parameter=name, geometry="notch").s_real == (value, value)


def test_three_ports_stand_row_by_row_over_several_lines(tmp_path: Path) -> None:
    record = "{} 11 0 12 0 13 0\n 21 0 22 0 23 0\n 31 0 32 0 33 0\n"
    path = written(tmp_path, "# Hz S RI R 50\n" + record.format(1) + record.format(2), "x.s3p")
    assert swept(path, parameter="S32", geometry="transmission").s_real == (32, 32)
    assert swept(path, parameter="S33").geometry == "reflection"


def test_noise_parameters_are_left_out(tmp_path: Path) -> None:
    path = written(
        tmp_path, "# GHz S RI R 50\n2 1 0 .5 0 0 0 0 0\n22 1 0 .5 0 0 0 0 0\n! noise\n4 .7 .64 69 .38\n18 2.7 .46 -33 .4\n"
    )
    assert len(swept(path, geometry="notch").frequency_hz) == 2


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("# GHz S RI R 50\n1 1 0 1 0 1 0 1 0\n", {}, "say geometry=notch"),
        ("# GHz S RI R 50\n8e9 1 0 1 0 1 0 1 0\n9e9 1 0 1 0 1 0 1 0\n", {"geometry": "notch"}, "frequency_unit=Hz"),
        ("# GHz Z RI R 50\n1 1 0 1 0 1 0 1 0\n", {}, "convert them to S-parameters"),
        ("# GHz S XY R 50\n1 1 0 1 0 1 0 1 0\n", {}, "“xy” in the option line"),
        ("# GHz S RI R 50\n1 1 0 1 0 1 0 1\n", {}, "line 2 has 8 numbers"),
        ("# GHz S RI R 50\n1 1 0 1 0 1 0 1 zero\n", {}, "line 2 holds something that is no number"),
        ("# GHz S RI R 50\n1 1 0 nan 0 1 0 1 0\n", {}, "record 0, number 3 is nan"),
        ("# GHz S RI R 50\n2 1 0 1 0 1 0 1 0\n1 1 0 1 0 1 0 1 0\n", {"geometry": "notch"}, "not above the one before"),
        ("# GHz S RI R 50\n0 1 0 1 0 1 0 1 0\n", {"geometry": "notch"}, "above 0"),
        ("# GHz S RI R 50\n", {}, "no data"),
        ("[Version] 2.0\n# GHz S RI R 50\n", {}, "version 2"),
        ("# GHz S RI R 50\n1 1 0 1 0 1 0 1 0\n", {"parameter": "S31"}, "a file of 2 ports"),
        ("# GHz S RI R 50\n1 1 0 1 0 1 0 1 0\n", {"parameter": "gain"}, "no S-parameter"),
        ("# GHz S RI R 50\n1 1 0 1 0 1 0 1 0\n", {"geometry": "notch", "frequency_unit": "m"}, "no unit of frequency"),
        ("# GHz S RI R 50\n1 1 0 1 0 1 0 1 0\n", {"geometry": "sideways"}, "options of touchstone"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_cure(tmp_path: Path, text: str, options: dict[str, str], why: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(MeasurementFileError, match=why):
        read(touchstone.READER, path, options)


def test_ports_by_the_first_line_where_the_name_does_not_say(tmp_path: Path) -> None:
    path = written(tmp_path, "# Hz S RI R 50\n1 1 0 2 0 1 0 1 0\n2 1 0 2 0 1 0 1 0\n", "sweep.txt")
    assert swept(path, geometry="notch").s_real == (2, 2)
    with pytest.raises(MeasurementFileError, match="how many ports"):
        swept(written(tmp_path, "# Hz S RI R 50\n1 1 0 2 0\n", "odd.txt"), geometry="notch")
