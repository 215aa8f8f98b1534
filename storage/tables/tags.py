"""Raw tags as the store keeps them: one row per block, channel and run of gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import google_crc32c
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.block import BlockContext, Channels, Gaps, Times
from storage.tables.names import SCHEMAS, TAG_RUNS

_PS_PER_NS = 1_000


@dataclass(frozen=True, slots=True)
class TagRuns:
    """A block's tags by channel, in runs without a wide gap, ascending in channel and time.

    Run ``i`` is of ``channel[i]``, lies from ``t0_ps[i]`` to ``last_ps[i]`` (int64) and owns ``gaps[offsets[i]:offsets[i + 1]]``
    (uint32, ps to the tag before; the first of each run is 0). ``offsets`` is int64 and one longer than ``channel`` (uint8).
    """

    channel: Channels
    t0_ps: Times
    last_ps: Times
    offsets: npt.NDArray[np.int64]
    gaps: Gaps


@dataclass(frozen=True, slots=True)
class StoredTags:
    """The tags of one block at its place in the log. ``late``: they came too late for the panes."""

    context: BlockContext
    offset: int
    runs: TagRuns
    late: bool = False


def tag_rows(blocks: Sequence[StoredTags]) -> pa.Table:
    """Rows of ``tag_runs``, in the order of the blocks. No step takes time per tag but copying and the checksum."""
    runs = [block.runs for block in blocks]
    per_block = np.array([run.channel.size for run in runs], np.int64)

    def of_block(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(pa.array(np.repeat(np.arange(per_block.size), per_block)))

    def joined(parts: list[npt.NDArray[np.generic]], dtype: type[np.generic]) -> npt.NDArray[np.generic]:
        return np.concatenate(parts) if parts else np.empty(0, dtype)

    sizes = joined([np.diff(run.offsets) for run in runs], np.int64)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    gaps = joined([run.gaps for run in runs], np.uint32)
    t0_ps = joined([run.t0_ps for run in runs], np.int64)
    origin_unix_ns = of_block([block.context.origin_unix_ns for block in blocks], pa.int64())
    schema = SCHEMAS[TAG_RUNS]
    return pa.table(
        {
            "domain": of_block([block.context.domain for block in blocks], pa.string()),
            "source": of_block([block.context.source for block in blocks], pa.string()),
            "device": of_block([block.context.device for block in blocks], pa.string()),
            "run": of_block([block.context.run for block in blocks], pa.string()),
            "channel": pa.array(joined([run.channel for run in runs], np.uint8)),
            "origin_unix_ns": origin_unix_ns,
            "t0_ps": pa.array(t0_ps),
            "last_ps": pa.array(joined([run.last_ps for run in runs], np.int64)),
            "time": pa.array(origin_unix_ns.to_numpy() + t0_ps // _PS_PER_NS, pa.int64()).cast(schema.field("time").type),
            "n": pa.array(sizes.astype(np.uint32)),
            "gaps": pa.ListArray.from_arrays(pa.array(offsets), pa.array(gaps)),
            "sequence": of_block([block.context.sequence for block in blocks], pa.uint64()),
            "offset": of_block([block.offset for block in blocks], pa.uint64()),
            "crc": pa.array([google_crc32c.value(gaps[a:b]) for a, b in pairwise(offsets)], pa.uint32()),
            "late": of_block([block.late for block in blocks], pa.bool_()),
        },
        schema=schema,
    )
