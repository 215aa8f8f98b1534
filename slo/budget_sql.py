"""An objective's windows as SQL over the table ``verdicts``: what the stream counts, counted by ClickHouse, exactly.

Everything is whole numbers of 64 and 256 bits and fractions of them; nothing is a float before it is shown. Conventions are the
stream's: (start, end], a sample, slice or exclusion belongs by its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from slo.composite_watch import MEMBER_SIGN
from slo.instant import NS
from slo.objective import EmptySlices, Method, Objective
from slo.period import CalendarWindow, longest_s, span_at

EXCLUSIONS_VIEW = "slo_exclusions"
"""Time that is out, planned and raised: ``subject`` (``*``: everybody), ``start_ns``, ``end_ns``, ``reason``, ``who``."""
_CALENDAR_S = 5 * 366 * 86_400
"""How far around the time at which it is made SQL knows a calendar's periods."""
_STEPS = 63
"""Halvings that find the end of a stretch that a cap cuts, to the nanosecond."""
_MOST_BITS = 200
"""Beyond, a common denominator of averaged slices is not worked out: sums of 256 bits must hold it."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """When the windows end. ``at_unix_s``: None, each subject's newest sample. ``made_unix_s``: when the SQL is made; calendars
    reach five years from there.
    """

    made_unix_s: int
    at_unix_s: int | None = None


def windows_sql(objective: Objective, as_of: AsOf) -> str:
    """A SELECT of one row for each subject and window, the period among them.

    Columns: ``objective``, ``subject``, ``at``, ``window_s``, ``is_period``, ``since`` (where it begins), ``good``, ``bad``,
    ``unit`` (good and bad are in parts 1/unit of an event; above 1 only where slices are averaged), ``insufficient``,
    ``excluded``.

    Raises:
        ValueError: a composite, which counts nothing itself.
    """
    if objective.criterion is None:
        raise ValueError(f"{objective.name} measures nothing itself: the table budgets has what the stream says of it")
    parts = [_samples(objective, as_of), _tracks(as_of), _out(objective), _masked(), *_counted(objective)]
    return "WITH\n" + ",\n".join(parts) + "\n" + _windows(objective, as_of)


def text_sql(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fraction_sql(numerator: str, denominator: str) -> str:
    """A fraction of whole numbers in lowest terms, as text: ``72/5``, ``3``; the denominator is above 0."""
    common = _gcd(f"abs({numerator})", denominator)
    top, bottom = f"intDiv({numerator}, {common})", f"intDiv({denominator}, {common})"
    return f"if({bottom} = 1, toString({top}), concat(toString({top}), '/', toString({bottom})))"


def _gcd(number: str, divisor: str) -> str:
    """The engine refuses zeros, of which the divisor is none."""
    return f"gcd(if({number} = 0, {divisor}, {number}), {divisor})"


def _samples(objective: Objective, as_of: AsOf) -> str:
    known = "" if as_of.at_unix_s is None else f" AND time <= toDateTime({as_of.at_unix_s}, 'UTC')"
    return (
        "samples AS (SELECT subject, toInt64(toUnixTimestamp(time)) AS end, toInt64(good) AS good, toInt64(bad) AS bad, "
        "toInt64(insufficient) AS insufficient FROM verdicts "
        f"WHERE objective = {text_sql(objective.name)} AND position(subject, {text_sql(MEMBER_SIGN)}) = 0{known})"
    )


def _tracks(as_of: AsOf) -> str:
    now = "max(end)" if as_of.at_unix_s is None else f"toInt64({as_of.at_unix_s})"
    return f"tracks AS (SELECT subject, min(end) AS first, {now} AS now FROM samples GROUP BY subject)"


def _out(objective: Objective) -> str:
    """What is excluded of each subject: stretches (start, end] in seconds, in order, that do not overlap."""
    if objective.critical:
        return f"excused AS (SELECT subject, first, now, {_NO_STRETCHES} AS stretches FROM tracks)"
    declared = (
        "SELECT tracks.subject AS subject, first, now, "
        "arraySort(groupArrayIf((start_ns, end_ns), end_ns > start_ns)) AS declared "
        f"FROM tracks LEFT JOIN (SELECT tracks.subject AS about, start_ns, end_ns FROM tracks CROSS JOIN {EXCLUSIONS_VIEW} "
        f"WHERE {EXCLUSIONS_VIEW}.subject IN ('*', tracks.subject)) AS each ON tracks.subject = about "
        "GROUP BY tracks.subject, first, now"
    )
    merged = (
        "arrayFold((done, each) -> if(notEmpty(done) AND each.1 <= done[-1].2, "
        "arrayPushBack(arrayPopBack(done), (done[-1].1, greatest(done[-1].2, each.2))), arrayPushBack(done, each)), "
        f"declared, {_NO_STRETCHES})"
    )
    admitted = merged if objective.exclusion_cap == 1 else _capped(objective, merged)
    seconds = f"arrayMap(each -> (intDiv(each.1, {NS}), intDiv(each.2, {NS})), {admitted})"
    return f"excused AS (SELECT subject, first, now, {seconds} AS stretches FROM ({declared}))"


_NO_STRETCHES = "CAST([], 'Array(Tuple(Int64, Int64))')"


def _capped(objective: Objective, merged: str) -> str:
    """Stretches cut so that at no time more than the cap of the period before it is out; as slo.exclusions.admitted.

    How much is out is a function of time that never falls while a stretch goes on, so its end is found by halving.
    """
    cap = objective.exclusion_cap * objective.period_s * NS
    most, period = cap.numerator // cap.denominator, objective.period_s * NS
    filled = (
        f"arraySum(one -> greatest(toInt64(0), least(middle, one.2) - greatest(middle - {period}, one.1)), "
        f"arrayPushBack(done, (each.1, middle)))"
    )
    # (low, high): at low it is not yet too much, beyond high it is.
    halved = (
        f"arrayFold((edge, step) -> arrayElement(arrayMap(middle -> if({filled} <= {most}, (middle, edge.2), "
        "(edge.1, middle - 1)), [edge.1 + intDiv(edge.2 - edge.1 + 1, 2)]), 1), "
        f"range({_STEPS}), (each.1, each.2)).1"
    )
    return (
        f"arrayFilter(each -> each.2 > each.1, arrayFold((done, each) -> arrayPushBack(done, (each.1, {halved})), "
        f"{merged}, {_NO_STRETCHES}))"
    )


def _masked() -> str:
    return (
        "masked AS (SELECT subject, end, first, now, stretches, "
        "arrayExists(each -> each.1 < end AND end <= each.2, stretches) AS is_out, "
        "if(is_out, 0, samples.good) AS good, if(is_out, 0, samples.bad) AS bad, "
        "if(is_out, 0, samples.insufficient) AS insufficient, "
        "if(is_out, samples.good + samples.bad + samples.insufficient, 0) AS excluded "
        "FROM samples INNER JOIN excused USING subject)"
    )


def _counted(objective: Objective) -> list[str]:
    """What windows sum: ``good`` and ``bad`` in parts 1/``parts`` of an event or slice."""
    if objective.method is Method.OCCURRENCES or objective.slice_s is None:
        events = (
            "counted AS (SELECT subject, end, any(now) AS now, sum(masked.good) AS good, sum(masked.bad) AS bad, "
            "toInt64(1) AS parts, sum(masked.insufficient) AS insufficient, sum(masked.excluded) AS excluded "
            "FROM masked GROUP BY subject, end)"
        )
        return [events]
    length = objective.slice_s
    held = (
        f"held AS (SELECT subject, intDiv(masked.end + {length - 1}, {length}) * {length} AS slot, sum(masked.good) AS good, "
        "sum(masked.bad) AS bad, sum(masked.insufficient) AS insufficient, sum(masked.excluded) AS excluded "
        f"FROM masked WHERE slot <= intDiv(now, {length}) * {length} GROUP BY subject, slot)"
    )
    return [held, _slots(objective, length), _slices(objective)]


def _slots(objective: Objective, length: int) -> str:
    """The slices that are looked at: those that hold something; where empty ones count, all from the first one on."""
    first = f"intDiv(first + {length - 1}, {length}) * {length}"
    if objective.empty_slices is EmptySlices.EXCLUDED:
        return "slots AS (SELECT subject, slot, now, stretches FROM held INNER JOIN excused USING subject)"
    # What lies before every window is not made.
    oldest = f"intDiv(now - {max(objective.windows_s[-1], longest_s(objective.window))}, {length}) * {length}"
    since = f"greatest({first}, {oldest})"
    return (
        f"slots AS (SELECT subject, arrayJoin(range({since}, intDiv(now, {length}) * {length} + 1, {length})) AS slot, "
        "now, stretches FROM excused)"
    )


def _slices(objective: Objective) -> str:
    empty = objective.empty_slices
    if objective.method is Method.RATIO_TIMESLICES:
        good, bad, parts = "held.good", "held.bad", "held.good + held.bad"
    else:
        ratio = objective.slice_ratio or Fraction(1)
        below = f"held.good * {_whole(ratio.denominator)} < (held.good + held.bad) * {_whole(ratio.numerator)}"
        good, bad, parts = f"if({below}, 0, 1)", f"if({below}, 1, 0)", "1"
    return (
        "counted AS (SELECT slots.subject AS subject, slots.slot AS end, slots.now AS now, "
        "held.good + held.bad > 0 AS is_judged, NOT is_judged AND held.insufficient > 0 AS is_open, "
        "NOT is_judged AND NOT is_open AND (held.excluded > 0 OR "
        "arrayExists(each -> each.1 < slots.slot AND slots.slot <= each.2, slots.stretches)) AS is_out, "
        "NOT is_judged AND NOT is_open AND NOT is_out AS is_empty, "
        f"multiIf(is_judged, toInt64({good}), is_empty, toInt64({int(empty is EmptySlices.GOOD)}), toInt64(0)) AS good, "
        f"multiIf(is_judged, toInt64({bad}), is_empty, toInt64({int(empty is EmptySlices.BAD)}), toInt64(0)) AS bad, "
        f"if(is_judged, toInt64({parts}), toInt64(1)) AS parts, toInt64(is_open) AS insufficient, toInt64(is_out) AS excluded "
        "FROM slots LEFT JOIN held ON slots.subject = held.subject AND slots.slot = held.slot)"
    )


def _windows(objective: Objective, as_of: AsOf) -> str:
    lengths = objective.windows_s
    averaged = objective.method is Method.RATIO_TIMESLICES
    columns = ", ".join(_sums(f"end > starts[{place + 1}]", averaged=averaged) for place in range(len(lengths) - 1))
    period = _sums("in_period", averaged=averaged)
    lengths_sql = ", ".join(str(length) for length in lengths)
    starts = ", ".join([*(f"now - {length}" for length in lengths[:-1]), _period_start(objective, as_of)])
    rows = f"[{', '.join(filter(None, (columns, period)))}]"
    source = f"SELECT *, [{starts}] AS starts, {_in_period(objective)} AS in_period FROM {_source(objective)}"
    good, bad, unit = _common(averaged=averaged)
    return (
        f"SELECT {text_sql(objective.name)} AS objective, subject, toDateTime(now, 'UTC') AS at, window_s, is_period, "
        f"toDateTime(greatest(toInt64(0), start), 'UTC') AS since, {good} AS good, {bad} AS bad, {unit} AS unit, "
        "sums.3 AS insufficient, sums.4 AS excluded FROM (\n"
        f"SELECT subject, now, arrayJoin(arrayZip([{lengths_sql}]::Array(UInt32), begins, "
        f"arrayMap(place -> place = {len(lengths)}, range(1, {len(lengths) + 1})), rows)) AS row, "
        "row.1 AS window_s, row.2 AS start, row.3 AS is_period, row.4 AS sums FROM (\n"
        f"SELECT subject, now, {_begins(objective)} AS begins, {rows} AS rows FROM ({source}) "
        f"GROUP BY subject, now HAVING {_known(objective, as_of)}))"
    )


def _sums(condition: str, *, averaged: bool) -> str:
    if averaged:
        counts = f"sumMapIf([parts], [good], {condition}), sumMapIf([parts], [bad], {condition})"
    else:
        counts = f"toInt256(sumIf(good, {condition})), toInt256(sumIf(bad, {condition}))"
    return f"({counts}, sumIf(insufficient, {condition}), sumIf(excluded, {condition}))"


def _common(*, averaged: bool) -> tuple[str, str, str]:
    """Good, bad and their unit, from ``sums``; NULL where the common denominator outgrows exact arithmetic."""
    if not averaged:
        return "sums.1", "sums.2", "toInt256(1)"
    more = f"intDiv(each, {_gcd('toInt64(done.1 % each)', 'each')})"
    unit = (
        f"arrayFold((done, each) -> (done.1 * toInt256({more}), done.2 + log2({more})), "
        "arrayConcat(sums.1.1, sums.2.1), (toInt256(1), toFloat64(0)))"
    )
    exact = f"if({unit}.2 < {_MOST_BITS}, {unit}.1, NULL)"
    total = (
        "if(isNull({exact}), NULL, arraySum((count, each) -> toInt256(count) * intDiv(assumeNotNull({exact}), toInt256(each)), "
        "sums.{place}.2, sums.{place}.1))"
    )
    return total.format(exact=exact, place=1), total.format(exact=exact, place=2), exact


_EVENTS = "intDiv(good + bad, parts)"
"""Of a bucket; a slice is one, however its parts are."""


def _source(objective: Objective) -> str:
    """What is counted, and where the budget is about the last so many events, how many came later."""
    if objective.event_window is None:
        return "counted"
    return (
        f"(SELECT *, {_EVENTS} AS events, sum(events) OVER later - events AS later_events FROM counted "
        "WINDOW later AS (PARTITION BY subject ORDER BY end DESC ROWS UNBOUNDED PRECEDING))"
    )


def _in_period(objective: Objective) -> str:
    within = "end > starts[-1]"
    if objective.event_window is None:
        return within
    return f"{within} AND later_events < {objective.event_window}"


def _begins(objective: Objective) -> str:
    """Where each window begins."""
    if objective.event_window is None:
        return "any(starts)"
    reached = f"maxIf(later_events + events, end > starts[-1]) >= {objective.event_window}"
    return f"arrayPushBack(arrayPopBack(any(starts)), if({reached}, minIf(end, in_period) - 1, any(starts)[-1]))"


def _period_start(objective: Objective, as_of: AsOf) -> str:
    window = objective.window
    if not isinstance(window, CalendarWindow):
        return f"now - {objective.period_s}"
    if as_of.at_unix_s is not None:
        return str(span_at(window, as_of.at_unix_s).start_unix_s)
    if longest_s(window) == objective.period_s:  # hours and minutes, which no calendar changes
        start = span_at(window, as_of.made_unix_s).start_unix_s
        return f"now - 1 - positiveModulo(now - 1 - {start}, {objective.period_s})"
    return f"arrayLast(each -> each < now, {_numbers(_boundaries(window, as_of))})"


def _known(objective: Objective, as_of: AsOf) -> str:
    """Whether the calendar reaches to the time that is asked for."""
    window = objective.window
    if not isinstance(window, CalendarWindow) or as_of.at_unix_s is not None or longest_s(window) == objective.period_s:
        return "1"
    first, *_, last = _boundaries(window, as_of)
    return f"now > {first} AND now <= {last}"


def _boundaries(window: CalendarWindow, as_of: AsOf) -> list[int]:
    """The changes of period that SQL knows, in order."""
    span = span_at(window, as_of.made_unix_s - _CALENDAR_S)
    found = [span.start_unix_s, span.end_unix_s]
    while found[-1] < as_of.made_unix_s + _CALENDAR_S:
        found.append(span_at(window, found[-1] + 1).end_unix_s)
    return found


def _numbers(values: Sequence[int]) -> str:
    return f"[{', '.join(map(str, values))}]::Array(Int64)"


def _whole(value: int) -> str:
    return f"toInt256('{value}')"
