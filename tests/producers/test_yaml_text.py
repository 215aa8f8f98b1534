"""Numbers as people write them."""

import math

import pytest

from producers.yaml_text import load_yaml


def test_numbers_with_exponents() -> None:
    read = load_yaml("{a: 2e9, b: -1.5E-3, c: .5e2, d: 2.e3, e: 12_500, f: 1.0e+3, g: e9, h: '2e9', i: 2e}")
    assert read == {"a": 2e9, "b": -0.0015, "c": 50.0, "d": 2000.0, "e": 12500, "f": 1000.0, "g": "e9", "h": "2e9", "i": "2e"}
    assert isinstance(read["a"], float)
    assert math.isinf(load_yaml(".inf"))


def test_nothing_is_made_of_tags() -> None:
    with pytest.raises(Exception, match="could not determine a constructor"):
        load_yaml("!!python/object/apply:os.getcwd []")
