"""Panes added up: what reports and indicators are computed from, whether the panes come from a stream or from the store."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from schemas.ids import RunId
from schemas.panes import CoincidencePane, CorrelationPane, Counts, PaneKey, PaneParameters, PaneResults, SinglesPane
from streams.errors import AnalysisError
from streams.estimators.delays import DelayHistogram

Pair = tuple[int, int]
_MINUTE_S = 60


@dataclass(slots=True)
class _Singles:
    tags: int = 0
    live_ps: int = 0
    lost_ps: int = 0


class PaneSum:
    """Sums of panes of one device; parts of one pane add up, in any order.

    Singles are kept pane by pane, so that accidentals follow rates that change; histograms are kept as totals.
    """

    def __init__(self, parameters: PaneParameters) -> None:
        self.parameters = parameters
        self._singles: dict[PaneKey, dict[int, _Singles]] = {}
        self._tags: dict[int, int] = {}
        self._live_ps: int | None = None
        self._correlations: dict[Pair, Counts] = {}
        self._coincidences: dict[tuple[int, ...], int] = {}

    def add(self, results: PaneResults) -> None:
        """Add panes.

        Raises:
            AnalysisError: histograms of other bins than this sum's.
        """
        self._add_singles(results.singles)
        self._add_correlations(results.correlations)
        self._add_coincidences(results.coincidences)

    @property
    def tags(self) -> dict[int, int]:
        """Tags of each channel, by ascending channel."""
        return dict(sorted(self._tags.items()))

    @property
    def live_ps(self) -> int:
        """Time in which tags could have been seen."""
        if self._live_ps is None:
            self._live_ps = sum(max(one.live_ps for one in channels.values()) for channels in self._singles.values())
        return self._live_ps

    @property
    def lost_ps(self) -> int:
        return sum(max(singles.lost_ps for singles in channels.values()) for channels in self._singles.values())

    @property
    def seconds(self) -> tuple[int, int] | None:
        """Start of the first pane and end of the last, seconds of UTC."""
        starts = [key.start_unix_s for key in self._singles]
        return (min(starts), max(starts) + 1) if starts else None

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Pairs of detectors that made at least one count."""
        return tuple(sorted(self._correlations))

    def histogram(self, pair: Pair) -> DelayHistogram:
        """All-pairs histogram of t(pair[1]) - t(pair[0]); ``pair`` ascends."""
        counts = self._correlations.get(pair)
        counts = np.zeros(self.parameters.bins, np.uint64) if counts is None else counts.copy()
        return DelayHistogram(-self.parameters.half_range_ps, self.parameters.bin_width_ps, counts)

    def coincidences(self, channels: tuple[int, ...]) -> int:
        return self._coincidences.get(channels, 0)

    def accidentals_per_ps(self, pair: Pair) -> float:
        """Coincidences that uncorrelated light would put into one ps of delay: n1*n2/live, summed over the minutes of each run.

        Minutes count from the run's first pane: they follow rates that drift, and the result does not depend on where in a second
        a short recording began.
        """
        begins: dict[RunId, int] = {}
        for key in self._singles:
            begins[key.run] = min(key.start_unix_s, begins.get(key.run, key.start_unix_s))
        minutes: dict[tuple[RunId, int], list[int]] = {}
        for key, channels in self._singles.items():
            if pair[0] in channels and pair[1] in channels:
                first, second = channels[pair[0]], channels[pair[1]]
                minute = minutes.setdefault((key.run, (key.start_unix_s - begins[key.run]) // _MINUTE_S), [0, 0, 0])
                for i, amount in enumerate((first.tags, second.tags, max(first.live_ps, second.live_ps))):
                    minute[i] += amount
        return sum(first * second / live_ps for first, second, live_ps in minutes.values() if live_ps > 0)

    def _add_singles(self, panes: Iterable[SinglesPane]) -> None:
        self._live_ps = None
        for pane in panes:
            singles = self._singles.setdefault(pane.key, {}).setdefault(pane.channel, _Singles())
            singles.tags += pane.tags
            singles.live_ps += pane.live_ps
            singles.lost_ps += pane.lost_ps
            self._tags[pane.channel] = self._tags.get(pane.channel, 0) + pane.tags

    def _add_correlations(self, panes: Iterable[CorrelationPane]) -> None:
        wanted = (-self.parameters.half_range_ps, self.parameters.bin_width_ps, self.parameters.bins)
        for pane in panes:
            if (pane.first_edge_ps, pane.bin_width_ps, pane.counts.size) != wanted:
                raise AnalysisError(
                    f"the pane at {pane.key.start_unix_s} s holds {pane.counts.size} bins of {pane.bin_width_ps} ps from "
                    f"{pane.first_edge_ps} ps, wanted are {wanted[2]} of {wanted[1]} ps from {wanted[0]} ps: only panes of the "
                    "same analysis parameters add up"
                )
            pair = pane.start_channel, pane.stop_channel
            total = self._correlations.setdefault(pair, np.zeros(self.parameters.bins, np.uint64))
            total += pane.counts

    def _add_coincidences(self, panes: Iterable[CoincidencePane]) -> None:
        for pane in panes:
            if pane.window_ps != self.parameters.coincidence_window_ps:
                raise AnalysisError(
                    f"the pane at {pane.key.start_unix_s} s counts coincidences within {pane.window_ps} ps, wanted are "
                    f"{self.parameters.coincidence_window_ps} ps: only panes of the same analysis parameters add up"
                )
            self._coincidences[pane.channels] = self._coincidences.get(pane.channels, 0) + pane.coincidences
