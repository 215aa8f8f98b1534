"""From values to HTML: the template environment and the few words that templates use for numbers, ages and states."""

import time
from collections.abc import Mapping
from math import floor, log10
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from console.lacking_text import lacking_text
from console.quantities import hertz_text, seconds_text
from console.web.views import FleetView, State
from schemas.records import Estimate, Shortfall

_DASH = "–"


def build_environment(version: str) -> Environment:
    """Templates of this package: everything is escaped, and a name that does not exist is an error."""
    environment = Environment(
        loader=PackageLoader("console.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["version"] = version
    environment.filters.update(
        ago=ago,
        bounds=bounds,
        clock=clock,
        counted=counted,
        estimate=estimate,
        factor=factor,
        hertz=hertz_text,
        legible=legible,
        lacking=lacking,
        percent=percent,
        place=place,
        seconds=seconds_text,
        summary=summary,
        thousands=thousands,
        threshold=threshold,
    )
    return environment


def render(environment: Environment, template: str, **values: Any) -> str:
    return environment.get_template(template).render(**values)


def estimate(value: float | None) -> str:
    """Three significant digits below one, so that 0.0040 and 0.512 line up; four digits after the point at most."""
    if value is None:
        return _DASH
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}" if abs(value) < 10 else f"{value:.4g}"


def legible(of: Estimate) -> Estimate:
    """The same in a unit that suits its size, Hz and s with a prefix: 4e6 Hz are 4 MHz, 2e-5 s are 20 µs."""
    size = max((abs(each) for each in (of.value, of.lower, of.upper) if each is not None), default=0.0)
    if of.unit not in ("Hz", "s") or not size:
        return of
    power = min(3, max(-4, floor(log10(size) / 3)))
    value, lower, upper = (None if each is None else each / 1000.0**power for each in (of.value, of.lower, of.upper))
    return msgspec.structs.replace(of, value=value, lower=lower, upper=upper, unit=f"{_PREFIXES[power]}{of.unit}")


def threshold(of: Estimate, value: float) -> str:
    """A threshold of that estimate, with its unit."""
    shown = legible(msgspec.structs.replace(of, value=value, lower=None, upper=None))
    return estimate(shown.value) + ("" if shown.unit == "1" else f" {shown.unit}")


_PREFIXES = {-4: "p", -3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G"}


def factor(value: float) -> str:
    return f"{value:.3g}" if value < 100 else thousands(round(value))


def bounds(of: Estimate) -> str:
    """The interval as text; a one-sided limit says so."""
    if of.lower is None and of.upper is None:
        return "no interval"
    if of.lower is None:
        return f"< {estimate(of.upper)}"
    if of.upper is None:
        return f"> {estimate(of.lower)}"
    return f"{estimate(of.lower)} … {estimate(of.upper)}"


def lacking(what: Shortfall) -> str:
    return lacking_text(what.more, what.seconds)


def percent(ratio: float) -> str:
    amount = f"{ratio * 100:.3g}" if abs(ratio) < 10 else thousands(round(ratio * 100))
    return f"{amount}\u2009%".replace("-", "\u2212")


def place(value: float, scale: float) -> str:
    """Where a value stands on a scale from 0 to ``scale``, in percent, kept inside the picture."""
    return f"{min(100.0, max(0.0, 100.0 * value / scale if scale else 0.0)):.2f}"


def clock(unix_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(unix_s))


def ago(unix_s: float, at_unix_s: float) -> str:
    age_s = at_unix_s - unix_s
    return "now" if age_s < 3 else f"{seconds_text(float(f'{age_s:.2g}'))} ago"


def thousands(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


_WORDS: Mapping[State, str] = {
    State.BAD: "bad",
    State.SILENT: "silent",
    State.INSUFFICIENT: "with too few counts for a verdict",
    State.UNJUDGED: "not judged yet",
    State.EXCLUDED: "excluded",
    State.GOOD: "good",
}


def summary(fleet: FleetView) -> str:
    """The fleet in one sentence, the worst first."""
    if not fleet.devices:
        return "Waiting for the first word."
    parts = [
        f"{number} {words}" for state, words in _WORDS.items() if (number := sum(row.state == state for row in fleet.devices))
    ]
    firing = sum(len(row.alerts) for row in fleet.devices)
    alarm = f"{counted(firing, 'alert')} firing." if firing else "No alert is firing."
    links = sum(row.is_link for row in fleet.devices)
    whom = counted(len(fleet.devices) - links, "device") + (f" and {counted(links, 'link')}" if links else "")
    return f"{whom}: {', '.join(parts)}. {alarm}"
