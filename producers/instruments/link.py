"""The way to one instrument: ask, get an answer. Whatever stands behind it, nothing but questions goes over it."""

from collections.abc import Callable
from typing import Protocol

from producers.instruments.profile import Instrument, Profile


class Link(Protocol):
    """Used from one thread at a time."""

    def ask(self, query: str) -> str:
        """The answer, without what terminates it. Raises LinkError: none came in time, or the way is broken."""

    def close(self) -> None:
        """Let the instrument go. Never raises."""


Connect = Callable[[Instrument, Profile], Link]
"""Makes a link. Raises LinkError: nobody answers; InstrumentError: it can never work as it is described."""
