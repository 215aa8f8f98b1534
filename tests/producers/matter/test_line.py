"""Spectra: where the line is, how wide, and how much of it the window holds."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.matter.line import Line, Spectrum, spectrum
from schemas.measurements import EmissionSpectrum
from tests.producers.sources.oracles import SEEDS, covers


def part_within(data: EmissionSpectrum, half_hz: float, around_hz: float = 0.0) -> tuple[int, int]:
    offset, counts = np.array(data.offset_hz), np.array(data.counts)
    return int(counts[np.abs(offset - around_hz) < half_hz].sum()), int(counts.sum())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "resolution_hz", "part"),
    [
        (Line(width_hz=4e8, diffusion_hz=0), 0.0, 0.5),
        (Line(width_hz=1.0, diffusion_hz=3e8), math.sqrt(7) * 1e8, math.erf(math.sqrt(math.log(2)))),
    ],
)
def test_half_maximum_holds_its_part_twenty_seeds(line: Line, resolution_hz: float, part: float) -> None:
    """Half of a Lorentzian lies within its FWHM, and 76 % of a Gaussian, whose widths add in quadrature (3² + 7 = 4²)."""
    plan = Spectrum(photons=5_000, span_hz=8e12, points=40_000, resolution_hz=resolution_hz)
    values, errors = [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            inside, every = part_within(spectrum(line, plan, random), 2e8)
            values.append(inside / every)
            errors.append(math.sqrt(part * (1 - part) / every))
    covers(values, errors, part)


def test_the_line_lies_at_its_offset_twenty_seeds() -> None:
    """The median of a Lorentzian scatters by π/2·HWHM/√n."""
    line = Line(offset_hz=3e9, width_hz=4e8, diffusion_hz=0)
    values, errors = [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            data = spectrum(line, Spectrum(photons=2_000, span_hz=1e11, points=20_000, resolution_hz=0.0), random)
            offset, counts = np.array(data.offset_hz), np.array(data.counts)
            near = np.abs(offset - 3e9) < 2e10
            values.append(np.median(np.repeat(offset[near], counts[near])))
            errors.append(math.pi / 2 * 2e8 / math.sqrt(counts[near].sum()))
    covers(values, errors, 3e9)


def test_axis_and_reference() -> None:
    data = spectrum(Line(), Spectrum(photons=100, span_hz=1e9, points=4, resolution_hz=1e7), np.random.default_rng(1))
    assert data.offset_hz == (-3.75e8, -1.25e8, 1.25e8, 3.75e8)
    assert (data.reference_hz, data.resolution_hz) == (3.2e14, 1e7)


def test_impossible_lines_are_refused() -> None:
    with pytest.raises(SourceError):
        Line(width_hz=0)
    with pytest.raises(SourceError):
        Line(diffusion_hz=-1)
