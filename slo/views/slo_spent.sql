-- Who spent the budgets: every sample that counted something bad and is not excluded, of whom, and what was going on. A cause is what was noted
-- of that time about the subject, else about what it depends on, the nearest first; else an alert of what it depends on, the
-- furthest first; of those that go on at once the one that began last. Exercises are left out.
WITH
bads AS
(
    SELECT verdicts.objective AS objective, verdicts.subject AS subject, device, run, firmware,
        toInt64(toUnixTimestamp(verdicts.time)) AS end, toInt64(bad) AS lost
    FROM verdicts
    INNER JOIN slo_excused ON verdicts.objective = slo_excused.objective AND verdicts.subject = slo_excused.subject
    WHERE bad > 0 AND position(verdicts.subject, '::') = 0 AND NOT match(verdicts.subject, <EXERCISES>)
        AND NOT arrayExists(each -> each.1 < end AND end <= each.2, stretches)
),
noted AS
(
    SELECT subject, toInt64(toUnixTimestamp64Milli(annotations.time)) AS start_ms,
        ifNull(argMax(toInt64(toUnixTimestamp64Milli(until)), (stored_at, batch_lo)), <OPEN>) AS end_ms,
        if(text = '', toString(kind), concat(toString(kind), ': ', text)) AS what
    FROM annotations
    GROUP BY subject, kind, text, annotations.time
),
alarms AS
(
    SELECT subject, arrayJoin(arrayFold(
            (done, turn) -> multiIf(
                turn.4 AND (empty(done) OR done[-1].2 != <OPEN>), arrayPushBack(done, (turn.1 * 1000, toInt64(<OPEN>))),
                NOT turn.4 AND notEmpty(done) AND done[-1].2 = <OPEN>, arrayPushBack(arrayPopBack(done), (done[-1].1, turn.1 * 1000)),
                done
            ),
            arraySort(groupArray((toInt64(toUnixTimestamp(time)), batch_lo, position, firing))),
            CAST([], 'Array(Tuple(Int64, Int64))')
        )) AS stretch,
        stretch.1 AS start_ms, stretch.2 AS end_ms, concat(toString(any(severity)), ' of ', toString(any(objective))) AS what
    FROM alert_transitions
    WHERE NOT match(subject, <EXERCISES>)
    GROUP BY subject, alert
),
around AS
(
    SELECT subject, other, rank FROM slo_upstream
    UNION ALL
    SELECT DISTINCT subject, subject AS other, toInt64(0) AS rank FROM verdicts
),
happened AS
(
    SELECT subject, arraySort(groupArray((is_alarm, order, -start_ms, what, start_ms, end_ms, name))) AS happenings
    FROM
    (
        SELECT around.subject AS subject, 0 AS is_alarm, rank AS order, start_ms, end_ms, what,
            if(rank = 0, what, concat(other, ': ', what)) AS name
        FROM around INNER JOIN noted ON around.other = noted.subject
        UNION ALL
        SELECT around.subject AS subject, 1 AS is_alarm, -rank AS order, start_ms, end_ms, what, concat(other, ': ', what) AS name
        FROM around INNER JOIN alarms ON around.other = alarms.subject
        WHERE rank > 0
    )
    GROUP BY subject
)
SELECT bads.objective AS objective, bads.subject AS subject, toDateTime(end, 'UTC') AS time, lost AS bad, device, run, firmware,
    arrayFirst(each -> each.5 < end * 1000 AND end * 1000 <= each.6, happenings).7 AS found,
    if(found = '', 'unknown', found) AS cause
FROM bads
LEFT JOIN happened ON bads.subject = happened.subject
