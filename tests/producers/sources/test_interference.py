"""Two-photon interference against the arithmetic of its five peaks."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.sources import Detection, InterferenceParameters, InterferenceSource
from tests.producers.sources.oracles import SECOND_PS, SEEDS, covers, pairs


@pytest.mark.parametrize("overlap", [0.0, 0.9])
def test_peaks_twenty_seeds(overlap: float) -> None:
    """Central, next and far peaks: of m photons a pulse, m²/4 pairs of pulses meet in each of the ways that lead to a peak."""
    parameters = InterferenceParameters(
        rate_hz=8e6, g2=0.05, overlap=overlap, contrast=0.98, reflectivity=0.46, detection=Detection(efficiency=(0.5, 0.7))
    )
    reflected, passed = 0.46, 0.54
    mean, both = 8e6 * 12_500e-12, 0.5 * 0.7
    # From each arm one: they interfere. Two of one pulse in one arm: each takes its own way.
    meet = mean**2 / 4 * (reflected**2 + passed**2 - 2 * reflected * passed * overlap * 0.98**2)
    central = meet + 0.05 * mean**2 / 4 * 2 * reflected * passed
    # Pairs of tags (slot k at output 0, slot k + n at output 1): photons are short and reflected, or long and passed, at 1.
    out = {
        (way, output): (reflected if (way == "short") == (output == 1) else passed) / 2
        for way in ("short", "long")
        for output in (0, 1)
    }
    far = mean**2 * sum(out[a, 0] * out[b, 1] for a in ("short", "long") for b in ("short", "long"))
    # One period apart, slots share a pulse: its photon in the short and in the long way are then two photons of one pulse.
    later = far - (1 - 0.05) * mean**2 * out["short", 0] * out["long", 1]
    sooner = far - (1 - 0.05) * mean**2 * out["long", 0] * out["short", 1]
    pulses = SECOND_PS // 100 / 12_500
    found: dict[int, list[int]] = {0: [], 1: [], -1: [], 5: []}
    for seed in SEEDS:
        source = InterferenceSource(parameters, seed)
        for _ in range(10):
            order = np.rint(pairs(*source.advance(SECOND_PS // 100), 6 * 12_500) / 12_500).astype(int)
            for peak, counts in found.items():
                counts.append(int(np.count_nonzero(order == peak)))
    for peak, probability in ((0, central), (1, later), (-1, sooner), (5, far)):
        expected = probability * both * pulses
        covers(found[peak], math.sqrt(expected), expected)


def test_visibility_is_the_overlap() -> None:
    """V = 1 - C∥/C⊥ of pure photons on a symmetric beam splitter."""
    central = {}
    for overlap in (0.0, 0.8, 1.0):
        source = InterferenceSource(InterferenceParameters(rate_hz=4e6, overlap=overlap), 5)
        order = np.rint(pairs(*source.advance(SECOND_PS // 5), 2 * 12_500) / 12_500).astype(int)
        central[overlap] = int(np.count_nonzero(order == 0))
    assert 1 - central[0.8] / central[0.0] == pytest.approx(0.8, abs=0.03)
    assert central[1.0] == 0


@pytest.mark.parametrize(
    "changes", [{"overlap": 1.1}, {"contrast": -0.1}, {"reflectivity": 1.0}, {"rate_hz": -1.0}, {"rate_hz": 1e9}]
)
def test_impossible_sources_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        InterferenceParameters(**{"rate_hz": 1e6, **changes})  # type: ignore[arg-type]
