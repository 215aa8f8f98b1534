"""One measured figure and the bar that it is held against."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """``bar`` in words; ``met`` None where there is no bar."""

    what: str
    figure: str
    bar: str = ""
    met: bool | None = None

    def row(self) -> str:
        met = "" if self.met is None else "yes" if self.met else "**no**"
        return f"| {self.what} | {self.figure} | {self.bar} | {met} |"


def at_least(what: str, value: float, unit: str, bar: float) -> Result:
    return Result(what, f"{value:,.3g} {unit}".strip(), f"≥ {bar:g} {unit}".strip(), value >= bar)


def at_most(what: str, value: float, unit: str, bar: float) -> Result:
    return Result(what, f"{value:,.3g} {unit}".strip(), f"≤ {bar:g} {unit}".strip(), value <= bar)


def table(results: list[Result]) -> str:
    return "\n".join(["| what | measured | bar | met |", "|---|---|---|---|", *(result.row() for result in results)])
