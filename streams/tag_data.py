"""What tags counted, as the data that estimators take: the same for a file of tags and for the panes of a stream."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from schemas.measurements import DelayHistogram
from schemas.panes import PaneParameters
from streams.channel_pair import choose_pair
from streams.errors import AnalysisError
from streams.pane_sum import PaneSum


class TagOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which channels play which part, and how tags are counted; None: as configured, or as the file says.

    ``channels``: the pair that is correlated, ``0,1``; the two brightest unless given.
    """

    channels: str | None = None
    sync_channel: int | None = None
    bin_width_ps: int | None = None
    half_range_ps: int | None = None
    window_ps: int | None = None

    def panes(self, usual: PaneParameters) -> PaneParameters:
        """
        Raises:
            AnalysisError: a range that is no multiple of the bin.
        """
        try:
            return PaneParameters(
                self.bin_width_ps or usual.bin_width_ps,
                self.half_range_ps or usual.half_range_ps,
                self.window_ps or usual.coincidence_window_ps,
            )
        except ValueError as error:
            raise AnalysisError(f"{error}; choose bin_width_ps and half_range_ps so") from error


def options_of(texts: Mapping[str, str]) -> TagOptions:
    """
    Raises:
        AnalysisError: a value of a wrong type.
    """
    try:
        return msgspec.convert(dict(texts), TagOptions, strict=False)
    except msgspec.ValidationError as error:
        raise AnalysisError(f"{error}; write a value of that type") from error


@dataclass(frozen=True, slots=True)
class TagCounts:
    """Panes added up, and what their source says of the channels."""

    total: PaneSum
    detectors: tuple[int, ...]
    period_ps: float | None = None


KINDS: tuple[type, ...] = (DelayHistogram,)
"""What tags can be turned into."""


def data_of(counts: TagCounts, kind: type, options: TagOptions) -> DelayHistogram:
    """
    Raises:
        AnalysisError: a kind that tags do not give, or channels without tags.
    """
    if kind is not DelayHistogram:
        raise AnalysisError(f"tags give no {kind.__name__}; give a file of such measurements")
    total = counts.total
    pair = choose_pair(counts.detectors, total.tags, _pair(options.channels)).channels
    histogram = total.histogram(pair)
    return DelayHistogram(
        of="coincidences",
        start_ps=histogram.first_edge_ps,
        bin_width_ps=histogram.bin_width_ps,
        counts=tuple(histogram.counts.tolist()),
        integration_s=total.live_ps / 1e12,
        period_ps=counts.period_ps,
        accidentals_per_ps=total.accidentals_per_ps(pair),
    )


def _pair(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise AnalysisError(f"channels is “{text}”; write two numbers with a comma, such as channels=0,1")
    return int(parts[0]), int(parts[1])
