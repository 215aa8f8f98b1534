"""A refusal: what is wrong, where, and what to do about it. The only way a command says no."""

from collections.abc import Mapping
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's exit code means; scripts may rely on it.

    ========== =====================================================================
    0          done
    1          the answer is "no": a part is not ready, a check failed, a rule broken
    2          the command line is wrong
    65         the input (a file, a definition, a query) cannot be used
    66         something that was named does not exist (a file, a device, a run)
    69         the platform, or a part of it that is needed, cannot be reached
    70         a fault of photonwatch itself: please report it
    75         not finished in the time that was given; asking again may succeed
    78         the settings are wrong
    130        stopped by Ctrl-C
    ========== =====================================================================
    """

    DONE = 0
    NEGATIVE = 1
    USAGE = 2
    BAD_INPUT = 65
    NOT_FOUND = 66
    UNAVAILABLE = 69
    INTERNAL = 70
    NOT_YET = 75
    SETTINGS = 78
    INTERRUPTED = 130


class Refusal(Exception):  # noqa: N818 - it is an answer, not an accident
    """``what`` is wrong, ``where`` it is, what to ``do``: one line for people, an object for scripts.

    ``answer`` is what there is to say nevertheless; scripts get it in the same object.
    """

    def __init__(self, code: ExitCode, what: str, *, where: str, do: str, answer: Mapping[str, object] | None = None) -> None:
        super().__init__(what)
        self.code = code
        self.what = _one_line(what)
        self.where = _one_line(where)
        self.do = _one_line(do)
        self.answer = answer or {}

    def line(self) -> str:
        return f"photonwatch: {self.what} ({self.where}): {self.do}" if self.where else f"photonwatch: {self.what}: {self.do}"

    def document(self) -> dict[str, object]:
        return {**self.answer, "error": {"what": self.what, "where": self.where, "do": self.do}}


def _one_line(text: str) -> str:
    return " ".join(text.split())
