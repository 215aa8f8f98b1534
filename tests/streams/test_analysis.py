"""The offline analysis of simulated light, and of the real files where they are."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from producers.recording import open_recording
from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import PaneParameters
from schemas.records import Verdict
from streams.analysis import Provenance, g2_report, offline
from streams.errors import AnalysisError
from streams.estimators.g2 import G2Parameters
from streams.segment import Segment
from tests.streams.light import pulsed
from tests.streams.tag_streams import cut, segment

DATA = Path(__file__).parents[3] / "shared" / "data" / "hbt-raw-tags"


def report_of(name: str):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here: the real measurements are not part of the repository")
    recording = open_recording(path)
    detectors = tuple(channel.number for channel in recording.channels if channel.role == "detector")
    start_ps = 0

    def segments():
        nonlocal start_ps
        for chunk in recording.chunks():
            yield Segment(
                DomainId("d"),
                DeviceId("q"),
                RunId("r"),
                1_700_000_000_000_000_000,
                start_ps,
                chunk.reached_ps,
                chunk.time_ps,
                chunk.channel,
                detectors,
            )
            start_ps = chunk.reached_ps

    total = offline(segments(), PaneParameters())
    assert total.tags == dict(sorted(recording.tags.items()))
    provenance = Provenance(file=name, format=recording.format, reordered=recording.reordered, detectors=detectors)
    return g2_report(total, provenance, G2Parameters()).report


def test_the_t2_file():
    report = report_of("200204_HH400_T2_320MHz_HBT.timeres")
    assert report.tags == {0: 159_298, 1: 224_721}
    assert report.duration_s == pytest.approx(1.0, abs=1e-4)
    g2 = report.g2
    assert g2.period_ps == pytest.approx(3128.146, abs=0.1)  # 3128.146 is what the same file says over delays of 5 us
    assert g2.zero_delay_ps == pytest.approx(23_940, abs=10)
    assert g2.central_counts == 2
    assert round(g2.value, 4) == 0.0040
    assert g2.lower < 2 / 505.4 < g2.upper
    assert g2.expected_counts == pytest.approx(505.4, rel=0.02)
    assert g2.normalisation == "nearest_62"


def test_the_t3_file():
    report = report_of("200213_HH400_T3_80MHz_HBT.timeres")
    assert report.tags == {0: 160_953, 1: 235_373}
    near, far = report.g2, report.g2_far
    assert (near.normalisation, near.central_counts, near.side_peaks, near.side_counts) == ("nearest_20", 1, 20, 7511)
    assert near.zero_delay_ps == pytest.approx(23_940, abs=10)
    assert round(near.value, 4) == 0.0027
    assert (far.normalisation, far.central_counts) == ("far_lag", 1)
    assert far.expected_counts == pytest.approx(94.7, abs=0.1)
    assert round(far.value, 4) == 0.0106
    assert any("name the normalisation" in warning for warning in report.warnings)


def test_the_qutag_file():
    report = report_of("19_qutag_80MHz_HBT_sync_filtered.qutag")
    assert report.tags == {1: 79_314, 2: 94_287, 5: 94_200}
    assert report.channels == (1, 2)
    assert report.reordered == 173
    assert report.g2.period_ps == pytest.approx(12_495.6, abs=2)
    assert report.g2.zero_delay_ps == pytest.approx(-1_250, abs=10)
    assert (report.g2.central_counts, report.g2.value, report.g2.lower) == (0, 0.0, 0.0)
    assert report.g2.upper < 0.07
    assert report.g2.expected_counts == pytest.approx(44.7, rel=0.03)


@pytest.fixture(scope="module")
def stream():
    light = pulsed(np.random.default_rng(2), g2=0.1, pulses=2_000_000, period_ps=12_500, efficiency=0.1)
    return segment(light.time_ps, light.channel, 0, light.reached_ps, (1, 2))


def test_the_report_serialises_to_the_object_that_scripts_know(stream):
    analysis = g2_report(
        offline(cut(stream, [10**9, 10**10]), PaneParameters()),
        Provenance(file="a.ptu", format="PTU", reordered=3, overflows=4),
        G2Parameters(),
        judge=lambda estimate: Verdict.GOOD if estimate.upper < 0.5 else Verdict.BAD,
    )
    read = json.loads(msgspec.json.encode(analysis.report))
    assert list(read)[:9] == ["file", "format", "tags", "duration_s", "reordered", "overflows", "g2", "g2_far", "verdict"]
    assert set(read["g2"]) == set(read["g2_far"])
    assert set(read["g2"]) > {
        *("period_ps", "zero_delay_ps", "value", "lower", "upper", "confidence", "central_counts"),
        *("side_peaks", "side_counts", "normalisation", "method"),
    }
    assert read["tags"].keys() == {"1", "2"}
    assert read["verdict"] == "good"
    assert read["g2"]["lower"] < 0.1 < read["g2"]["upper"]
    assert read["duration_s"] == pytest.approx(stream.reached_ps / 1e12)


def test_the_analysis_does_not_depend_on_the_cut(stream):
    reports = [
        g2_report(offline(segments, PaneParameters()), Provenance(), G2Parameters()).report
        for segments in ([stream], cut(stream, list(range(10**9, stream.reached_ps, 10**9))))
    ]
    assert reports[0] == reports[1]


def test_channels_are_chosen_said_and_refused(stream):
    total = offline([stream], PaneParameters())
    assert g2_report(total, Provenance(), G2Parameters()).report.channels_chosen == "the only two detectors"
    assert g2_report(total, Provenance(), G2Parameters(), channels=(2, 1)).report.channels == (1, 2)
    with pytest.raises(AnalysisError, match="channel 7 holds no tags; channels with tags: 1 "):
        g2_report(total, Provenance(), G2Parameters(), channels=(1, 7))
    alone = segment(stream.time_ps, np.ones(stream.time_ps.size, np.uint8), 0, stream.reached_ps, (1, 2))
    with pytest.raises(AnalysisError, match="two detectors"):
        g2_report(offline([alone], PaneParameters()), Provenance(), G2Parameters())
