"""Writes tags to files that any reader opens: PTU (T2, T3), Parquet, Arrow, npz. What is written is what ``recording`` reads."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from producers.errors import RecordingError
from producers.formats.npz import LOST
from producers.formats.ptu_writer import write_ptu_t2, write_ptu_t3
from schemas.block import Channels, Loss, Times

_T3_BINS = 1 << 15


def write_tags(
    path: Path,
    time_ps: Times,
    channel: Channels,
    *,
    period_ps: float | None = None,
    losses: Sequence[Loss] = (),
    t3: bool = False,
) -> None:
    """Write sorted tags (ps since the recording's start) in the format that the suffix names. Only npz files keep ``losses``.

    ``t3``: of a PTU file, sync counts and times after the sync of this period, in bins that 15 bits can hold; times are then cut
    to the bin, 1 ps up to a period of 32 ns.

    Raises:
        RecordingError: a suffix without a format, T3 without a period or for another format, or tags that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".ptu", ".npz", *_WRITERS):
        raise RecordingError(f"{path}: no format is named by “{suffix}”; use .ptu, {', '.join(_WRITERS)}, .npz")
    if t3 and (suffix != ".ptu" or period_ps is None):
        why = "T3 is a format of .ptu files" if suffix != ".ptu" else "T3 counts sync pulses, and this source has none"
        raise RecordingError(f"{path}: {why}; write it without")
    try:
        if suffix == ".npz":
            _write_npz(path, time_ps, channel, losses)
        elif suffix != ".ptu":
            _WRITERS[suffix](path, time_ps, channel)
        elif t3 and period_ps is not None:
            _write_t3(path, time_ps, channel, period_ps)
        else:
            write_ptu_t2(path, time_ps, channel)
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path}: cannot be written ({error}); choose another place or format") from error


def _write_t3(path: Path, time_ps: Times, channel: Channels, period_ps: float) -> None:
    bin_ps = max(1, int(np.ceil(period_ps / _T3_BINS)))
    sync = np.floor(time_ps / period_ps).astype(np.int64)
    late_ps = time_ps - sync * period_ps
    # A sync a rounding error too far on would leave a time below 0.
    sync -= late_ps < 0
    late = np.rint((time_ps - sync * period_ps) / bin_ps).astype(np.int64)
    write_ptu_t3(path, sync, late, channel, sync_rate_hz=round(1e12 / period_ps), resolution_ps=bin_ps, period_ps=period_ps)


def _table(time_ps: Times, channel: Channels) -> pa.Table:
    return pa.table({"time_ps": pa.array(time_ps), "channel": pa.array(channel)})


def _write_arrow(path: Path, time_ps: Times, channel: Channels) -> None:
    table = _table(time_ps, channel)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _write_npz(path: Path, time_ps: Times, channel: Channels, losses: Sequence[Loss]) -> None:
    lost = {LOST: np.array([(loss.start_ps, loss.end_ps) for loss in losses])} if losses else {}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, time_ps=time_ps, channel=channel, **lost)


_WRITERS: Mapping[str, Callable[[Path, Times, Channels], None]] = {
    ".parquet": lambda path, time_ps, channel: pq.write_table(_table(time_ps, channel), path, compression="zstd"),
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
}
