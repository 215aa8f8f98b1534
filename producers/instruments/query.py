"""What may be sent to an instrument: questions, and nothing else. Every text on its way to one passes here."""

import re
from typing import Self

from producers.errors import InstrumentError

_HEADER = r"[*:]?[A-Za-z][A-Za-z0-9:_]*\?"
_ARGUMENT = r"[A-Za-z0-9_.+-]+"
_QUESTION = re.compile(rf"{_HEADER}(?:[ ]{_ARGUMENT}(?:,[ ]?{_ARGUMENT})*)?")
QUESTIONS_WITHOUT_MARK = frozenset({"QA", "QB", "XA", "XB"})
"""Stanford Research SR400: last and running count of counters A and B. Its older language asks without a question mark."""
_CHANGING = re.compile(r"(?:^|:)(?:INIT|LERR|TST|CAL)[A-Za-z]*(?:[0-9]*)(?::[A-Za-z]+)?\?", re.IGNORECASE)
"""Questions that do something: begin a sweep, empty an error queue, test or calibrate."""


class Query(str):
    """A question to an instrument. It cannot be made of anything that sets, starts, resets or stores something."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """
        Raises:
            InstrumentError: not one single question, or one that changes the instrument.
        """
        if text not in QUESTIONS_WITHOUT_MARK:
            if not _QUESTION.fullmatch(text):
                raise InstrumentError(
                    f"“{text[:60]}” is no question: photonwatch never writes to instruments; a query is one header that ends "
                    "with “?”, and its arguments"
                )
            if _CHANGING.search(text.lstrip("*")):
                raise InstrumentError(f"“{text[:60]}” asks, but changes the instrument; ask for what it measured last instead")
        return super().__new__(cls, text)
