"""How counts scatter and rates wander, of ``photonwatch correlate``: Mandel's Q and the Allan deviation by width of bin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from console.curves import Curve
from console.files_read import FilesRead
from console.quantities import hertz_text, picoseconds_text
from schemas.records import Estimate


@dataclass(frozen=True, slots=True)
class Scatter:
    """Of one channel in bins of one width."""

    channel: int
    width_ps: int
    mandel: Estimate
    allan: Estimate

    @property
    def shot_noise_hz(self) -> float:
        """What the deviation would be of light whose rate does not wander."""
        return float(self.allan.parameters["shot_noise_hz"] or 0.0)


@dataclass(frozen=True)
class ScatterAnswer:
    """By channel and width, both ascending."""

    read: FilesRead
    rows: tuple[Scatter, ...]

    def document(self) -> dict[str, Any]:
        """The JSON object; each estimate with its interval."""
        return {
            **self.read.document(),
            "scatter": [
                {
                    "channel": row.channel,
                    "width_ps": row.width_ps,
                    "mandel_q": msgspec.to_builtins(row.mandel),
                    "allan_deviation": msgspec.to_builtins(row.allan),
                }
                for row in self.rows
            ],
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """A row for each channel and width; NaN where the counts support no number."""
        found = {"mandel_q": [row.mandel for row in self.rows], "allan_deviation_hz": [row.allan for row in self.rows]}
        arrays = {
            "channel": np.array([row.channel for row in self.rows]),
            "width_ps": np.array([row.width_ps for row in self.rows]),
            "shot_noise_hz": np.array([row.shot_noise_hz for row in self.rows]),
        }
        for name, estimates in found.items():
            for part, suffix in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
                arrays[name + suffix] = np.array([getattr(one, part) for one in estimates], np.float64)
        return arrays

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"  channel {row.channel:<3} {picoseconds_text(row.width_ps):>12}   Q {_text(row.mandel, '{:.3g}'.format)}   "
            f"Allan deviation {_text(row.allan, hertz_text)}, shot noise {hertz_text(row.shot_noise_hz)}"
            for row in self.rows
        ]

    def heading(self) -> str:
        return f"{self.read.name}: how counts scatter in bins"

    def curves(self) -> list[Curve]:
        """Numbers have no picture."""
        return []


def _text(known: Estimate, written: Callable[[float], str]) -> str:
    if known.value is None or known.lower is None or known.upper is None:
        return f"– ({known.warnings[0]})"
    return f"{written(known.value)} [{written(known.lower)}, {written(known.upper)}]"
