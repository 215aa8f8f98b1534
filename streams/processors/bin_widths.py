"""Several widths of bin, each a multiple of one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.processors.count_series import WIDEST_PS, SeriesParameters

MOST_MULTIPLES = 64
MOST_BINS_WIDE = 1 << 16


@dataclass(frozen=True)
class BinWidths:
    """Bins of ``multiples`` times the width of ``series``.

    Raises:
        ValueError: no multiple or too many, one twice, one out of bounds, or bins too wide.
    """

    series: SeriesParameters
    multiples: tuple[int, ...] = (1, 10, 100, 1_000)

    def __post_init__(self) -> None:
        multiples = self.multiples
        if not 0 < len(set(multiples)) == len(multiples) <= MOST_MULTIPLES or not all(
            1 <= m <= MOST_BINS_WIDE for m in multiples
        ):
            raise ValueError(
                f"bins {multiples} times as wide: needs 1 to {MOST_MULTIPLES} different multiples from 1 to {MOST_BINS_WIDE}"
            )
        if max(self.widths_ps) > WIDEST_PS:
            raise ValueError(f"bins of {max(self.widths_ps)} ps: at most {WIDEST_PS} ps")

    @property
    def widths_ps(self) -> tuple[int, ...]:
        return tuple(multiple * self.series.width_ps for multiple in self.multiples)

    def array(self) -> npt.NDArray[np.int64]:
        """The multiples, for kernels."""
        return np.array(self.multiples, np.int64)
