from fractions import Fraction

import pytest

from slo.errors import DefinitionError
from slo.located import Located, parse


def one(text: str) -> Located:
    (found,) = parse(text, "a.yaml")
    return found


@pytest.mark.parametrize(
    ("written", "value"),
    [("99.9", "99.9"), ("0.1", "0.1"), ("1e-3", "0.001"), (".5", "0.5"), ("-2", "-2"), ("'0.5'", "0.5")],
)
def test_numbers_are_what_is_written(written: str, value: str) -> None:
    assert one(written).number() == Fraction(value)


@pytest.mark.parametrize("written", ["half", "1/2", "nan", ".inf", "1e400", "1e-99", "''", "[1]"])
def test_no_number(written: str) -> None:
    with pytest.raises(DefinitionError, match=r"a\.yaml:1:1: .*; write"):
        one(written).number()


@pytest.mark.parametrize(
    ("written", "seconds"), [("10s", 10), ("5m", 300), ("6h", 21_600), ("30d", 2_592_000), ("4w", 2_419_200)]
)
def test_durations(written: str, seconds: int) -> None:
    assert one(written).duration_s() == seconds


@pytest.mark.parametrize("written", ["0m", "5", "m", "1M", "-5m", "5 m", "1.5h", "9" * 5_000 + "d", "٣d"])
def test_no_duration(written: str) -> None:
    with pytest.raises(DefinitionError, match="not a duration"):
        one(written).duration_s()


def test_places_and_paths_are_named() -> None:
    fields = one("spec:\n  objectives:\n    - target: x\n").fields()
    target = fields["spec"].fields()["objectives"].items()[0].fields()["target"]
    with pytest.raises(DefinitionError) as caught:
        target.number()
    assert str(caught.value) == ("a.yaml:3:15: spec.objectives[0].target is `x`, not a number; write a decimal such as 0.999")
    assert (caught.value.place.line, caught.value.place.column) == (3, 15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("threshold: 1\nthreshold: 2", "a.yaml:2:1: threshold stands twice"),
        ("tresh: 1", "did you mean `threshold`?"),
        ("zzz: 1", "known here: threshold"),
        ("[1]", "must be a mapping"),
    ],
)
def test_fields_are_checked(text: str, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        one(text).fields(("threshold",))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"), [("a: [1\nb: 2", 2), ("a: b: c", 1), ("\ta: 1", 1), ("x: *nowhere", 1), ("a: \x00", 1)]
)
def test_not_yaml(text: str, line: int) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(text, "a.yaml")
    assert caught.value.place.line == line
    assert "not YAML" in str(caught.value)


def test_empty_documents_are_none() -> None:
    assert parse("---\n---\n", "a.yaml") == []
    assert len(parse("a: 1\n---\n\n---\nb: 2\n", "a.yaml")) == 2


def test_flags() -> None:
    assert one("true").flag()
    assert not one("False").flag()
    with pytest.raises(DefinitionError, match="write true or false"):
        one("maybe").flag()


def test_nesting_has_an_end() -> None:
    for opening in ("[", "{a: ", "- "):
        with pytest.raises(DefinitionError, match="nested too deeply"):
            parse(opening * 1_000_000, "a.yaml")
    (deep,) = parse(f"{'[' * 100}1{']' * 100}", "a.yaml")
    for _ in range(100):
        (deep,) = deep.items()
    assert deep.number() == 1
