"""Constants as SQL."""

from slo.budget_views import VIEWS
from slo.view_text import constants, numbers, quoted, shipped


def test_texts_are_quoted_and_tables_may_be_empty() -> None:
    assert quoted("it's \\ here") == "'it\\'s \\\\ here'"
    assert numbers([1, -2]) == "[1, -2]"
    assert constants({"a": "String", "b": "UInt8"}, [["'x'", "1"]]) == "SELECT * FROM values('a String, b UInt8',\n('x', 1))"
    assert constants({"a": "String"}, []) == "SELECT * FROM null('a String')"


def test_what_is_shipped_comes_without_comments() -> None:
    assert "--" not in shipped("slo_spent")
    assert len(set(VIEWS)) == len(VIEWS)
