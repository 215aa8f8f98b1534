"""The table of indicators: for scripts, and as a page of the documentation."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from console.refusal import ExitCode, Refusal
from schemas.ids import IndicatorId
from slo.catalogue import SYSTEMS, Catalogue, Indicator
from slo.exact import number_text
from streams.estimators.estimator import Estimator, kind_name

_HEAD = """# Indicators

This page is made by `photonwatch indicators --markdown` from the table that the programs use; scripts get it from
`photonwatch indicators --json`. An indicator is computed by the first of its estimators that takes the data at hand;
`photonwatch estimate ID FILE…` ([how](estimate.md)) does the same with files. Targets are starting points, to be kept by whole
confidence intervals; a site's own objectives go before them.
"""


def chosen(known: Catalogue, ids: Sequence[str]) -> tuple[Indicator, ...]:
    """The rows of these ids and systems, all where none is given, in the order of the table.

    Raises:
        Refusal: one is neither.
    """
    for each in ids:
        if each not in known and each not in SYSTEMS:
            raise Refusal(
                ExitCode.NOT_FOUND,
                f"no indicator “{each}”",
                where="command line",
                do=f"name one such as {next(iter(known))}, or a system: {', '.join(SYSTEMS)}",
            )
    return tuple(row for row in known.values() if not ids or row.id in ids or set(row.systems) & set(ids))


def the_one(known: Catalogue, name: str) -> Indicator:
    """The row of an id.

    Raises:
        Refusal: there is none.
    """
    if name in known:
        return known[IndicatorId(name)]
    near = get_close_matches(name, known, 1)
    raise Refusal(
        ExitCode.NOT_FOUND,
        f"no indicator “{name}”",
        where="command line",
        do=f"did you mean {near[0]}?" if near else "see “photonwatch indicators”",
    )


def target_text(row: Indicator) -> str:
    """The target for people; what it depends on where there is none."""
    if row.target is None:
        return row.note
    number = number_text(row.target.threshold)
    unit = "" if row.unit == "1" else f" {row.unit}"
    return f"{row.target.operator.sign} {number}{unit}" + (f" ({row.note})" if row.note else "")


def document(row: Indicator, known: Mapping[str, Estimator]) -> dict[str, Any]:
    """The JSON object of a row; parameters with their defaults, by estimator."""
    return {
        "id": row.id,
        "name": row.name,
        "unit": row.unit,
        "direction": row.better,
        "systems": list(row.systems),
        "topic": row.topic,
        "estimator": row.estimators[0] if row.estimators else None,
        "estimators": [_estimator_document(row, known[name]) for name in row.estimators],
        "threshold": None
        if row.target is None
        else {"op": row.target.operator.value, "value": float(row.target.threshold), "text": target_text(row)},
        "note": row.note or None,
        "fooled_by": row.fooled_by,
        "derived_from": list(row.derived_from),
    }


def _estimator_document(row: Indicator, estimator: Estimator) -> dict[str, Any]:
    own = {name: value for name, value in row.parameters.items() if name in estimator.parameter_names}
    return {
        "name": estimator.name,
        "summary": estimator.summary,
        "takes": [kind_name(kind) for kind in estimator.takes],
        "parameters": {**estimator.defaults, **own},
    }


def page(known: Catalogue, estimators: Mapping[str, Estimator]) -> str:
    """docs/indicators.md."""
    lines = [_HEAD]
    for prefix, title in SYSTEMS.items():
        lines += [
            f"## {title[0].upper()}{title[1:]} ({prefix})\n",
            "| id | indicator | unit | better | starting target | from topic | estimators | what fools it |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {row.id} | {row.name} | {row.unit} | {row.better} | {target_text(row) or '–'} | {row.topic} "
            f"| {', '.join(row.estimators) or '–'} | {row.fooled_by} |"
            for row in known.values()
            if prefix in row.systems
        ]
        lines.append("")
    counted = sum(not row.derived_from for row in known.values())
    derived = [row for row in known.values() if row.derived_from]
    lines += [
        f"{counted} indicators. {', '.join(row.id for row in derived)} are derived from others and not counted.\n",
        "## Estimators\n",
        "| name | what it computes | of | parameters and defaults |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {each.name} | {each.summary} | {', '.join(map(kind_name, each.takes))} "
        f"| {', '.join(f'{name}={_plain(value)}' for name, value in each.defaults.items())} |"
        for each in sorted(estimators.values(), key=lambda each: each.name)
    ]
    return "\n".join(lines) + "\n"


def _plain(value: object) -> str:
    return {None: "–", True: "true", False: "false"}.get(value, str(value)) if value in (None, True, False) else str(value)
