"""Raw tags, unpacked."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.block import Times
from schemas.ids import DeviceId, RunId
from storage.reader.question import Questions

_EVER_PS = 1 << 62


class TagQuestions(Questions):
    """Asks for single tags."""

    def tags(self, device: DeviceId, run: RunId, channel: int, from_ps: int = -_EVER_PS, to_ps: int = _EVER_PS) -> Times:
        """Times of a channel's tags in [from_ps, to_ps) since the run's origin: int64, ascending, 8 bytes a tag."""
        rows = self._client.query(
            "SELECT t0_ps, last_ps, gaps, gaps_high FROM tag_runs WHERE device = {device:String} AND run = {run:String} "
            "AND channel = {channel:UInt8} AND t0_ps < {to:Int64} AND last_ps >= {from:Int64} ORDER BY t0_ps, last_ps",
            {"device": device, "run": run, "channel": channel, "from": from_ps, "to": to_ps},
        )
        runs = rows["gaps"].combine_chunks()
        steps: Times = runs.flatten().to_numpy().astype(np.int64)
        if steps.size == 0:
            return steps
        begins = runs.offsets.to_numpy()[:-1] - runs.offsets[0].as_py()
        _raise(steps, begins, rows["gaps_high"].combine_chunks())
        t0_ps, last_ps = rows["t0_ps"].to_numpy(), rows["last_ps"].to_numpy()
        # The first gap of a row is 0; put there the way from the last tag of the row before, and one sum gives all times.
        steps[begins] = t0_ps - np.concatenate(([0], last_ps[:-1]))
        time_ps: Times = np.cumsum(steps)
        if (t0_ps[1:] < last_ps[:-1]).any():
            time_ps.sort(kind="stable")
        begin, end = np.searchsorted(time_ps, (from_ps, to_ps))
        return time_ps[begin:end]


def _raise(steps: Times, begins: npt.NDArray[np.int32], highs: pa.ListArray) -> None:
    """Add the high words of the rows that have them to the gaps, of which each row's begin at ``begins``."""
    words = highs.flatten().to_numpy().astype(np.int64)
    lengths = np.diff(highs.offsets.to_numpy())
    within = np.arange(words.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    steps[np.repeat(begins, lengths) + within] += words << 32
