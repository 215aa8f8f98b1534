"""Any failure of any room, said as what, where, what to do."""

import re
from pathlib import Path

import typer

from console.refusal import ExitCode, Refusal
from embedded.errors import EmbeddedError
from producers.errors import ProducerError, PublishError
from schemas.errors import SchemaError
from slo.errors import DefinitionError, SeriesError, SloError
from storage.errors import StoreError, Unavailable
from streams.errors import StreamsError

_ENGINE_SAID = re.compile(r"DB::Exception: (?P<what>.*?)(?: \(for url .*)?$", re.DOTALL)
_SYSTEM_SAID = re.compile(r"\[Errno -?\d+\] (?P<what>[^()\[\]\"']+)")


def refusal_of(error: Exception) -> Refusal:  # noqa: PLR0911 - one line a family of errors
    """What the command line says of ``error``, and with which exit code."""
    match error:
        case Refusal():
            return error
        case typer.TyperException():
            return Refusal(ExitCode.USAGE, error.format_message(), where="command line", do="see “photonwatch --help”")
        case EmbeddedError():
            return Refusal(ExitCode.UNAVAILABLE, error.what, where=error.where, do=error.do)
        case DefinitionError() | SeriesError():
            return Refusal(ExitCode.BAD_INPUT, error.what, where=str(error.place), do=error.cure)
        case Unavailable():
            where, what = _store_words(str(error))
            return Refusal(ExitCode.UNAVAILABLE, what, where=where, do="see “photonwatch status”, then try again")
        case StoreError():
            where, what = _store_words(str(error))
            return Refusal(ExitCode.BAD_INPUT, what, where=where, do="change the request: the store will refuse it again")
        case PublishError():
            return Refusal(ExitCode.UNAVAILABLE, str(error), where="kafka", do="see “photonwatch status”, then try again")
        case ProducerError() | StreamsError() | SloError() | SchemaError():
            return _split(str(error))
        case OSError():
            place = str(error.filename or "system")
            return Refusal(ExitCode.BAD_INPUT, error.strerror or str(error), where=place, do="mend that, then try again")
    return _fault(error)


def _store_words(text: str) -> tuple[str, str]:
    """Where, and what the engine itself said, without what drivers wrap around it."""
    where, colon, what = text.partition(": ")
    said = _ENGINE_SAID.search(text) or _SYSTEM_SAID.search(text)
    return where if colon else "store", said["what"] if said else what or text


def _split(text: str) -> Refusal:
    """The rooms write ``where: what; what to do`` in one text."""
    what, semicolon, do = text.rpartition("; ")
    if not semicolon:
        what, do = text, "mend that, then try again"
    where, colon, rest = what.partition(": ")
    return Refusal(ExitCode.BAD_INPUT, rest if colon else what, where=where if colon else "input", do=do)


def _fault(error: Exception) -> Refusal:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "unknown"
    what = f"a fault of photonwatch: {type(error).__name__}: {error}"
    return Refusal(ExitCode.INTERNAL, what, where=where, do="set PHOTONWATCH_DEBUG=1, run it again and report what it prints")
