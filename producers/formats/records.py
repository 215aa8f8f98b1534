"""What every reader yields, and how ticks of any clock become whole picoseconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from producers.errors import RecordingError
from schemas.block import Times

RECORDS_A_READ = 1 << 18
"""Records a reader decodes at once: bounds the memory of a replay whatever the size of the file."""
LATEST_PS = 1 << 62
"""Times stay below: half of what int64 holds, so that sums and differences of times cannot overflow."""


Spans = tuple[tuple[int, int], ...]
"""Intervals [start, end) in ps, ascending, without overlap."""


@dataclass(frozen=True, slots=True)
class Records:
    """A stretch of a file, in file order.

    ``time_ps`` int64, ``channel`` any integer type, equally long: tags only. ``reached_ps`` is the time that the file's clock is
    known to have reached (None where only its tags tell); ``markers`` and ``overflows`` are the records that were no tags.
    """

    time_ps: Times
    channel: npt.NDArray[np.integer[Any]]
    reached_ps: int | None = None
    markers: int = 0
    overflows: int = 0


class Reader(Protocol):
    """One file, opened and its header judged. ``records`` may be called again and starts over each time."""

    @property
    def format(self) -> str:
        """For people, for example ``PicoQuant PTU T2``."""
        ...

    @property
    def resolution_ps(self) -> int: ...

    @property
    def period_ps(self) -> float | None:
        """Excitation period, where the file states it."""
        ...

    @property
    def starts_at_zero(self) -> bool:
        """Whether the file's clock is known to read 0 where the recording starts."""
        ...

    @property
    def inputs(self) -> tuple[int, ...]:
        """Inputs that the file says were on, whether or not a tag came; empty where it does not say."""
        ...

    @property
    def lost(self) -> Spans:
        """On the file's clock: what the file says was lost."""
        ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def records(self) -> Iterator[Records]:
        """Yield all records, at most about RECORDS_A_READ at once.

        Raises:
            RecordingError: the records contradict the header, or themselves.
        """
        ...


def to_ps(ticks: npt.NDArray[Any], tick_ps: Fraction, where: str, late_ps: npt.NDArray[np.floating[Any]] | None = None) -> Times:
    """Whole picoseconds of a clock's ticks (unsigned or signed integers), plus ``late_ps``, rounded once, half to even.

    Whole picoseconds of the tick are multiplied exactly. Only its fraction goes through a float64, so the time before rounding is
    exact to 2**-12 ps for 2**40 ticks (four hours of an 80 MHz sync) and to 2**-6 ps for 2**46.

    Raises:
        RecordingError: a time beyond what int64 picoseconds hold; ``where`` names it.
    """
    if ticks.size == 0:
        return np.empty(0, np.int64)
    farthest = max(int(ticks.max()), -int(ticks.min()))
    if farthest * tick_ps >= LATEST_PS:
        raise RecordingError(
            f"{where}: a time of {float(farthest * tick_ps):.3g} ps is beyond the {LATEST_PS / 8.64e16:.0f} days that fit: "
            "the file is damaged or not of this format"
        )
    whole, fraction = divmod(tick_ps, 1)
    count = ticks.astype(np.int64)
    time_ps = count * int(whole)
    if fraction:
        parts = count * float(fraction)
        time_ps += np.rint(parts if late_ps is None else parts + late_ps).astype(np.int64)
    elif late_ps is not None:
        time_ps += np.rint(late_ps).astype(np.int64)
    return time_ps


def one_line(error: Exception) -> str:
    """What a library says of a damaged file, as part of a one-line refusal."""
    return " ".join(str(error).split()) or type(error).__name__
