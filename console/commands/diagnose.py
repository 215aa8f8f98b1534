"""``photonwatch diagnose``: what may be wrong with a device, by what moved lately."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson
from console.invocation import of
from console.refusal import ExitCode, Refusal
from console.wiring import store_address
from schemas.ids import SubjectId

if TYPE_CHECKING:
    from slo.diagnosis import Hint

_MOST = 5


def diagnose(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="A device or link.", metavar="NAME")],
    *,
    as_json: AsJson = False,
) -> None:
    """Compare what the indicators and readings of a device and its links say now with the two hours before, and name the failure
    modes that this looks like, with their runbooks. A hint, no proof.
    """
    invocation = of(context)
    from console.gameday.modes import known_modes
    from console.stored_diagnoses import LOOK_S
    from console.stored_evidence import stored_evidence
    from storage.reader import Reader

    now_unix_s = int(time.time())
    with Reader(store_address(invocation.settings, readonly=True)) as reader:
        heard = reader.heard_of(SubjectId(subject), now_unix_s - LOOK_S)
        if not heard:
            raise Refusal(
                ExitCode.NOT_FOUND,
                f"nothing was heard of “{subject}” for {LOOK_S // 3600} h",
                where="diagnose",
                do="name a device or link that tells something; “photonwatch status” says whether the platform runs",
            )
        device, _ = heard[0]
        hints = stored_evidence(reader, known_modes(), [device], now_unix_s - LOOK_S).hints(device, now_unix_s)[:_MOST]
    if as_json:
        invocation.answer({"subject": subject, "device": device, "hints": [_document(hint) for hint in hints]})
        return
    if not hints:
        invocation.terminal.print(f"{subject}: nothing moved that speaks of a failure")
        return
    from rich.table import Table

    table = Table("looks like", "", "agreement", "seen", "not seen", "not explained", "runbook", box=None, pad_edge=False)
    for hint in hints:
        signs = (", ".join(names) or "–" for names in (hint.seen, hint.missing, hint.unexplained))
        table.add_row(hint.mode.id, hint.mode.title, f"{float(hint.agreement):.0%}", *signs, hint.mode.runbook)
    invocation.terminal.print(table)


def _document(hint: "Hint") -> dict[str, object]:
    return {
        "failure": hint.mode.id,
        "title": hint.mode.title,
        "runbook": hint.mode.runbook,
        "agreement": float(hint.agreement),
        "seen": hint.seen,
        "missing": hint.missing,
        "unexplained": hint.unexplained,
    }
