"""Hong-Ou-Mandel counts: two photons of one emitter at a beam splitter, made alike or told apart."""

import msgspec
import numpy as np

from producers.errors import SourceError
from producers.plan import Plan
from producers.sources.interference import coincidence_probability
from schemas.measurements import HomScan


class Interferometer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``overlap`` of the wave packets that meet; ``contrast`` (1 - ε) of the interferometer; its last beam splitter."""

    overlap: float = 0.92
    contrast: float = 0.99
    reflectivity: float = 0.5

    def __post_init__(self) -> None:
        if not (0 <= self.overlap <= 1 and 0 <= self.contrast <= 1 and 0 < self.reflectivity < 1):
            raise SourceError(f"{self}: overlap and contrast must lie in [0, 1], reflectivity inside (0, 1)")

    def coincidences(self, g2: float, *, alike: bool) -> float:
        """For each pair that meets: R² + T² - 2·R·T·overlap·contrast², and 2·R·T·g2 of two photons that came together.

        Pairs of one pulse in one arm are as frequent as g2 times those of two pulses in two.
        """
        both = 2 * self.reflectivity * (1 - self.reflectivity)
        overlap = self.overlap * self.contrast**2 if alike else 0.0
        return coincidence_probability(self.reflectivity, overlap) + both * g2


class Hom(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hom-scan"):
    """``pairs`` meet on average in each half of a scan, of a source as bright as the fleet file says."""

    pairs: float = 4_000.0


def scanned(interferometer: Interferometer, g2: float, pairs: float, random: np.random.Generator) -> HomScan:
    """One scan of a source of purity ``g2``; ``pairs`` is the mean number that meets in each half."""
    return HomScan(
        parallel=int(random.poisson(pairs * interferometer.coincidences(g2, alike=True))),
        perpendicular=int(random.poisson(pairs * interferometer.coincidences(g2, alike=False))),
        reflectivity=interferometer.reflectivity,
        transmissivity=1 - interferometer.reflectivity,
        contrast=interferometer.contrast,
        g2=g2,
    )
