"""Failure modes by their signs: what fits best comes first, and says what it rests on."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from slo.diagnosis import FailureMode, hints, likely
from slo.symptoms import Movement

UP, DOWN, STILL, SILENT = Movement.UP, Movement.DOWN, Movement.STILL, Movement.SILENT


def mode(name: str, **signs: Movement) -> FailureMode:
    return FailureMode(name, name, f"docs/runbooks/{name}.md", frozenset({"sps"}), signs)


MISALIGNED = mode("misaligned", light=DOWN, coupling=DOWN, actuator=UP)
WORN = mode("worn", light=DOWN, coupling=DOWN)
COLD_LOST = mode("cold lost", light=DOWN, temperature=UP)
CRASHED = mode("crashed", uptime=DOWN, telemetry=SILENT)
MODES = (COLD_LOST, CRASHED, MISALIGNED, WORN)


def best(**moved: Movement) -> str | None:
    found = hints(moved, MODES)
    return found[0].mode.id if found else None


def test_what_is_not_explained_speaks_against_a_mode_and_what_is_missing_more() -> None:
    assert best(light=DOWN, coupling=DOWN, actuator=UP, temperature=STILL) == "misaligned"
    assert best(light=DOWN, coupling=DOWN, actuator=STILL, temperature=STILL) == "worn"
    assert best(light=DOWN, coupling=STILL, actuator=STILL, temperature=UP) == "cold lost"
    assert best(uptime=DOWN, telemetry=SILENT, light=SILENT) == "crashed"


def test_a_hint_says_what_it_rests_on() -> None:
    worn = next(
        hint for hint in hints({"light": DOWN, "coupling": STILL, "temperature": UP, "other": UP}, MODES) if hint.mode is WORN
    )
    assert (worn.seen, worn.missing, worn.unexplained) == (("light",), ("coupling",), ("temperature",))
    assert worn.agreement == Fraction(1) / (1 + 1 + Fraction(1, 2))


def test_what_nobody_measured_counts_for_nobody() -> None:
    assert {hint.mode.id: hint.agreement for hint in hints({"light": DOWN}, MODES)} == {
        "misaligned": 1,
        "worn": 1,
        "cold lost": 1,
    }


def test_nothing_moved_nothing_said() -> None:
    assert hints({}, MODES) == ()
    assert hints({"light": STILL, "other": DOWN}, MODES) == ()
    assert hints({"light": UP}, MODES) == ()


@given(
    st.dictionaries(st.sampled_from(["light", "coupling", "actuator", "temperature", "uptime", "x"]), st.sampled_from(Movement))
)
def test_agreement_lies_in_its_range_and_the_order_of_modes_does_not_matter(moved: dict[str, Movement]) -> None:
    found = hints(moved, MODES)
    assert found == hints(moved, reversed(MODES))
    assert all(0 < hint.agreement <= 1 for hint in found)
    assert [hint.agreement for hint in found] == sorted((hint.agreement for hint in found), reverse=True)


def test_likely_is_what_agrees_more_than_it_disagrees_and_equals_are_both_named() -> None:
    assert [hint.mode.id for hint in likely(hints({"light": DOWN, "coupling": DOWN, "actuator": STILL}, MODES))] == ["worn"]
    equals = likely(hints({"light": DOWN, "coupling": DOWN}, MODES))
    assert [hint.mode.id for hint in equals] == ["misaligned", "worn"]
    assert likely(hints({"light": DOWN, "coupling": STILL, "actuator": STILL, "temperature": STILL}, MODES)) == ()
    assert likely(()) == ()


def test_in_a_few_words() -> None:
    found = likely(hints({"light": DOWN, "coupling": DOWN, "actuator": STILL, "temperature": STILL}, MODES[:3]))
    assert [str(hint) for hint in found] == ["misaligned (misaligned): light down, coupling down, not actuator up"]
