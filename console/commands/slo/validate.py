"""``photonwatch slo validate``."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.slo.options import Files, Json
from console.invocation import Invocation, of
from console.refusal import ExitCode
from console.wiring import definition_paths

if TYPE_CHECKING:
    from slo.errors import DefinitionError


def validate(
    context: typer.Context,
    files: Files = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what is otherwise passed over with a remark: unknown fields, loose ends.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check definitions: say what stands in them, and every mistake with its file, line, column and cure."""
    invocation = of(context)
    from slo.definitions import examine

    examined = examine(definition_paths(invocation.settings, files))
    errors = examined.findings.refused(strict=strict)
    remarks = () if strict else examined.findings.remarks
    if as_json:
        invocation.answer(
            {
                **({"error": _document(errors[0])} if errors else {}),
                "valid": not errors,
                "objectives": [objective.name for objective in examined.objectives],
                "unevaluated": [{"slo": each.slo, "reason": each.reason} for each in examined.unevaluated],
                "errors": [_document(error) for error in errors],
                "remarks": [_document(remark) for remark in remarks],
            }
        )
    else:
        for objective in examined.objectives:
            invocation.terminal.print(f"[green]✓[/] {objective.name}  [dim]{objective.place}[/]")
    _say(invocation, errors, remarks)
    if errors:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _say(invocation: Invocation, errors: Iterable["DefinitionError"], remarks: Iterable["DefinitionError"]) -> None:
    for error in errors:
        invocation.notes.print(f"photonwatch: {error.what} ({error.place}): {error.cure}", markup=False)
    for remark in remarks:
        invocation.notes.print(f"remark: {remark.what} ({remark.place}): {remark.cure}", markup=False)


def _document(error: "DefinitionError") -> dict[str, object]:
    place = error.place
    return {
        "what": error.what,
        "where": str(place),
        "do": error.cure,
        "file": place.file,
        "line": place.line,
        "column": place.column,
    }
