"""qutools quTAG binary: a 40-byte header, then records of uint64 time (ps) and uint16 channel, little-endian."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from producers.errors import RecordingError
from producers.formats.records import LATEST_PS, RECORDS_A_READ, Records, Spans

_HEADER = 40
_RECORD = np.dtype([("time", "<u8"), ("channel", "<u2")])


@dataclass(frozen=True, slots=True)
class QutoolsReader:
    """A quTAG file of whole records. Its clock runs from the instrument's start, long before the recording."""

    path: Path
    count: int
    format: str = "qutools quTAG binary"
    resolution_ps: int = 1
    period_ps: float | None = None
    starts_at_zero: bool = False
    lost: Spans = ()
    inputs: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def records(self) -> Iterator[Records]:
        with self.path.open("rb") as file:
            file.seek(_HEADER)
            for start in range(0, self.count, RECORDS_A_READ):
                read = np.fromfile(file, _RECORD, min(RECORDS_A_READ, self.count - start))
                if read.size and read["time"].max() >= LATEST_PS:
                    at = int(np.argmax(read["time"] >= LATEST_PS))
                    raise RecordingError(
                        f"{self.path}: record {start + at} has a time of {int(read['time'][at])} ps, which no clock reaches; "
                        "the file is damaged or not of this format"
                    )
                yield Records(read["time"].astype(np.int64), read["channel"])


def open_qutools(path: Path) -> QutoolsReader:
    """Check the size.

    Raises:
        RecordingError: shorter than its header, or not of whole records.
    """
    held = path.stat().st_size - _HEADER
    if held < 0 or held % _RECORD.itemsize:
        raise RecordingError(
            f"{path}: {held + _HEADER} bytes are not a {_HEADER}-byte header and whole {_RECORD.itemsize}-byte records: it is "
            "truncated or no quTAG file; copy it again from the instrument"
        )
    return QutoolsReader(path, held // _RECORD.itemsize)
