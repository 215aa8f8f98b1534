from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.ids import SubjectId
from slo.exclusions import Exclusion, admitted, covered, inside, spread
from slo.topology import Topology

stretches = st.lists(st.tuples(st.integers(0, 120), st.integers(-3, 40)).map(lambda s: (s[0], s[0] + s[1])), max_size=6)


@settings(max_examples=300)
@given(stretches, st.fractions(0, 1, max_denominator=10), st.integers(5, 60))
def test_never_more_than_the_cap_and_no_less_than_it_allows(declared: list[tuple[int, int]], cap: Fraction, period: int) -> None:
    found = admitted(declared, cap, period)
    asked = {second for start, end in declared for second in range(start, end)}
    given_out = [second for start, end in found for second in range(start, end)]
    assert len(given_out) == len(set(given_out))
    assert set(given_out) <= asked
    for second in range(200):
        assert len([other for other in given_out if second - period < other <= second]) <= cap * period
    if cap == 1:
        assert set(given_out) == asked
    for _start, end in found:
        if end in asked and cap < 1:  # it was cut: one second more would have been too much
            assert len([other for other in given_out if end - period < other < end]) + 1 > int(cap * period)


@given(stretches, st.integers(0, 100), st.integers(0, 100))
def test_what_is_covered_and_what_lies_inside(declared: list[tuple[int, int]], start: int, length: int) -> None:
    found = admitted(declared, Fraction(1), 1)
    ends = np.arange(start + 1, start + length + 1)
    marks = inside(found, ends)
    assert marks.tolist() == [any(since < end <= until for since, until in declared) for end in ends]
    assert covered(found, start, start + length) == int(marks.sum())


def test_whom_an_exclusion_concerns() -> None:
    assert Exclusion(0, 1, "why").concerns(SubjectId("sps-1"))
    mine = Exclusion(0, 1, "why", "who", SubjectId("sps-1"))
    assert mine.concerns(SubjectId("sps-1"))
    assert not mine.concerns(SubjectId("sps-2"))


def test_what_is_planned_is_planned_for_all_that_depends_on_it() -> None:
    cryostat, source, link = (SubjectId(name) for name in ("cryostat", "source", "link"))
    topology = Topology({source: (cryostat,), link: (source,)})
    planned = [Exclusion(1, 2, "pump", subject=cryostat), Exclusion(3, 4, "audit")]
    assert {(each.subject, each.reason) for each in spread(planned, topology)} == {
        *((each, "pump") for each in (cryostat, source, link)),
        ("*", "audit"),
    }
