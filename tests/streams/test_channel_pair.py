import pytest

from streams.channel_pair import ChannelPair, choose_pair
from streams.errors import AnalysisError

TAGS = {0: 50, 1: 70, 2: 60, 5: 900, 6: 0}


def test_the_two_brightest_detectors_are_taken_and_it_is_said():
    assert choose_pair((0, 1, 2), TAGS) == ChannelPair((1, 2), "the two brightest of 3 detectors")
    assert choose_pair((0, 1, 6), TAGS) == ChannelPair((0, 1), "the only two detectors")
    assert choose_pair((0, 1, 2), {0: 5, 1: 5, 2: 5}).channels == (0, 1)


def test_wanted_channels_are_taken_whatever_their_role():
    assert choose_pair((0, 1, 2), TAGS, (5, 0)) == ChannelPair((0, 5), "as asked for")


@pytest.mark.parametrize(
    ("detectors", "wanted", "what"),
    [
        ((0, 1), (0, 6), "channel 6 holds no tags"),
        ((0, 1), (1, 1), "with itself"),
        ((0, 6), None, "two detectors"),
        ((), None, "two"),
    ],
)
def test_what_cannot_be_is_refused_with_what_there_is(detectors, wanted, what):
    with pytest.raises(AnalysisError, match=what) as caught:
        choose_pair(detectors, TAGS, wanted)
    assert "5 (900 tags)" in str(caught.value)
