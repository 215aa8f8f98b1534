"""Panes at every level, their parts summed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.ids import DeviceId, RunId
from schemas.panes import Counts
from storage.reader.question import END_OF_TIME, Level, Questions

_RANGE = (
    "device = {device:String} AND run = {run:String} "
    "AND part.time >= fromUnixTimestamp({since:UInt32}) AND part.time < fromUnixTimestamp({until:UInt32})"
)


@dataclass(frozen=True, slots=True)
class Singles:
    """One row per pane and channel, ascending in time, then channel. Arrays of one length.

    ``start_unix_s`` int64, ``channel`` uint8, ``tags`` uint64, ``live_s`` and ``lost_s`` float64.
    """

    start_unix_s: npt.NDArray[np.int64]
    channel: npt.NDArray[np.uint8]
    tags: Counts
    live_s: npt.NDArray[np.float64]
    lost_s: npt.NDArray[np.float64]

    @property
    def rate_hz(self) -> npt.NDArray[np.float64]:
        """Tags a second of live time; NaN where there was none."""
        rate_hz = np.full(self.tags.size, np.nan)
        np.divide(self.tags, self.live_s, out=rate_hz, where=self.live_s > 0)
        return rate_hz


@dataclass(frozen=True, slots=True)
class Correlation:
    """Summed histogram of one pair of channels: ``counts[i]`` (uint64) holds tau in [first_edge_ps + i·bin_width_ps, …).

    It sums panes that start in [from_unix_s, to_unix_s).
    """

    start_channel: int
    stop_channel: int
    first_edge_ps: int
    bin_width_ps: int
    counts: Counts
    from_unix_s: int
    to_unix_s: int


@dataclass(frozen=True, slots=True)
class Coincidences:
    """Coincidences of a set of channels within a window (full width)."""

    channels: tuple[int, ...]
    window_ps: int
    coincidences: int


class PaneQuestions(Questions):
    """Asks for panes that start in [since, until), UTC seconds."""

    def singles(
        self, device: DeviceId, run: RunId, since: int = 0, until: int = END_OF_TIME, level: Level = Level.SECOND
    ) -> Singles:
        """Tags, live and lost time by pane and channel."""
        rows = self._client.query(
            f"SELECT toUnixTimestamp(part.time) AS start, channels[1] AS channel, {summed(level)}[1] AS tags, "
            f"{summed(level)}[2] / 1e12 AS live_s, {summed(level)}[3] / 1e12 AS lost_s "
            f"FROM panes_{level} AS part WHERE kind = 'singles' AND {_RANGE} GROUP BY start, channel ORDER BY start, channel",
            _range(device, run, since, until),
        )
        return Singles(
            start_unix_s=rows["start"].to_numpy().astype(np.int64),
            channel=rows["channel"].to_numpy(),
            tags=rows["tags"].to_numpy(),
            live_s=rows["live_s"].to_numpy(),
            lost_s=rows["lost_s"].to_numpy(),
        )

    def correlations(
        self, device: DeviceId, run: RunId, since: int = 0, until: int = END_OF_TIME, level: Level = Level.HOUR
    ) -> list[Correlation]:
        """One summed histogram per pair of channels and binning."""
        span_s = {Level.SECOND: 1, Level.MINUTE: 60, Level.HOUR: 3_600}[level]
        rows = self._client.query(
            "SELECT channels[1] AS start_channel, channels[2] AS stop_channel, first_edge_ps, width_ps AS bin_width_ps, "
            f"{summed(level)} AS counts, "
            f"toUnixTimestamp(min(part.time)) AS from_unix_s, toUnixTimestamp(max(part.time)) + {span_s} AS to_unix_s "
            f"FROM panes_{level} AS part WHERE kind = 'correlations' AND {_RANGE} "
            "GROUP BY start_channel, stop_channel, first_edge_ps, bin_width_ps "
            "ORDER BY start_channel, stop_channel, bin_width_ps, first_edge_ps",
            _range(device, run, since, until),
        )
        histograms = rows["counts"].combine_chunks()
        plain = rows.drop_columns("counts").to_pylist()
        return [Correlation(**row, counts=counts_of(histograms, place)) for place, row in enumerate(plain)]

    def coincidences(
        self, device: DeviceId, run: RunId, since: int = 0, until: int = END_OF_TIME, level: Level = Level.HOUR
    ) -> list[Coincidences]:
        """One sum per set of channels and window."""
        rows = self._client.query(
            f"SELECT channels, width_ps AS window_ps, {summed(level)}[1] AS n FROM panes_{level} AS part "
            f"WHERE kind = 'coincidences' AND {_RANGE} GROUP BY channels, window_ps ORDER BY channels, window_ps",
            _range(device, run, since, until),
        )
        return [Coincidences(tuple(row["channels"]), row["window_ps"], row["n"]) for row in rows.to_pylist()]


def summed(level: Level) -> str:
    """The expression that adds up parts of panes of a level: an array."""
    return "sumForEach(part.sums)" if level is Level.SECOND else "sumForEachMerge(part.sums)"


def in_panes(level: Level) -> str:
    """The expression for a channel's tags in panes: those of live time, and those left out of them for a loss."""
    return f"{summed(level)}[1] + {summed(level)}[4]"


def counts_of(histograms: pa.ListArray, place: int) -> Counts:
    """One histogram out of a column of them."""
    counts: Counts = histograms[place].values.to_numpy(zero_copy_only=False).astype(np.uint64)
    return counts


def _range(device: DeviceId, run: RunId, since: int, until: int) -> dict[str, object]:
    return {"device": device, "run": run, "since": max(0, since), "until": min(until, END_OF_TIME)}
