"""Puts the records of a file in time order, within a bound, and counts what it moved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from producers.errors import RecordingError
from producers.formats.records import LATEST_PS, Records
from schemas.block import Channels, Loss, Times

LOOK_BACK_PS = 1_000_000_000
"""A record may come at most 1 ms after a later one: transfer buffers of time-taggers stay far below, and memory stays bounded."""
_BEFORE_ALL = -LATEST_PS


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sorted tags (int64 ps, uint8): all of a recording's that lie between the chunk before and ``reached_ps``.

    ``reordered``, ``overflows`` and ``markers`` count what the reader met on the way to it; ``losses`` lie in the same time.
    """

    time_ps: Times
    channel: Channels
    reached_ps: int
    reordered: int = 0
    overflows: int = 0
    markers: int = 0
    losses: tuple[Loss, ...] = ()


def in_order(reads: Iterable[Records], where: str) -> Iterator[Chunk]:
    """Sort file-ordered records (channels already uint8) into consecutive chunks, tags of equal time as the file has them.

    A record is *reordered* when its time is earlier than that of the record just before it in the file.

    Raises:
        RecordingError: a record lies more than LOOK_BACK_PS before the latest time seen before it.
    """
    held_time, held_channel = np.empty(0, np.int64), np.empty(0, np.uint8)
    previous = latest = known = reached = _BEFORE_ALL
    rows = 0
    for read in reads:
        time_ps, reordered = read.time_ps, 0
        if time_ps.size:
            steps = np.diff(time_ps, prepend=np.int64(previous))
            reordered = int(np.count_nonzero(steps < 0))
            highest = np.maximum(np.maximum.accumulate(time_ps) if reordered else time_ps, latest)
            _refuse_far_back(highest - time_ps, time_ps, rows, where)
            rows += time_ps.size
            previous, latest = int(time_ps[-1]), int(highest[-1])
        unsorted = reordered > 0 or (time_ps.size > 0 and held_time.size > 0 and time_ps[0] < held_time[-1])
        time_ps = np.concatenate([held_time, time_ps])
        channel = np.concatenate([held_channel, read.channel.astype(np.uint8, copy=False)])
        if unsorted:
            order = np.argsort(time_ps, kind="stable")
            time_ps, channel = time_ps[order], channel[order]
        known = max(known, latest + 1, _BEFORE_ALL if read.reached_ps is None else read.reached_ps)
        reached = max(reached, known - LOOK_BACK_PS)
        cut = int(np.searchsorted(time_ps, reached))
        held_time, held_channel = time_ps[cut:], channel[cut:]
        yield Chunk(time_ps[:cut], channel[:cut], reached, reordered, read.overflows, read.markers)
    if known > _BEFORE_ALL + 1:
        yield Chunk(held_time, held_channel, known)


def _refuse_far_back(back_ps: Times, time_ps: Times, rows: int, where: str) -> None:
    if back_ps.max() > LOOK_BACK_PS:
        at = int(np.argmax(back_ps > LOOK_BACK_PS))
        raise RecordingError(
            f"{where}: tag {rows + at} at {int(time_ps[at])} ps comes {int(back_ps[at])} ps after a later one; more than "
            f"{LOOK_BACK_PS} ps is no buffer's disorder: sort the file, or split it where its clock was set back"
        )
