"""Arrivals after the pulses of a known period, in panes of live time: for sources whose excitation is not recorded itself.

Pulses stand at every multiple of the period since the run's origin. A tag belongs to the pane that holds its time.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from schemas.panes import Counts
from streams.kernels.fold import PulseTrain, count_phases
from streams.processors import tally
from streams.processors.delayed import Delays
from streams.processors.live_parts import LivePart
from streams.processors.tally import Tally, TallyState
from streams.segment import Segment

BINS = 256
"""To a period, at least: as many as make each a whole number of ps."""
MOST_BINS = 1 << 20
_MOST_NUMBER = 1 << 40
_NO_DELAYS = Delays()


@dataclass(frozen=True)
class ArrivalParameters:
    """Which detectors, after pulses of which period, in which bins.

    Raises:
        ValueError: no detector, no bin or too many, or a period that cannot be folded.
    """

    detectors: tuple[int, ...]
    period_ps: Fraction
    bin_width_ps: int

    def __post_init__(self) -> None:
        period = self.period_ps
        if not self.detectors or self.bin_width_ps < 1 or period < self.bin_width_ps:
            raise ValueError(f"arrivals at {self.detectors} in bins of {self.bin_width_ps} ps within {float(period)} ps: none")
        if max(period.numerator, self.bin_width_ps * period.denominator) > _MOST_NUMBER:
            raise ValueError(f"a period of {float(period)} ps with so many digits cannot be folded; round it")
        if self.train.rows * self.train.bins > MOST_BINS:
            raise ValueError(f"{self.train.bins} bins for each detector: at most {MOST_BINS} in all; widen the bins")

    @cached_property
    def train(self) -> PulseTrain:
        """For the kernel."""
        return PulseTrain.of(self.period_ps, self.bin_width_ps, self.detectors)


def arrival_parameters(detectors: tuple[int, ...], period_ps: float | None) -> ArrivalParameters | None:
    """The usual ones: ``BINS`` or a few more to a period. None where arrivals cannot be counted."""
    if period_ps is None or not detectors:
        return None
    try:
        return ArrivalParameters(detectors, Fraction(Decimal(repr(float(period_ps)))), max(1, int(period_ps // BINS)))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Counter:
    parameters: ArrivalParameters

    def nothing(self) -> Counts:
        return self.parameters.train.nothing().reshape(-1)

    def begin(self, start_ps: int) -> None:
        del start_ps

    def count(self, carry: None, segment: Segment, part: LivePart, totals: Counts) -> None:
        del carry
        train = self.parameters.train
        count_phases(*part.tags_of(segment), train, totals.reshape(train.rows, train.bins))


ArrivalState = TallyState[None]


def initial(parameters: ArrivalParameters) -> ArrivalState:
    """The state before anything was seen."""
    return tally.initial(_Counter(parameters))


def step(state: ArrivalState, segment: Segment, parameters: ArrivalParameters) -> tuple[ArrivalState, tuple[Tally, ...]]:
    """Count a segment; yield the panes that it closed. Raises as ``tally.step``."""
    return tally.step(state, segment, _Counter(parameters), _NO_DELAYS)


def close(state: ArrivalState, parameters: ArrivalParameters) -> tuple[Tally, ...]:
    """What is still open, as it stands. The state is spent."""
    return tally.close(state, _Counter(parameters), _NO_DELAYS)


def read(counted: Tally, parameters: ArrivalParameters) -> dict[int, Counts]:
    """The histogram of each detector: bin i holds [i, i + 1) bin widths after a pulse."""
    rows = counted.totals.reshape(parameters.train.rows, parameters.train.bins)
    return {detector: rows[place] for place, detector in enumerate(parameters.detectors)}
