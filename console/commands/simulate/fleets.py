"""The fleet that commands are about, and the devices in it."""

from pathlib import Path
from typing import TYPE_CHECKING

from console.refusal import ExitCode, Refusal
from console.settings import Settings

if TYPE_CHECKING:
    from producers.fleet_file import Fleet


def fleet_of(settings: Settings, rate: float | None = None) -> "Fleet":
    """The fleet of the settings' file, or the demo fleet, as bright as ``rate`` or the settings say.

    Raises:
        FleetError: the file cannot be used.
        Refusal: no such rate.
    """
    from producers.fleet_file import demo_fleet, load_fleet, scaled

    factor = settings.fleet.rate if rate is None else rate
    if not 0 < factor < float("inf"):
        raise Refusal(ExitCode.USAGE, f"{factor:g} times the rate is none", where="--rate", do="give a number above 0")
    fleet = load_fleet(Path(settings.fleet.file).expanduser()) if settings.fleet.file else demo_fleet()
    return fleet if factor == 1 else scaled(fleet, factor)


def named(what: str, name: str, known: list[str]) -> str:
    """The name, if it is known.

    Raises:
        Refusal: it is not.
    """
    if name not in known:
        shown = known if len(known) <= 20 else [*known[:20], "…"]
        raise Refusal(
            ExitCode.NOT_FOUND, f"the fleet has no {what} “{name}”", where="fleet", do=f"name one of: {', '.join(shown)}"
        )
    return name
