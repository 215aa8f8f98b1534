"""An alert in plain words: what, the measured value, how much budget went, since when, how long is left, where to look."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple, Protocol

from schemas.ids import RunId, SubjectId
from schemas.records import Estimate, IndicatorSample
from slo.exact import number_text
from slo.objective import Objective

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_PER_CENT = 100


class Burning(Protocol):
    """What is known of a budget; undefined without events."""

    @property
    def at_unix_s(self) -> int: ...

    @property
    def remaining_ratio(self) -> Fraction | None: ...

    def error_ratio(self, window_s: int) -> Fraction | None: ...

    def burn_rate(self, window_s: int) -> Fraction | None: ...


class Occasion(NamedTuple):
    """What an alert turned upon: a sample, or that time was excluded (``exclusion`` says why)."""

    subject: SubjectId = SubjectId("")
    device: str = ""
    run: RunId = RunId("")
    firmware: str = ""
    estimate: Estimate | None = None
    exclusion: str = ""

    @classmethod
    def of(cls, sample: IndicatorSample) -> "Occasion":
        return cls(sample.subject, sample.device, sample.run, sample.firmware, sample.estimate)

    def about(self, subject: SubjectId) -> "Occasion":
        return self._replace(subject=subject)


def firing(objective: Objective, occasion: Occasion, snapshot: Burning, window_s: int, lasts_s: Fraction | None) -> str:
    """The text of an alert that began to fire because of what burns in ``window_s``, the fastest of its tiers' long windows.

    ``lasts_s``: until nothing is left, as things go.
    """
    return _joined(
        f"{_begun(_what(objective))} of {occasion.subject} breaks its objective ({_goal(objective)}).",
        _measured(occasion),
        _burning(snapshot, window_s),
        _budget(objective, snapshot, lasts_s),
        f"Firing since {_time(snapshot.at_unix_s)}.",
        _context(objective, occasion),
    )


def cleared(objective: Objective, occasion: Occasion, snapshot: Burning, since_unix_s: int) -> str:
    """The text of an alert that ceased to fire; ``since_unix_s`` is when it began."""
    return _joined(
        f"{_begun(_what(objective))} of {occasion.subject} burns its budget no faster than allowed ({_goal(objective)}).",
        _measured(occasion),
        _budget(objective, snapshot, None),
        f"Fired for {_span(Fraction(snapshot.at_unix_s - since_unix_s))}, cleared at {_time(snapshot.at_unix_s)}.",
        _context(objective, occasion),
    )


def silent(objective: Objective, occasion: Occasion, after_s: int, since_unix_s: int) -> str:
    """The text of an alert that fires because nothing comes any more; ``occasion``: who was heard last, where known."""
    ago, last = _span(Fraction(after_s)), " with firmware ".join(filter(None, (occasion.run, occasion.firmware)))
    return _joined(
        f"No data: {_what(objective)} of {occasion.subject} was last heard of at {_time(since_unix_s)}, {ago} ago.",
        "Silence is neither good nor bad: the budget stands still.",
        f"Last run {last}." if occasion.run else "",
        f"Runbook: {objective.runbook}" if objective.runbook else "",
    )


def heard_again(objective: Objective, subject: SubjectId, at_unix_s: int) -> str:
    """The text of that alert when it ceases to fire."""
    return f"{_begun(_what(objective))} of {subject} is heard of again, since {_time(at_unix_s)}."


def _begun(sentence: str) -> str:
    """With a capital where a word begins it; a symbol stays as it is."""
    return sentence[:1].upper() + sentence[1:] if sentence.partition(" ")[0].isalpha() else sentence


def _what(objective: Objective) -> str:
    return objective.criterion.name if objective.criterion else objective.display_name


def _goal(objective: Objective) -> str:
    bound = f"{objective.criterion} in" if objective.criterion else "good events:"
    return f"{bound} {_per_cent(objective.target)} of {_span(Fraction(objective.period_s))}"


def _measured(occasion: Occasion) -> str:
    estimate = occasion.estimate
    if estimate is None:
        return f"Time was excluded: {occasion.exclusion}." if occasion.exclusion else ""
    level = f"at {estimate.confidence * _PER_CENT:g} % confidence"
    if estimate.lower is not None and estimate.upper is not None:
        interval = f"between {estimate.lower:.3g} and {estimate.upper:.3g} {level}"
    elif estimate.upper is not None:
        interval = f"below {estimate.upper:.3g} {level}"
    elif estimate.lower is not None:
        interval = f"above {estimate.lower:.3g} {level}"
    else:
        interval = "without an interval"
    value = "no value" if estimate.value is None else _with_unit(f"{estimate.value:.3g}", estimate.unit)
    return f"Last measured: {value}, {interval}."


def _burning(snapshot: Burning, window_s: int) -> str:
    ratio, rate = snapshot.error_ratio(window_s), snapshot.burn_rate(window_s)
    if ratio is None or rate is None:
        return ""
    return f"In the last {_span(Fraction(window_s))} {_per_cent(ratio)} was bad: {_rounded(rate)} times what the budget allows."


def _budget(objective: Objective, snapshot: Burning, lasts_s: Fraction | None) -> str:
    remaining = snapshot.remaining_ratio
    if remaining is None:
        return ""
    period = _span(Fraction(objective.period_s))
    if remaining <= 0:
        return f"The budget of {period} is overspent: {_per_cent(1 - remaining)} of it is used."
    pace = f"; at this pace nothing is left in {_span(lasts_s)}" if lasts_s else ""
    return f"{_per_cent(1 - remaining)} of the budget of {period} is used, {_per_cent(remaining)} is left{pace}."


def _context(objective: Objective, occasion: Occasion) -> str:
    run = f"Run {occasion.run}" if occasion.run else ""
    firmware = f", firmware {occasion.firmware}" if occasion.firmware else ""
    return _joined(f"{run}{firmware}." if run else "", f"Runbook: {objective.runbook}" if objective.runbook else "")


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _with_unit(number: str, unit: str) -> str:
    return number if unit in ("", "1") else f"{number} {unit}"


def _per_cent(ratio: Fraction) -> str:
    return f"{_rounded(ratio * _PER_CENT)} %"


def _rounded(value: Fraction) -> str:
    """Three significant digits, but never fewer than the digits before the point; short exact decimals stay whole."""
    exact = number_text(value)
    if "/" not in exact and len(exact) <= len("99.99"):
        return exact
    return f"{float(value):.3g}" if abs(value) < 1000 else f"{round(value):,}".replace(",", " ")


def _span(seconds: Fraction) -> str:
    """The two largest units that matter: ``3 h 14 min``."""
    rest, parts = round(seconds), list[str]()
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "less than 1 s"


def _time(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
