from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slo.series import exact, in_order, series_of, whole_numbers


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 3)), max_size=12),
    st.randoms(),
    st.booleans(),
)
def test_any_order_gives_the_same_series(rows: list[tuple[int, int, int]], random: object, large: bool) -> None:
    def of(given_rows: list[tuple[int, int, int]]) -> object:
        ends, good, bad = ([row[column] for row in given_rows] for column in range(3))
        kind = object if large else np.int64
        series, _ = in_order(np.array(ends, np.int64), np.array(good, kind), np.array(bad, kind), 1, 1)
        return list(zip(series.ends_ns, series.good, series.bad, strict=True))

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    best = {end: max((good + bad, bad, good) for other, good, bad in rows if other == end) for end, _, _ in rows}
    assert of(rows) == of(shuffled) == [(end, best[end][2], best[end][1]) for end in sorted(best)]


def test_parts_of_events_are_exact() -> None:
    series = series_of([(20, Fraction("0.1"), Fraction(1, 3)), (10, 1, 0)], 10)
    assert (series.scale, series.good.tolist(), series.bad.tolist()) == (30, [30, 3], [0, 10])


def test_numbers_beyond_machine_words_stay_exact() -> None:
    assert whole_numbers([1, 2]).dtype == np.int64
    assert whole_numbers([1 << 61, 1 << 61]).dtype == object
    word = whole_numbers([1 << 40])
    assert exact(word, 1000).dtype == np.int64
    assert int(exact(word, 1 << 30)[0]) * (1 << 30) == 1 << 70
