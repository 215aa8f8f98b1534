"""``photonwatch indicators``, and the page of the documentation that it makes."""

from pathlib import Path

from console.indicator_table import page
from console.refusal import ExitCode
from slo.catalogue import catalogue
from streams.estimators.registry import estimators
from tests.console.command_line import run


def test_lists_the_48(tmp_path: Path) -> None:
    said = run(tmp_path, "indicators", "--json")
    assert said.code == 0, said.err
    rows = said.document["indicators"]
    assert len({row["id"] for row in rows}) == len(rows) == 48
    assert {"spc.Q", "spc.C", "qic.QBER"} <= {row["id"] for row in said.document["derived"]}
    purity = next(row for row in rows if row["id"] == "sps.M1")
    assert purity["threshold"] == {"op": "lt", "value": 0.5, "text": "< 0.5"}
    assert purity["direction"] == "lower"
    assert "g2" in [each["name"] for each in purity["estimators"]]
    assert purity["estimators"][0]["parameters"]["confidence"] == 0.95


def test_one_and_those_of_a_system(tmp_path: Path) -> None:
    said = run(tmp_path, "indicators", "qdp", "sps.M1")
    assert said.code == 0
    assert "10 indicators" in said.out
    refused = run(tmp_path, "indicators", "sps.M99")
    assert refused.code == ExitCode.NOT_FOUND
    assert "no indicator “sps.M99”" in refused.err


def test_the_page_is_current() -> None:
    written = Path(__file__).parents[2] / "docs" / "indicators.md"
    assert written.read_text("utf-8") == page(catalogue(), estimators()), (
        "run: photonwatch indicators --markdown > docs/indicators.md"
    )
