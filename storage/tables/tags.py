"""Raw tags as the store keeps them: one row per block and channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import google_crc32c
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.block import BlockContext, Channels, Gaps, Times
from storage.tables.names import SCHEMAS, TAG_RUNS

_PS_PER_NS = 1_000
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, slots=True)
class TagRuns:
    """A block's tags in runs, one a channel, ascending.

    Run ``i`` is of ``channel[i]``, lies from ``t0_ps[i]`` to ``last_ps[i]`` (int64) and owns ``[offsets[i]:offsets[i + 1]]`` of
    ``gaps`` (uint32: the low 32 bits of the ps to the tag before; the first of each run is 0) and of ``gaps_high`` (uint32: what
    is above them; empty where no gap of the block has any). ``offsets`` is int64 and one longer than ``channel`` (uint8).
    """

    channel: Channels
    t0_ps: Times
    last_ps: Times
    offsets: npt.NDArray[np.int64]
    gaps: Gaps
    gaps_high: Gaps


@dataclass(frozen=True, slots=True)
class StoredTags:
    """The tags of one block at its place in the log. ``late``: they came too late for the panes."""

    context: BlockContext
    offset: int
    runs: TagRuns
    late: bool = False


def tag_rows(blocks: Sequence[StoredTags]) -> pa.Table:
    """Rows of ``tag_runs`` in the table's own order, which spares the store a sort and with it a copy of every tag.

    No step takes time per tag but copying and the checksum.
    """
    runs = [block.runs for block in blocks]
    owner = np.repeat(np.arange(len(runs)), [run.channel.size for run in runs])

    channel = _joined([run.channel for run in runs], np.uint8)
    t0_ps = _joined([run.t0_ps for run in runs], np.int64)
    order = np.lexsort((t0_ps, channel, _ranks(blocks)[owner]))
    owner, channel, t0_ps = owner[order], channel[order], t0_ps[order]
    begins = _joined([run.offsets[:-1] for run in runs], np.int64)[order]
    ends = _joined([run.offsets[1:] for run in runs], np.int64)[order]
    places = list(zip(owner.tolist(), begins.tolist(), ends.tolist(), strict=True))
    pieces = [runs[block].gaps[begin:end] for block, begin, end in places]
    highs = [_needed(runs[block].gaps_high[begin:end]) for block, begin, end in places]

    def of_block(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(pa.array(owner))

    origin_unix_ns = of_block([block.context.origin_unix_ns for block in blocks], pa.int64())
    schema = SCHEMAS[TAG_RUNS]
    return pa.table(
        {
            "domain": of_block([block.context.domain for block in blocks], pa.string()),
            "source": of_block([block.context.source for block in blocks], pa.string()),
            "device": of_block([block.context.device for block in blocks], pa.string()),
            "run": of_block([block.context.run for block in blocks], pa.string()),
            "channel": pa.array(channel),
            "origin_unix_ns": origin_unix_ns,
            "t0_ps": pa.array(t0_ps),
            "last_ps": pa.array(_joined([run.last_ps for run in runs], np.int64)[order]),
            "time": pa.array(origin_unix_ns.to_numpy() + t0_ps // _PS_PER_NS, pa.int64()).cast(schema.field("time").type),
            "n": pa.array((ends - begins).astype(np.uint32)),
            "gaps": _lists(pieces),
            "gaps_high": _lists(highs),
            "sequence": of_block([block.context.sequence for block in blocks], pa.uint64()),
            "offset": of_block([block.offset for block in blocks], pa.uint64()),
            "crc": pa.array(map(_checksum, pieces, highs), pa.uint32()),
            "late": of_block([block.late for block in blocks], pa.bool_()),
        },
        schema=schema,
    )


def _needed(high: Gaps) -> Gaps:
    """Nothing, where no gap of the row is wide."""
    return high if high.any() else high[:0]


def _checksum(gaps: Gaps, gaps_high: Gaps) -> int:
    crc: int = google_crc32c.value(gaps)
    return google_crc32c.extend(crc, gaps_high) if gaps_high.size else crc


def _lists(rows: Sequence[Gaps]) -> pa.ListArray:
    offsets = np.cumsum([0, *(row.size for row in rows)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(_joined(rows, np.uint32)))


def _joined(parts: Sequence[npt.NDArray[Value]], dtype: type[Value]) -> npt.NDArray[Value]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _ranks(blocks: Sequence[StoredTags]) -> npt.NDArray[np.int64]:
    """Each block's place among the blocks' devices and runs, ascending."""
    keys = [(block.context.device, block.context.run) for block in blocks]
    place = {key: number for number, key in enumerate(sorted(set(keys)))}
    return np.array([place[key] for key in keys], np.int64)
