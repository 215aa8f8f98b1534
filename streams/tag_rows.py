"""The rows of one batch of the tag pipeline."""

import numpy as np
import pyarrow as pa

from schemas.panes import PaneResults
from schemas.records import DeadLetter
from storage import tables
from streams.kernels.split import split_channels
from streams.sequence import Arrival, Fate

USED = (Fate.IN_ORDER, Fate.HELD, Fate.LATE)
"""Blocks whose raw tags are stored; a late one's are in no pane."""


class TagRows:
    """Collects what a batch stores. ``keep_tags``: whether every single tag is stored, or only what was counted from them."""

    def __init__(self, *, keep_tags: bool) -> None:
        self._keep_tags = keep_tags
        self._blocks: list[tables.StoredBlock] = []
        self._strays: list[tables.StoredBlock] = []
        self._tags: list[tables.StoredTags] = []
        self._panes: list[PaneResults] = []
        self.dead_letters: list[DeadLetter] = []

    def add_block(self, arrival: Arrival, fate: Fate) -> None:
        """A block that came, and its tags."""
        if fate not in USED:
            self.add_stray(arrival, fate)
            return
        self._blocks.append(_stored(arrival, fate))
        if fate is Fate.LATE:
            self.add_stray(arrival, fate)
        if self._keep_tags and arrival.time_ps.size:
            self._tags.append(tables.StoredTags(arrival.context, arrival.offset, _runs(arrival), late=fate is Fate.LATE))

    def add_stray(self, arrival: Arrival, fate: Fate) -> None:
        """A block that is in no pane."""
        self._strays.append(_stored(arrival, fate))

    def add_panes(self, results: PaneResults) -> None:
        self._panes.append(results)

    def add_dead_letter(self, letter: DeadLetter) -> None:
        self.dead_letters.append(letter)

    def tables(self) -> dict[str, pa.Table]:
        """The tables that hold any row."""
        made = {
            tables.BLOCKS: tables.block_rows(self._blocks),
            tables.TAG_RUNS: tables.tag_rows(self._tags),
            tables.PANES: tables.pane_rows(self._panes),
            tables.LATE_BLOCKS: tables.late_rows(self._strays),
            tables.DEAD_LETTERS: tables.dead_letter_rows(self.dead_letters),
        }
        return {name: rows for name, rows in made.items() if rows.num_rows}


def _stored(arrival: Arrival, fate: Fate) -> tables.StoredBlock:
    return tables.StoredBlock(
        context=arrival.context,
        tags=int(arrival.time_ps.size),
        offset=arrival.offset,
        crc=arrival.crc,
        appended_unix_ms=arrival.appended_unix_ms,
        fate=fate.value,
    )


def _runs(arrival: Arrival) -> tables.TagRuns:
    runs = split_channels(arrival.time_ps, arrival.channel)
    offsets = np.concatenate(([0], np.cumsum(runs.length)))
    return tables.TagRuns(runs.channel, runs.first_ps, runs.last_ps, offsets, runs.gaps, runs.gaps_high)
