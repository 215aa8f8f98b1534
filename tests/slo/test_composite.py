from fractions import Fraction

import pytest

from slo.composite import Reading, combine, cycle, leaves, nominal_budget, read_whole
from slo.objective import Composite, Mode, Part

A = Part("a", Fraction(1), Fraction("0.9"))
B = Part("b", Fraction(3), Fraction("0.99"))
TENTH, HALF = Fraction(1, 10), Fraction(1, 2)


@pytest.mark.parametrize(
    ("mode", "error_ratio", "budget"),
    [
        (Mode.WEIGHTED, Fraction(1, 4) * HALF + Fraction(3, 4) * TENTH, Fraction(1, 4) * TENTH + Fraction(3, 4) / 100),
        (Mode.WORST, TENTH, Fraction(1, 100)),
        (Mode.SERIAL, 1 - HALF * Fraction(9, 10), 1 - Fraction("0.9") * Fraction("0.99")),
    ],
)
def test_the_formulae(mode: Mode, error_ratio: Fraction, budget: Fraction) -> None:
    assert combine(mode, [(A, HALF), (B, TENTH)]) == Reading(error_ratio, budget)


@pytest.mark.parametrize("mode", Mode)
def test_a_part_without_events_is_left_out_and_without_any_nothing_is_known(mode: Mode) -> None:
    assert combine(mode, [(A, None), (B, TENTH)]) == Reading(TENTH, B.budget)
    assert combine(mode, [(A, None)]) is None


def test_burn_rate_is_ratio_over_budget_as_everywhere() -> None:
    assert Reading(HALF, TENTH).burn_rate == 5


def test_the_budget_of_the_worst_part_bounds_its_factors() -> None:
    assert nominal_budget(Composite(Mode.WORST, (A, B))) == Fraction(1, 100)
    assert nominal_budget(Composite(Mode.SERIAL, (A, B))) == 1 - Fraction("0.891")


def test_cycles_are_found_over_any_way() -> None:
    def whole(*names: str) -> Composite:
        return Composite(Mode.SERIAL, tuple(Part(name, Fraction(1), HALF) for name in names))

    tangled = {"a": whole("x", "b"), "b": whole("y", "c"), "c": whole("a"), "d": whole("a")}
    assert cycle("a", tangled) == ("a", "b", "c", "a")
    assert cycle("d", tangled) == ()
    assert cycle("e", {"e": whole("e")}) == ("e", "e")


def test_composites_in_composites_are_read_from_the_inside() -> None:
    inner = Composite(Mode.WORST, (A, B))
    outer = Composite(Mode.SERIAL, (Part("inner", Fraction(1), Fraction("0.9")), A))
    known = {"inner": inner, "outer": outer}
    assert leaves(outer, known) == [A.objective, B.objective, A.objective]
    ratios = [(A.objective, HALF), (A.objective, None), (B.objective, TENTH)]
    worst = combine(Mode.WORST, [(A, HALF), (B, TENTH)])
    assert worst is not None
    assert read_whole(inner, known, ratios) == worst
    assert read_whole(outer, known, ratios) == combine(Mode.SERIAL, [(outer.parts[0], worst.error_ratio), (A, HALF)])
    assert read_whole(outer, known, []) is None
