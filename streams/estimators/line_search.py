"""The exact line between two clocks that are known to a few microseconds: along it, and nowhere else, shared tags pile up."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from schemas.block import Times
from streams.estimators.peak_fit import Peak, fit_peak
from streams.estimators.sloped_sums import sloped_sums
from streams.kernels.axis import TauAxis
from streams.kernels.clock_line import ClockLine
from streams.kernels.residuals import ROUNDING_PS, count_residuals

_WIDEST_BOX = 64  # bins that are summed to find a broad peak
_ZOOM = 16  # bins of a closer look in a box of the one before
_FIT_BOXES = 6  # half range of the fit
_FIT_BINS = 400
_CORE = 3.0  # widths of the peak that are counted against the rest
_BESIDE = 3  # cores on either side of the peak that are not yet the rest
_STEPS = 6  # in which a core is moved over the rest
_ABOVE, _RIVAL = 1.1, 1e-4  # a peak is that many times above all others, but for this probability

_Tags = tuple[Times, Times]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where to look: in the middle of ``guess`` within ``half_range_ps`` of its offset, and within ``most_slope`` of its slope.

    ``bin_ps`` is the bin of the first look; later ones look as closely as the peak is narrow.
    """

    guess: ClockLine
    half_range_ps: int
    most_slope: float
    bin_ps: int

    @property
    def rows(self) -> int:
        """Parts of the time, a power of two: within each the slope is blurred over a bin."""
        return 1 << max(0, int(np.ceil(2 * self.most_slope * self.guess.span_ps / self.bin_ps)) - 1).bit_length()

    @property
    def lowest(self) -> ClockLine:
        """The line of the lowest slope through the guess's middle."""
        guess, half_ps = self.guess, self.guess.span_ps / 2
        slope = guess.rise_ps / guess.span_ps - self.rows * self.bin_ps / guess.span_ps / 2
        return ClockLine.between(guess.start_ps, guess.end_ps, guess.at(guess.start_ps + half_ps) - slope * half_ps, slope)


@dataclass(frozen=True, slots=True)
class FoundLine:
    """The line, the peak around it (its position already taken into the line), and the slope's uncertainty (one sigma, ps/ps)."""

    line: ClockLine
    peak: Peak
    slope_error: float


@dataclass(frozen=True, slots=True)
class _Steepest:
    """The middle of the fullest box along any line, the box's width, and how many were looked at."""

    line: ClockLine
    box_ps: int
    cells: int


def find_line(ours_ps: Times, other_ps: Times, where: Surroundings, false_alarm: float) -> FoundLine | None:
    """The line in ``where`` along which the two clocks' tags (sorted, int64) pile up.

    None where none is above chance (of probability ``false_alarm``), or above everything else: light in pulses has many lines,
    and only one of them holds shared tags.
    """
    tags = ours_ps, other_ps
    if (first := _steepest(tags, where)) is None:
        return None
    best, bin_ps = first, where.bin_ps
    while bin_ps > 1:
        former_ps, bin_ps = best.box_ps, max(1, best.box_ps // _ZOOM)
        closer = _steepest(tags, Surroundings(best.line, 2 * former_ps, 2 * former_ps / best.line.span_ps, bin_ps))
        if closer is None:
            return None
        best = closer
        if 2 * best.box_ps > former_ps:
            break
    line = best.line
    if (peak := _peak(tags, line, best.box_ps)) is None:
        return None
    line = ClockLine(line.start_ps, line.span_ps, line.offset_ps + round(peak.position_ps), line.rise_ps)
    if not _stands_out(tags, line, where.half_range_ps, peak.width_ps, false_alarm / first.cells):
        return None
    return FoundLine(line, peak, max(bin_ps, peak.width_ps / 2) / line.span_ps)


def _steepest(tags: _Tags, where: Surroundings) -> _Steepest | None:
    low, rows, bin_ps = where.lowest, where.rows, where.bin_ps
    reach = where.half_range_ps // bin_ps + rows // 2 + 1
    picture = count_residuals(*tags, low, TauAxis.symmetric(reach * bin_ps, bin_ps), rows)
    if picture is None or not picture.any():
        return None
    sums = sloped_sums(picture)
    usual = float(picture.sum(dtype=np.int64)) / picture.shape[1]
    boxes, widest = [], min(_WIDEST_BOX, 1 << (sums.shape[1] // 4).bit_length())
    box = 1
    while True:
        rise, place = divmod(int(np.argmax(sums)), sums.shape[1])
        boxes.append((np.sqrt(float(sums[rise, place]) + 0.375) - np.sqrt(usual * box + 0.375), box, rise, place))
        if box >= widest:
            break
        sums = sums[:, :-box] + sums[:, box:]
        box *= 2
    _, box, rise, place = max(boxes)
    first_row_ps = low.start_ps + low.span_ps / rows / 2
    slope = (low.rise_ps + rise * bin_ps * rows / max(rows - 1, 1)) / low.span_ps
    offset_ps = low.at(first_row_ps) + (place + box / 2 - reach) * bin_ps - slope * (first_row_ps - low.start_ps)
    return _Steepest(ClockLine.between(low.start_ps, low.end_ps, offset_ps, slope), box * bin_ps, picture.size * len(boxes))


def _peak(tags: _Tags, line: ClockLine, box_ps: int) -> Peak | None:
    bin_ps = max(1, 2 * _FIT_BOXES * box_ps // _FIT_BINS)
    axis = TauAxis.symmetric(_FIT_BOXES * box_ps // bin_ps * bin_ps, bin_ps)
    rows = count_residuals(*tags, line, axis)
    if rows is None:
        return None
    below = float(np.median(rows[0]))
    start = Peak(0.0, 0.0, box_ps / 2, float(rows[0].sum()) - below * axis.bins, below)
    return fit_peak(rows[0], axis.first_edge_ps - ROUNDING_PS, axis.bin_width_ps, start)


def _stands_out(tags: _Tags, line: ClockLine, half_range_ps: int, width_ps: float, false_alarm: float) -> bool:
    """Whether the core at the line holds more than chance would bring, and more than any other place in the range."""
    bin_ps = max(1, round(_CORE * width_ps / _STEPS))
    rows = count_residuals(*tags, line, TauAxis.symmetric(max(half_range_ps // bin_ps, 4 * _BESIDE * _STEPS) * bin_ps, bin_ps))
    if rows is None:
        return False
    cores = np.convolve(rows[0].astype(np.int64), np.ones(_STEPS, np.int64), mode="valid")
    middle = (rows.size - _STEPS) // 2
    inside = int(cores[middle])
    others = np.delete(cores, slice(middle - _BESIDE * _STEPS, middle + _BESIDE * _STEPS + 1))
    if not inside or special.pdtrc(inside - 1, max(float(others.mean()), 1e-12)) >= false_alarm:
        return False
    return bool(special.bdtrc(inside - 1, inside + int(others.max()), _ABOVE / (1 + _ABOVE)) < _RIVAL)
