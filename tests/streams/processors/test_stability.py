"""Second differences against plain integers, however the stream is cut, and across interruptions."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.estimators.allan import SecondDifferences
from streams.processors import stability
from streams.processors.stability import StabilityState
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.processors.test_dispersion import WIDTH_PS, WIDTHS, streams
from tests.streams.tag_streams import cut


def oracle(whole):
    """By averaging time and channel: differences of neighbouring sums of m live bins."""
    lost = [(x.start_ps, x.end_ps) for x in whole.losses if x.start_ps < x.end_ps]
    starts = range(-(-whole.start_ps // WIDTH_PS) * WIDTH_PS, whole.reached_ps - WIDTH_PS + 1, WIDTH_PS)
    found = {}
    for multiple in WIDTHS.multiples:
        for channel in (0, 4):
            times = whole.time_ps[whole.channel == channel].tolist()
            counts = {
                start: sum(start <= t < start + WIDTH_PS for t in times)
                for start in starts
                if not any(a < start + WIDTH_PS and start < b for a, b in lost)
            }
            squares = []
            for start in counts:
                run = [start + k * WIDTH_PS for k in range(2 * multiple)]
                if all(one in counts for one in run):
                    first, second = (sum(counts[one] for one in half) for half in (run[:multiple], run[multiple:]))
                    squares.append((second - first) ** 2)
            found[multiple * WIDTH_PS, channel] = SecondDifferences(
                multiple * WIDTH_PS, multiple, len(squares), sum(squares), len(counts), sum(counts.values())
            )
    return found


@settings(max_examples=150)
@given(streams(), st.data())
def test_differences_equal_the_oracle_however_the_stream_is_cut(whole, data):
    places = data.draw(st.lists(st.integers(whole.start_ps, whole.reached_ps), max_size=8))
    state, found = stability.initial(WIDTHS), {}
    for piece in cut(whole, places):
        state, found = stability.step(state, piece, WIDTHS)
        state = state_from_bytes(state_to_bytes(state), StabilityState)
    assert found == oracle(whole)
