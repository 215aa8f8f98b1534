"""The other answers of ``photonwatch correlate``: coincidences, start-stop and gap histograms, over all files."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from console.curves import Curve
from console.files_read import FilesRead
from console.quantities import hertz_text, picoseconds_text
from schemas.panes import Counts
from streams.estimators.accidentals import accidentals_expected
from streams.processors.coincidences import CoincidenceParameters, Coincidences
from streams.processors.gaps import GapParameters, Gaps
from streams.processors.start_stop import StartStopParameters, StartStops


@dataclass(frozen=True)
class CoincidenceAnswer:
    """``accidental``: what was counted with the channels delayed apart; None where that was not asked for."""

    read: FilesRead
    parameters: CoincidenceParameters
    seen: Coincidences
    accidental: Coincidences | None

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        rows = []
        for channels, count in self.seen.coincidences.items():
            row: dict[str, Any] = {
                "channels": channels,
                "count": count,
                "rate_hz": _rate_hz(count, self.seen.live_ps),
                "accidentals_expected": self._expected(channels),
            }
            if self.accidental is not None:
                accidentals = self.accidental.coincidences[channels]
                row |= {"accidentals": accidentals, "accidental_rate_hz": _rate_hz(accidentals, self.accidental.live_ps)}
            rows.append(row)
        return {
            **self.read.document(),
            "window_ps": self.parameters.window_ps,
            "delays_ps": {str(channel): delay for channel, delay in sorted(self.parameters.delays.delay_ps.items())},
            "accidental_shift_ps": self.parameters.accidental_shift_ps or None,
            "live_s": self.seen.live_ps / 1e12,
            "coincidences": rows,
            "matrix": {"channels": self.parameters.channels, "counts": self.seen.matrix().tolist()},
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Sets as rows of channels, -1 where a set has fewer; the matrix by ``matrix_channels``."""
        most = max(len(one) for one in self.parameters.sets)
        rows = [(*one, *(-1 for _ in range(most - len(one)))) for one in self.seen.coincidences]
        arrays = {
            "channels": np.array(rows),
            "counts": np.array(list(self.seen.coincidences.values()), np.uint64),
            "matrix_channels": np.array(self.parameters.channels),
            "matrix": self.seen.matrix(),
            "live_s": np.array(self.seen.live_ps / 1e12),
            "window_ps": np.array(self.parameters.window_ps),
        }
        if self.accidental is not None:
            arrays["accidentals"] = np.array(list(self.accidental.coincidences.values()), np.uint64)
            arrays["accidental_live_s"] = np.array(self.accidental.live_ps / 1e12)
        return arrays

    def lines(self) -> list[str]:
        """For people."""
        lines = []
        for row in self.document()["coincidences"]:
            line = f"  channels {', '.join(map(str, row['channels'])):<12} {row['count']:>13,}  {_rate_text(row['rate_hz'])}"
            line += f"   expected of light without correlations: {row['accidentals_expected']:.3g}"
            if self.accidental is not None:
                line += f"   accidental: {row['accidentals']:,}  {_rate_text(row['accidental_rate_hz'])}"
            lines.append(line)
        return lines

    def _expected(self, channels: tuple[int, ...]) -> float:
        singles = [self.seen.singles[channel] for channel in channels]
        return accidentals_expected(singles, self.seen.live_ps / 1e12, self.parameters.window_ps)

    def heading(self) -> str:
        return f"{self.read.name}: coincidences within {picoseconds_text(self.parameters.window_ps)}"

    def curves(self) -> list[Curve]:
        """Numbers have no picture."""
        return []


@dataclass(frozen=True)
class StartStopAnswer:
    """Stops by their delay behind the latest start."""

    read: FilesRead
    parameters: StartStopParameters
    seen: StartStops

    def document(self) -> dict[str, Any]:
        """The JSON object; counts by stop channel."""
        return {
            **self.read.document(),
            "start": self.parameters.start,
            "starts": self.seen.starts,
            "delays_ps": {str(channel): delay for channel, delay in sorted(self.parameters.delays.delay_ps.items())},
            "bin_width_ps": self.seen.bin_width_ps,
            "window_ps": self.seen.bin_width_ps * self.parameters.bins,
            "live_s": self.seen.live_ps / 1e12,
            "tau_ps": self._edges_ps()[:-1].tolist(),
            "counts": {str(channel): counts.tolist() for channel, counts in self.seen.counts.items()},
            "beyond": {str(channel): beyond for channel, beyond in self.seen.beyond.items()},
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Counts by stop channel and bin."""
        return {
            "tau_ps": self._edges_ps()[:-1],
            "edges_ps": self._edges_ps(),
            "stops": np.array(list(self.seen.counts)),
            "counts": np.array(list(self.seen.counts.values())),
            "beyond": np.array(list(self.seen.beyond.values()), np.uint64),
            "starts": np.array(self.seen.starts, np.uint64),
            "live_s": np.array(self.seen.live_ps / 1e12),
        }

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"  channel {channel:<3} {int(counts.sum()):>13,} stops in the window, {self.seen.beyond[channel]:,} beyond"
            for channel, counts in self.seen.counts.items()
        ]

    def heading(self) -> str:
        stops = ", ".join(map(str, self.parameters.stops))
        return f"{self.read.name}: stops of {stops} after {self.seen.starts:,} starts of {self.parameters.start}"

    def curves(self) -> list[Curve]:
        """One for each stop channel."""
        width = picoseconds_text(self.seen.bin_width_ps)
        return [
            Curve(
                heading=f"{self.read.name}: channel {channel} after {self.parameters.start}",
                edges_ps=self._edges_ps(),
                heights=counts.astype(np.float64),
                unit=f"channel {channel}: stops per {width}",
                caption=f"{int(counts.sum()):,} stops · {self.seen.starts:,} starts · bin {width}",
                logarithmic=False,
            )
            for channel, counts in self.seen.counts.items()
        ]

    def _edges_ps(self) -> npt.NDArray[np.int64]:
        return np.arange(self.parameters.bins + 1, dtype=np.int64) * self.seen.bin_width_ps


@dataclass(frozen=True)
class GapAnswer:
    """Gaps between neighbouring tags of each channel, by bins that hold whole picoseconds."""

    read: FilesRead
    parameters: GapParameters
    live_ps: int
    edges_ps: npt.NDArray[np.int64]
    counts: dict[int, Counts]
    beyond: dict[int, int]

    @classmethod
    def of(cls, read: FilesRead, parameters: GapParameters, seen: Gaps) -> Self:
        """Without the bins that are too narrow to hold a gap."""
        wide = np.diff(seen.edges_ps) > 0
        return cls(
            read=read,
            parameters=parameters,
            live_ps=seen.live_ps,
            edges_ps=np.append(seen.edges_ps[:-1][wide], seen.edges_ps[-1]),
            counts={channel: counts[wide] for channel, counts in seen.counts.items()},
            beyond=seen.beyond,
        )

    def document(self) -> dict[str, Any]:
        """The JSON object; counts by channel."""
        return {
            **self.read.document(),
            "bins": "doubling" if self.parameters.bin_width_ps is None else "equal",
            "end_ps": int(self.edges_ps[-1]),
            "live_s": self.live_ps / 1e12,
            "gap_ps": self.edges_ps[:-1].tolist(),
            "counts": {str(channel): counts.tolist() for channel, counts in self.counts.items()},
            "beyond": {str(channel): beyond for channel, beyond in self.beyond.items()},
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Counts by channel and bin."""
        return {
            "gap_ps": self.edges_ps[:-1],
            "edges_ps": self.edges_ps,
            "channels": np.array(list(self.counts)),
            "counts": np.array(list(self.counts.values())),
            "beyond": np.array(list(self.beyond.values()), np.uint64),
            "live_s": np.array(self.live_ps / 1e12),
        }

    def lines(self) -> list[str]:
        """For people: the shortest gap bounds the dead time."""
        lines = []
        for channel, counts in self.counts.items():
            filled = np.flatnonzero(counts)
            shortest = f", none below {picoseconds_text(int(self.edges_ps[filled[0]]))}" if filled.size else ""
            lines.append(f"  channel {channel:<3} {int(counts.sum()):>13,} gaps{shortest}, {self.beyond[channel]:,} beyond")
        return lines

    def heading(self) -> str:
        return f"{self.read.name}: gaps of {', '.join(map(str, self.parameters.channels))}"

    def curves(self) -> list[Curve]:
        """One for each channel, from its shortest gap to its longest; counts over widths."""
        curves = []
        for channel, counts in self.counts.items():
            filled = np.flatnonzero(counts)
            if not filled.size:
                continue
            part = slice(int(filled[0]), int(filled[-1]) + 1)
            edges_ps = self.edges_ps[part.start : part.stop + 1]
            width = int(edges_ps[1] - edges_ps[0])
            curves.append(
                Curve(
                    heading=f"{self.read.name}: gaps of channel {channel}",
                    edges_ps=edges_ps,
                    heights=counts[part] * (width / np.diff(edges_ps)),
                    unit=f"channel {channel}: gaps per {picoseconds_text(width)}",
                    caption=f"{int(counts.sum()):,} gaps",
                    logarithmic=self.parameters.bin_width_ps is None,
                )
            )
        return curves


def _rate_hz(count: int, live_ps: int) -> float | None:
    return count / (live_ps / 1e12) if live_ps else None


def _rate_text(rate_hz: float | None) -> str:
    return "–" if rate_hz is None else hertz_text(rate_hz)
