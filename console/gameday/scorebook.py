"""The scores of a campaign as they come, and the page that has a table of them."""

from collections.abc import Sequence
from pathlib import Path

from console.gameday import table
from console.gameday.score import Score
from console.refusal import ExitCode, Refusal

BEGIN, END = "<!-- scores -->", "<!-- end of scores -->"


class Scorebook:
    """Keeps scores in the order of the ``failures`` that are played. ``page``: a file whose table holds all that came, at any
    time; whoever is interrupted loses nothing.
    """

    def __init__(self, failures: Sequence[str], page: Path | None = None) -> None:
        """
        Raises:
            Refusal: the page has no place for a table.
        """
        self._failures, self._page = failures, page
        self._known: dict[str, Score] = {}
        if page is not None:
            _around(page)

    def enter(self, score: Score) -> str:
        """Take a score; what there is to say of it in one line."""
        self._known[score.failure] = score
        if self._page is not None:
            write_table(self._page, f"{table.markdown(self.scores)}\n{self.summary}.\n")
        return f"{table.line(score)} ({len(self._known)} of {len(self._failures)})"

    @property
    def scores(self) -> tuple[Score, ...]:
        return tuple(self._known[name] for name in self._failures if name in self._known)

    @property
    def wrong(self) -> tuple[str, ...]:
        return tuple(score.failure for score in self.scores if not score.passed)

    @property
    def summary(self) -> str:
        """How many of how many."""
        played, of = len(self._known), len(self._failures)
        right = played - len(self.wrong)
        return f"{right} of {of} as they should be" if played == of else f"{played} of {of} played, {right} as they should be"


def write_table(file: Path, text: str) -> None:
    """Put a table between the marks of a page, all or nothing; a file that is not there yet becomes the table alone.

    Raises:
        Refusal: the file has not both marks.
    """
    before, after = _around(file)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")
    fresh.replace(file)


def _around(file: Path) -> tuple[str, str]:
    """What stands before and after the table."""
    page = file.read_text("utf-8") if file.exists() else f"{BEGIN}\n{END}\n"
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Refusal(ExitCode.BAD_INPUT, "no place for the table", where=str(file), do=f"write {BEGIN} and {END} around it")
    return before, after
