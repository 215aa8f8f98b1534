"""Tables of spectra in every unit that spectrometers write."""

from pathlib import Path

import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.measurements import EmissionSpectrum


def spectra_of(tmp_path: Path, text: str, **options: str) -> list[EmissionSpectrum]:
    path = tmp_path / "spectrum.csv"
    path.write_text(text, encoding="utf-8")
    found = read(choose(path, [EmissionSpectrum]), path, options).data
    assert all(isinstance(one, EmissionSpectrum) for one in found)
    return list(found)  # type: ignore[arg-type]


FREQUENCIES_HZ = (3.2e14, 3.20001e14, 3.20002e14)


@pytest.mark.parametrize(
    ("header", "axis", "options", "resolution_hz"),
    [
        ("frequency_THz,counts", [each / 1e12 for each in FREQUENCIES_HZ], {"resolution": "0.0005"}, 5e8),
        ("Wavelength (nm),counts", [299_792_458e9 / each for each in FREQUENCIES_HZ], {"resolution": "0.001"}, 341.6e6),
        ("E eV,n", [6.62607015e-34 / 1.602176634e-19 * each for each in FREQUENCIES_HZ], {}, 0.0),
        ("x,n", [-1, 0, 1], {"axis_unit": "GHz", "reference_hz": "3.20001e14"}, 0.0),
    ],
)
def test_units(tmp_path: Path, header: str, axis: list[float], options: dict[str, str], resolution_hz: float) -> None:
    rows = "\n".join(f"{place:.12g},{count}" for place, count in zip(axis, (5, 9, 4), strict=True))
    (spectrum,) = spectra_of(tmp_path, f"{header}\n{rows}\n", **options)
    assert spectrum.reference_hz == pytest.approx(3.20001e14, rel=1e-9)
    assert spectrum.offset_hz == pytest.approx((-1e9, 0, 1e9), abs=1e5)
    assert spectrum.counts == (5, 9, 4)
    assert spectrum.resolution_hz == pytest.approx(resolution_hz, rel=1e-3)


def test_several_columns_are_several_spectra_and_a_camera_has_a_scale(tmp_path: Path) -> None:
    several = spectra_of(tmp_path, "f_GHz,a,b\n1,1,2\n2,3,4\n")
    assert [one.counts for one in several] == [(1, 3), (2, 4)]
    (scaled,) = spectra_of(tmp_path, "f_GHz,a,b\n1,0.5,2\n2,1.5,4\n", count_columns="a", counts_per_unit="2")
    assert scaled.counts == (1, 3)


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("f,n\n1,1\n2,1\n", {}, "names no unit"),
        ("f,n\n1,1\n2,1\n", {"axis_unit": "parsec"}, "no unit of a spectrum"),
        ("f_GHz,n\n1,1\n3,1\n2,1\n", {}, "neither ascends nor descends"),
        ("f_GHz,n\n1,1.5\n2,1\n", {}, "is no count"),
        ("f_GHz,n\n1,-1\n2,1\n", {}, "is no count"),
        ("f_GHz\n1\n2\n", {}, "no column of counts"),
        ("w_nm,n\n0,1\n900,1\n", {}, "above 0"),
        ("f_GHz,n\n1,1\n2,1\n", {"resolution": "-1"}, "below 0"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_cure(tmp_path: Path, text: str, options: dict[str, str], why: str) -> None:
    with pytest.raises(MeasurementFileError, match=why):
        spectra_of(tmp_path, text, **options)
