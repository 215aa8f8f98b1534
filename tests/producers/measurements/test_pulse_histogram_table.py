"""Tables of arrivals after pulses."""

from pathlib import Path

import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.measurements import CoherenceDecay, PulseHistograms

TABLE = "# bin width (s): 1e-9\n#Signal (counts)\n" + "\n".join(
    "\t".join(str(10 * row + column) for column in range(6)) for row in range(3)
)


def read_of(tmp_path: Path, text: str, **options: str) -> PulseHistograms:
    path = tmp_path / "pulses.dat"
    path.write_text(text, encoding="utf-8")
    (data,) = read(choose(path, [CoherenceDecay, PulseHistograms]), path, options).data
    assert isinstance(data, PulseHistograms)
    return data


def test_columns_are_pulses_and_rows_are_bins(tmp_path: Path) -> None:
    data = read_of(tmp_path, TABLE, sequence="rabi", delay_first="10 ns", delay_step="5e-2us", bin_width="1ns")
    assert data.counts[2] == (2, 12, 22)
    assert data.delay_s == pytest.approx([1e-8 + 5e-8 * index for index in range(6)])
    assert data.bin_width_s == pytest.approx(1e-9)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "delay_first=10ns delay_step=50ns"),
        ({"delay_first": "10", "delay_step": "5ns"}, "delay_first=10 is no time"),
        ({"delay_first": "10 furlongs", "delay_step": "5ns"}, "no unit of time"),
        ({"delay_first": "10ns", "delay_step": "5ns"}, "say sequence="),
    ],
)
def test_what_the_table_does_not_say_must_be_told(tmp_path: Path, options: dict[str, str], why: str) -> None:
    with pytest.raises(MeasurementFileError, match=why):
        read_of(tmp_path, TABLE, **options)


def test_a_value_that_is_no_count_is_refused(tmp_path: Path) -> None:
    text = "\n".join(" ".join(["1"] * 6) for _ in range(40)) + "\n1 1 1.5 1 1 1\n"
    with pytest.raises(MeasurementFileError, match=r"column 2, row 40: 1\.5 is no count"):
        read_of(tmp_path, text, sequence="rabi", delay_first="10ns", delay_step="5ns")
