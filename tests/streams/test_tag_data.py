"""Tags as the data of estimators: what was put into simulated tags comes back by channels and windows that are named."""

from dataclasses import replace

import numpy as np
import pytest

from schemas.block import Loss
from schemas.measurements import DelayHistogram, DetectorCounts, HeraldedCounts, PairCounts, Trials
from schemas.panes import PaneParameters
from streams.errors import AnalysisError
from streams.estimators.registry import estimators
from streams.tag_data import TagOptions, TagSource, data_of, options_of
from tests.streams.tag_streams import segment

SYNC, HERALD, FIRST, SECOND = 0, 1, 2, 3
PERIOD, DELAY, JITTER, SECONDS = 100_000, 5_000, 80, 2


def made(seed=1, heralds=20_000, efficiency=0.3, double=0.02):
    """Heralds at random pulses; a partner goes into one of two detectors, now and then into both. Every 10th trigger is told."""
    generator = np.random.default_rng(seed)
    pulse = np.sort(generator.choice(SECONDS * 10**12 // PERIOD - 2, heralds, replace=False))
    at = pulse * PERIOD
    partner = generator.random(heralds) < efficiency
    both = partner & (generator.random(heralds) < double)
    into_first = generator.random(heralds) < 0.5

    def blur(count):
        return generator.normal(0, JITTER, count).round().astype(np.int64)

    parts = [
        (np.arange(0, SECONDS * 10**12 - PERIOD, 10 * PERIOD), SYNC),
        (at + 1_000 + blur(heralds), HERALD),
        (at[partner & (into_first | both)] + 1_000 + DELAY + blur(np.count_nonzero(partner & (into_first | both))), FIRST),
        (at[partner & (~into_first | both)] + 1_000 + DELAY + blur(np.count_nonzero(partner & (~into_first | both))), SECOND),
    ]
    time_ps = np.concatenate([times for times, _ in parts])
    channel = np.concatenate([np.full(times.size, number, np.uint8) for times, number in parts])
    order = np.argsort(time_ps, kind="stable")
    return segment(time_ps[order], channel[order], 0, SECONDS * 10**12, (HERALD, FIRST, SECOND))


@pytest.fixture(scope="module")
def source():
    tags = made()
    return TagSource(lambda: iter([tags]), (HERALD, FIRST, SECOND), (SYNC,))


def get(source, kind, **options):
    return data_of(source, kind, TagOptions(**options), PaneParameters())


def test_clicks_and_their_triggers(source):
    found, _ = get(source, DetectorCounts)
    assert found.triggers == SECONDS * 10**12 // PERIOD // 10
    assert found.integration_s == pytest.approx(SECONDS)
    alone, _ = get(source, DetectorCounts, channels="1", period_ps=PERIOD, dark_counts=5, dark_s=10.0)
    assert alone.detected == 20_000
    assert alone.triggers == SECONDS * 10**12 // PERIOD
    assert (alone.dark, alone.dark_s) == (5, 10.0)
    assert found.detected > alone.detected
    assert estimators()["brightness"]([alone]).estimate.value == pytest.approx(1e-3, rel=0.01)


def test_pairs_about_a_delay_that_is_told_or_found(source):
    told, notes = get(source, PairCounts, channels="1,2", delay_ps=DELAY, accidental_shift_ps=30_000)
    assert notes == ()
    found, notes = get(source, PairCounts, channels="1,2")
    assert "delay_ps=" in notes[0]
    assert found.coincidences == told.coincidences
    assert (told.heralds, told.accidental_windows) == (20_000, 2)
    estimate = estimators()["heralding-efficiency"]([told]).estimate
    assert estimate.lower < 0.3 * 0.51 < estimate.upper
    backwards, _ = get(source, PairCounts, channels="2,1")
    assert backwards.coincidences == pytest.approx(told.coincidences, abs=2)


def test_heralded_light(source):
    found, _ = get(source, HeraldedCounts, channels="1,2,3", delay_ps=DELAY)
    assert found.heralds == 20_000
    assert found.both == pytest.approx(20_000 * 0.3 * 0.02, rel=0.3)
    assert estimators()["g2-heralded"]([found]).estimate.value == pytest.approx(found.both * 20_000 / found.first / found.second)


def test_arrivals_after_the_trigger(source):
    found, _ = get(
        source, DelayHistogram, of="arrivals", channels="1", period_ps=float(PERIOD), bin_width_ps=20, half_range_ps=1_000_000
    )
    assert found.of == "arrivals"
    assert sum(found.counts) == pytest.approx(20_000, abs=60)
    estimate = estimators()["arrival-jitter"]([found]).estimate
    assert estimate.lower < JITTER < estimate.upper
    assert estimate.parameters["arrival_ps"] == pytest.approx(1_000, abs=10)


def test_arrivals_in_the_period_that_the_file_counts_by():
    tags = made()
    without = TagSource(lambda: iter([tags]), (HERALD, FIRST, SECOND), (), float(PERIOD))
    found, _ = get(without, DelayHistogram, of="arrivals", channels="1", bin_width_ps=20)
    assert sum(found.counts) == 20_000
    estimate = estimators()["arrival-jitter"]([found]).estimate
    assert estimate.lower < JITTER < estimate.upper


def test_what_was_lost_is_no_time_in_which_anything_could_arrive():
    tags = replace(made(), losses=(Loss(0, SECONDS * 10**12 // 4),))
    source = TagSource(lambda: iter([tags]), (HERALD, FIRST, SECOND), (), float(PERIOD))
    found, _ = get(source, DelayHistogram, of="arrivals", channels="1")
    assert found.integration_s == pytest.approx(SECONDS * 0.75)
    assert found.triggers == round(SECONDS * 0.75e12 / PERIOD)


def test_coincidences_know_their_singles(source):
    found, _ = get(source, DelayHistogram, channels="1,2")
    tags = made()
    singles = [int((tags.channel == number).sum()) for number in (1, 2)]
    assert found.accidentals_per_ps == pytest.approx(singles[0] * singles[1] / (SECONDS * 1e12))


@pytest.mark.parametrize(
    ("kind", "options", "what"),
    [
        (PairCounts, {}, "two numbers"),
        (PairCounts, {"channels": "1"}, "two numbers"),
        (HeraldedCounts, {"channels": "1,2"}, "three numbers"),
        (DetectorCounts, {"channels": "a"}, "channels is “a”"),
        (DelayHistogram, {"channels": "1,9"}, "channel 9 holds no tags"),
        (DelayHistogram, {"bin_width_ps": 3}, "multiple of the bin"),
        (Trials, {}, "tags give no Trials"),
    ],
)
def test_what_tags_cannot_give_is_refused(source, kind, options, what):
    with pytest.raises(AnalysisError, match=what):
        get(source, kind, **options)


def test_no_trigger_and_no_live_time():
    tags = made()
    with pytest.raises(AnalysisError, match="no channel of the trigger"):
        get(TagSource(lambda: iter([tags]), (HERALD,)), DelayHistogram, of="arrivals")
    empty = segment(np.empty(0, np.int64), np.empty(0, np.uint8), 0, 0, (1, 2))
    with pytest.raises(AnalysisError, match="no live time"):
        get(TagSource(lambda: iter([empty]), (1, 2)), DetectorCounts)


def test_options_are_texts():
    assert options_of({"bin_width_ps": "50", "dark_s": "2.5"}) == TagOptions(bin_width_ps=50, dark_s=2.5)
    with pytest.raises(AnalysisError, match="bin_width_ps"):
        options_of({"bin_width_ps": "wide"})
