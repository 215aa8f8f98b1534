"""The failure modes that the platform knows, as the catalogue of failures lists them."""

from collections.abc import Iterable

from producers.fault_catalogue import Failure, load_failures
from slo.diagnosis import FailureMode
from slo.symptoms import Movement


def failure_modes(failures: Iterable[Failure]) -> tuple[FailureMode, ...]:
    """Of each failure what a diagnosis may know: its signs and its runbook, not what it does inside."""
    return tuple(
        FailureMode(
            id=one.id,
            title=one.title,
            runbook=f"docs/runbooks/{one.notice.runbook}.md",
            systems=one.systems,
            signs={name: Movement(sign) for name, sign in one.signs.items()},
        )
        for one in failures
    )


def known_modes() -> tuple[FailureMode, ...]:
    """Those of the shipped catalogue."""
    return failure_modes(load_failures().values())
