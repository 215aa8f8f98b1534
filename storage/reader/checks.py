"""Whether the levels of a run agree: raw = Σ 1 s = Σ 1 min = Σ 1 h, tag by tag and bin by bin."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schemas.ids import DeviceId, RunId
from storage.reader.panes import PaneQuestions, in_panes
from storage.reader.question import Level


@dataclass(frozen=True, slots=True)
class SumCheck:
    """Tags by channel in the raw rows (those too late for panes apart) and at each level, and whether histograms are equal.

    ``raw`` is empty where raw tags are not kept, or no longer.
    """

    raw: Mapping[int, int]
    late: Mapping[int, int]
    levels: Mapping[Level, Mapping[int, int]]
    histograms_equal: bool
    coincidences_equal: bool

    @property
    def exact(self) -> bool:
        """Whether every figure agrees; without raw rows, whether the levels do."""
        sums = [dict(level) for level in self.levels.values()]
        raw = [dict(self.raw)] if self.raw else []
        return all(each == sums[0] for each in sums + raw) and self.histograms_equal and self.coincidences_equal


class CheckQuestions(PaneQuestions):
    """Compares levels."""

    def check_sums(self, device: DeviceId, run: RunId) -> SumCheck:
        """All sums of one run. While it goes on, panes lag behind the raw tags."""
        histograms = [self.correlations(device, run, level=level) for level in Level]
        coincidences = [self.coincidences(device, run, level=level) for level in Level]
        keyed = [
            {(c.start_channel, c.stop_channel, c.bin_width_ps, c.first_edge_ps): c.counts for c in level} for level in histograms
        ]
        return SumCheck(
            raw=self._raw(device, run, late=False),
            late=self._raw(device, run, late=True),
            levels={level: self._counted(device, run, level) for level in Level},
            histograms_equal=all(
                level.keys() == keyed[0].keys() and all(np.array_equal(level[pair], keyed[0][pair]) for pair in level)
                for level in keyed
            ),
            coincidences_equal=all(level == coincidences[0] for level in coincidences),
        )

    def _raw(self, device: DeviceId, run: RunId, *, late: bool) -> dict[int, int]:
        rows = self._client.query(
            "SELECT channel, sum(n) AS tags FROM tag_runs WHERE device = {device:String} AND run = {run:String} "
            "AND late = {late:Bool} GROUP BY channel ORDER BY channel",
            {"device": device, "run": run, "late": late},
        )
        return dict(zip(rows["channel"].to_pylist(), rows["tags"].to_pylist(), strict=True))

    def _counted(self, device: DeviceId, run: RunId, level: Level) -> dict[int, int]:
        rows = self._client.query(
            f"SELECT channels[1] AS channel, {in_panes(level)} AS tags FROM panes_{level} AS part WHERE kind = 'singles' "
            "AND device = {device:String} AND run = {run:String} GROUP BY channel HAVING tags > 0 ORDER BY channel",
            {"device": device, "run": run},
        )
        return dict(zip(rows["channel"].to_pylist(), rows["tags"].to_pylist(), strict=True))
