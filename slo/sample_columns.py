"""Many samples of one indicator of one subject, column by column: what looks back over months reads them so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from schemas.ids import DeviceId, IndicatorId, SubjectId
from schemas.records import IndicatorSample
from slo.errors import SampleError
from slo.instant import NS
from slo.judge import Limit
from slo.objective import Criterion
from slo.series import Series

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
NOT_COUNTED = -1
"""What stands in ``counts`` where an estimate does not tell a count."""


@dataclass(frozen=True, slots=True)
class SampleColumns:
    """Samples of one device in any order, each (run, end) once.

    ``lower`` and ``upper`` are infinite where the data cannot give them; ``counted`` says whether an estimate rests on anything;
    ``counts`` are those that objectives ask for, by name.
    """

    subject: SubjectId
    indicator: IndicatorId
    device: DeviceId
    unit: str
    ends_unix_s: Whole
    lower: Floats
    upper: Floats
    counted: NDArray[np.bool_]
    counts: Mapping[str, Whole]

    def __len__(self) -> int:
        return len(self.ends_unix_s)


def columns_of(samples: Iterable[IndicatorSample], counts: Sequence[str]) -> list[SampleColumns]:
    """Samples in columns, one for each subject, indicator, device and unit; ``counts`` are the names to keep.

    A sample that comes again replaces the earlier one.
    """
    found: dict[tuple[SubjectId, IndicatorId, DeviceId, str], dict[tuple[str, int], IndicatorSample]] = {}
    for one in samples:
        key = (one.subject, one.indicator, one.device, one.estimate.unit)
        found.setdefault(key, {})[one.run, one.end_unix_s] = one
    return [_columns(key, list(rows.values()), counts) for key, rows in sorted(found.items())]


def series_of_samples(parts: Sequence[SampleColumns], criterion: Criterion) -> Series:
    """What the samples of one subject say of a criterion; those that end together, of several runs or devices, are added.

    Raises:
        SampleError: samples contradict themselves or come in another unit than the criterion's.
    """
    ends, good, bad, insufficient = ([], [], [], [])  # type: tuple[list[Whole], list[Whole], list[Whole], list[Whole]]
    for part in parts:
        for column, values in zip((ends, good, bad, insufficient), (part.ends_unix_s, *_judged(part, criterion)), strict=True):
            column.append(values)
    nothing = np.empty(0, np.int64)
    times, place = np.unique(np.concatenate([nothing, *ends]), return_inverse=True)
    summed = [_summed(np.concatenate([nothing, *column]), place, len(times)) for column in (good, bad, insufficient)]
    return Series(times * NS, summed[0], summed[1], NS, 1, summed[2])


def _judged(part: SampleColumns, criterion: Criterion) -> tuple[Whole, Whole, Whole]:
    """Good, bad and insufficient of each sample."""
    if part.unit != criterion.unit:
        raise SampleError(
            f"samples of {part.indicator} of {part.subject} come in `{part.unit}`, not `{criterion.unit}`; convert the threshold"
        )
    if criterion.events is None:
        marks = Limit(criterion.operator, criterion.threshold).judge_all(part.lower, part.upper, part.counted)
        good, bad = marks.good.astype(np.int64), marks.bad.astype(np.int64)
        return good, bad, 1 - good - bad
    total = part.counts[criterion.events.total]
    counted = part.counts[criterion.events.good or criterion.events.bad or ""]
    known = (counted >= 0) & (counted <= total) & (total > 0)
    same, other = np.where(known, counted, 0), np.where(known, total - counted, 0)
    good, bad = (same, other) if criterion.events.good else (other, same)
    return good, bad, (~known).astype(np.int64)


def _summed(values: Whole, place: Whole, size: int) -> Whole:
    total = np.zeros(size, np.int64)
    np.add.at(total, place, values)
    return total


def _columns(
    key: tuple[SubjectId, IndicatorId, DeviceId, str], rows: Sequence[IndicatorSample], counts: Sequence[str]
) -> SampleColumns:
    estimates = [row.estimate for row in rows]
    return SampleColumns(
        *key,
        ends_unix_s=np.array([row.end_unix_s for row in rows], np.int64),
        lower=np.array([-inf if each.lower is None else each.lower for each in estimates], np.float64),
        upper=np.array([inf if each.upper is None else each.upper for each in estimates], np.float64),
        counted=np.array([any(each.counts.values()) for each in estimates], np.bool_),
        counts={name: np.array([each.counts.get(name, NOT_COUNTED) for each in estimates], np.int64) for name in counts},
    )
