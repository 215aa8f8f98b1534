"""How two nodes' clocks are compared."""

from dataclasses import dataclass
from math import ceil
from typing import Self

from streams.errors import AnalysisError

MOST_FREQUENCY = 2e-5
_SHORTEST_PS, _LONGEST_PS = 10**9, 10**12
_WIDEST_PS = 10**7
_MOST_BINS = 1 << 24
_MOST_BLUR_PS = 1 << 28
_MOST_TICKS_HELD = 10_000
_COARSE_BINS_PS = (2_000_000, 4_000_000, 10_000_000, 20_000_000, 40_000_000)  # divisors of the usual tick
_CLOSE_TAGS = 5_000  # of the dimmer node that a close look wants
_CLOSE_STRETCH = 8
_CLOSE_PAIRS = 50_000_000
_CLOSE_ROWS = 200  # bins that the frequency error may move a line during a close look


@dataclass(frozen=True, slots=True)
class ClockParameters:
    """Durations are in ps; counts are of pairs.

    Search: the offset lies within ``reach_ps``, the frequency error within ``most_frequency``. Tags are binned by
    ``coarse_bin_ps`` and correlated in parts of ``part_ps``, up to ``parts`` of them together; what stands out is looked at
    closely over ``close_ps`` (longer where tags are few), and taken if chance would bring it with a probability below
    ``false_alarm``.

    Tracking: the offset is told tick by tick. A look lasts until about ``look_counts`` shared tags should have come, or
    ``longest_look_ticks``. The state is locked while the offset's interval is within ``lock_ps`` (half width; never narrower than
    half the peak), lost when it is beyond ``lost_ps`` (or five widths), or when ten looks' worth of shared tags stayed out.

    Raises:
        AnalysisError: durations that do not fit into each other, or a search beyond bounded memory.
    """

    tick_ps: int = 10**11
    reach_ps: int = 10**12
    most_frequency: float = 1e-6
    coarse_bin_ps: int = 2_000_000
    part_ps: int = 2 * 10**12
    parts: int = 4
    close_ps: int = 250 * 10**9
    false_alarm: float = 1e-9
    look_counts: int = 200
    longest_look_ticks: int = 20
    lock_ps: float = 100.0
    lost_ps: float = 10_000.0
    confidence: float = 0.95
    our_channels: tuple[int, ...] | None = None
    other_channels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, whole, unit in (
            ("a tick", self.tick_ps, self.coarse_bin_ps),
            ("the reach", self.reach_ps, self.tick_ps),
            ("a part", self.part_ps, self.tick_ps),
        ):
            if unit < 1 or whole < unit or whole % unit:
                raise AnalysisError(f"clock parameters: {name} of {whole} ps is no multiple of {unit} ps; choose one that is")
        if not (
            self.parts >= 1
            and 0 < self.most_frequency <= MOST_FREQUENCY
            and 0 < self.confidence < 1
            and min(self.tick_ps, self.close_ps) >= _SHORTEST_PS
            and max(self.tick_ps, self.close_ps) <= _LONGEST_PS
            and 0 < self.lock_ps <= self.lost_ps <= _WIDEST_PS
            and self.look_counts >= 1
            and self.longest_look_ticks >= 1
        ):
            raise AnalysisError(
                f"clock parameters: {self} holds a value out of range; frequency errors go to {MOST_FREQUENCY:g}, ticks and "
                f"close looks from {_SHORTEST_PS} to {_LONGEST_PS} ps, limits to {_WIDEST_PS} ps"
            )
        if (self.part_ps + 2 * self.reach_ps) // self.coarse_bin_ps > _MOST_BINS:
            raise AnalysisError(
                f"clock parameters: ±{self.reach_ps} ps in bins of {self.coarse_bin_ps} ps are more than {_MOST_BINS}; "
                "search a narrower range around an offset that you know, or with wider bins"
            )
        if self.blur_ps > _MOST_BLUR_PS:
            raise AnalysisError(
                f"clock parameters: a coarse offset would be known to ±{self.blur_ps} ps only; search a narrower range, smaller "
                "frequency errors, or in narrower bins"
            )
        if self.part_ticks + 2 * self.reach_ticks > _MOST_TICKS_HELD:
            raise AnalysisError("clock parameters: more than 10,000 ticks at once; choose a longer tick")

    @classmethod
    def searching(
        cls,
        reach_ps: int,
        most_frequency: float,
        *,
        our_channels: tuple[int, ...] | None,
        other_channels: tuple[int, ...] | None,
    ) -> Self:
        """For a search that people ask for: the reach is rounded up to ticks, and a part blurs a peak over no more than a bin.

        Raises:
            AnalysisError: beyond bounded memory.
        """
        usual = cls()
        return cls(
            reach_ps=max(1, -(-reach_ps // usual.tick_ps)) * usual.tick_ps,
            most_frequency=most_frequency,
            coarse_bin_ps=next(bin_ps for bin_ps in _COARSE_BINS_PS if bin_ps >= most_frequency * usual.part_ps),
            our_channels=our_channels,
            other_channels=other_channels,
        )

    @property
    def reach_ticks(self) -> int:
        return self.reach_ps // self.tick_ps

    @property
    def part_ticks(self) -> int:
        return self.part_ps // self.tick_ps

    @property
    def tick_bins(self) -> int:
        return self.tick_ps // self.coarse_bin_ps

    @property
    def slope_bins(self) -> float:
        """How far the frequency error may move a peak from part to part."""
        return self.most_frequency * self.part_ps / self.coarse_bin_ps

    def close_look(self, ours: int, other: int, span_ps: int) -> tuple[int, int]:
        """How long to look closely, and in which bins, where the nodes have so many tags in a span: ps, ps.

        Long enough for the dimmer node, short enough for the work that the pairs of bright ones are. Bins grow with the time, so
        that there are always as many of them.
        """
        few = _CLOSE_TAGS * span_ps // max(min(ours, other), 1)
        many = _CLOSE_PAIRS * span_ps**2 // max(2 * self.blur_ps * ours * other, 1)
        close_ps = max(min(max(few, self.close_ps), _CLOSE_STRETCH * self.close_ps, many), self.close_ps // _CLOSE_STRETCH**2)
        return close_ps, max(1, round(self.most_frequency * max(close_ps, self.close_ps) / _CLOSE_ROWS))

    @property
    def blur_ps(self) -> int:
        """How far a coarse offset may be from the truth when it is looked at closely: bins, and frequency error since."""
        return ceil(3 * self.coarse_bin_ps + self.most_frequency * (self.part_ps + self.reach_ps))
