"""Panes: what the tag processors count in one aligned second of event time. Integers only, so that sums of panes are exact.

A tag belongs to the pane that holds its time. A pair or coincidence belongs to the pane of its **last** tag. A pane may come in
several parts (a source that fell silent and returned); parts add up, so every consumer sums.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from schemas.ids import DeviceId, DomainId, RunId

PANE_PS = 1_000_000_000_000
Counts = npt.NDArray[np.uint64]


class PaneKey(msgspec.Struct, frozen=True):
    """Domain, device, run, and the pane's start in whole seconds of UTC."""

    domain: DomainId
    device: DeviceId
    run: RunId
    start_unix_s: int


class SinglesPane(msgspec.Struct, frozen=True):
    """Tags of one channel in the time in which tags of all sources could have been seen, that time, and the time that a source of
    the domain says was lost. ``tags`` over ``live_ps`` is their rate.

    ``left_out``: tags that came inside lost time. They are not among ``tags``, and in no pair.
    """

    key: PaneKey
    channel: int
    tags: int
    live_ps: int
    lost_ps: int
    left_out: int = 0


class CorrelationPane(msgspec.Struct, frozen=True):
    """All-pairs histogram of tau_ps = t(stop_channel) - t(start_channel), start_channel < stop_channel.

    ``counts[i]`` holds tau in [first_edge_ps + i·bin_width_ps, first_edge_ps + (i+1)·bin_width_ps).
    """

    key: PaneKey
    start_channel: int
    stop_channel: int
    first_edge_ps: int
    bin_width_ps: int
    counts: Counts


class CoincidencePane(msgspec.Struct, frozen=True):
    """Number of coincidences of ``channels`` (ascending) within ``window_ps``, full width."""

    key: PaneKey
    channels: tuple[int, ...]
    window_ps: int
    coincidences: int


@dataclass(frozen=True, slots=True)
class PaneParameters:
    """Analysis parameters; stored with every result they shaped. The histogram spans [-half_range_ps, half_range_ps)."""

    bin_width_ps: int = 100
    half_range_ps: int = 200_000
    coincidence_window_ps: int = 1_000

    def __post_init__(self) -> None:
        if self.bin_width_ps < 1 or self.half_range_ps < self.bin_width_ps or self.half_range_ps % self.bin_width_ps:
            raise ValueError(f"half range {self.half_range_ps} ps must be a positive multiple of the bin {self.bin_width_ps} ps")
        if self.coincidence_window_ps < 1:
            raise ValueError("the coincidence window must be at least 1 ps")

    @property
    def bins(self) -> int:
        return 2 * self.half_range_ps // self.bin_width_ps


class PaneResults(msgspec.Struct, frozen=True):
    """What closing panes yields, in ascending order of pane start, then channels."""

    singles: tuple[SinglesPane, ...] = ()
    correlations: tuple[CorrelationPane, ...] = ()
    coincidences: tuple[CoincidencePane, ...] = ()
