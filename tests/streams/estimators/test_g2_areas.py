"""g² by areas through the registry is the g² of the stream, and says which normalisation it is."""

import numpy as np
import pytest

from schemas.measurements import DelayHistogram
from schemas.panes import PaneParameters
from streams.analysis import offline
from streams.estimators.estimator import EstimatorError, choose
from streams.estimators.g2 import G2Parameters, estimate_g2
from streams.estimators.registry import estimators
from streams.tag_data import TagOptions, TagSource, data_of
from tests.streams.light import pulsed
from tests.streams.tag_streams import segment

G2 = estimators()["g2"]


@pytest.fixture(scope="module")
def light():
    made = pulsed(np.random.default_rng(5), g2=0.2, pulses=300_000, period_ps=12_500, efficiency=0.15, zero_delay_ps=23_940)
    return segment(made.time_ps, made.channel, 0, made.reached_ps, (1, 2))


@pytest.fixture(scope="module")
def data(light):
    found, notes = data_of(TagSource(lambda: iter([light]), (1, 2)), DelayHistogram, TagOptions(), PaneParameters())
    assert notes == ()
    return found


def test_offline_is_the_stream_bit_for_bit(light, data):
    total = offline([light], PaneParameters())
    stream = estimate_g2(total.histogram((1, 2)), total.accidentals_per_ps((1, 2)), G2Parameters())
    assert G2([data]).estimate == stream.near
    assert G2([data], {"normalisation": "far"}).estimate == stream.far
    assert stream.near.lower < 0.2 < stream.near.upper


def test_tags_are_counted_by_areas_and_bare_histograms_fitted(data):
    able = [estimators()[name] for name in ("g2-overlap", "g2-cw-fit", "g2")]
    bare = DelayHistogram(of="coincidences", start_ps=data.start_ps, bin_width_ps=data.bin_width_ps, counts=data.counts)
    assert choose(able, [data], {}).name == "g2"
    assert choose(able, [bare], {}).name == "g2-overlap"
    assert choose(able, [bare], {"cw_window_ps": "500"}).name == "g2"
    flat = DelayHistogram(of="coincidences", start_ps=0.0, bin_width_ps=100.0, counts=(9, 8, 11, 9) * 100)
    assert choose(able, [flat], {}).name == "g2-cw-fit"
    with pytest.raises(EstimatorError, match="wanted is delay-histogram"):
        choose(able, [3], {})


def test_background_is_taken_off_and_the_raw_value_kept(data):
    plain, cleaned = G2([data]), G2([data], {"background_per_peak": 50})
    assert cleaned.raw == pytest.approx(plain.corrected)
    assert cleaned.corrected < plain.corrected


@pytest.mark.parametrize("normalisation", ["near", "far"])
def test_a_sequence_is_wider_and_says_what_it_is(data, normalisation):
    once, often = (G2([data], {"normalisation": normalisation, "interval": kind}).estimate for kind in ("fixed", "time-uniform"))
    assert once.parameters["interval"] == "fixed"
    assert "confidence sequence" in often.method
    assert "confidence sequence" not in once.method
    assert often.lower < once.lower < once.value < once.upper < often.upper


@pytest.mark.parametrize("normalisation", ["near", "far"])
def test_more_counts_narrow_it_as_the_same_law_says(data, normalisation):
    found = G2([data], {"normalisation": normalisation})
    assert found.interval_of(1.0) == pytest.approx((found.estimate.lower, found.estimate.upper))
    assert found.interval_of(100.0)[1] - found.interval_of(100.0)[0] == pytest.approx(
        (found.estimate.upper - found.estimate.lower) / 10, rel=0.05
    )


def test_cross_talk_on_one_side_is_said(data):
    assert not any("cross-talk" in warning for warning in G2([data]).estimate.warnings)
    counts = np.array(data.counts)
    late = data.start_ps + np.arange(counts.size) * data.bin_width_ps
    counts += np.random.default_rng(1).poisson(9 * np.exp(-(((late - 60_000) / 8_000) ** 2)))
    crossed = DelayHistogram(
        of="coincidences",
        start_ps=data.start_ps,
        bin_width_ps=data.bin_width_ps,
        counts=tuple(counts.tolist()),
        accidentals_per_ps=data.accidentals_per_ps,
    )
    assert any("cross-talk" in warning for warning in G2([crossed]).estimate.warnings)


def test_far_normalisation_needs_the_singles(data):
    bare = DelayHistogram(of="coincidences", start_ps=0.0, bin_width_ps=100.0, counts=data.counts)
    with pytest.raises(EstimatorError, match="singles"):
        G2([bare], {"normalisation": "far"})
