-- What budgets sum, with the windows that it lies in: `inside`, in the order of `lengths`. The last one is the period, from
-- `period_start` on; where the budget is about the last so many events, it takes what has fewer of them after it.
SELECT objective, subject, end, now, good, bad, parts, insufficient, excluded, lengths, period_start, event_window,
    later_events, whole_events, in_period,
    arrayPushBack(arrayMap(each -> end > now - each, arrayPopBack(lengths)), in_period) AS inside
FROM
(
    SELECT counted.objective AS objective, subject, end, now, good, bad, parts, insufficient, excluded, lengths, event_window,
        multiIf(
            notEmpty(changes), arrayLast(each -> each < now, changes),
            isNotNull(even_start), now - 1 - positiveModulo(now - 1 - assumeNotNull(even_start), toInt64(period_s)),
            now - period_s
        ) AS period_start,
        intDiv(good + bad, parts) AS whole_events,
        <LATER_EVENTS> AS later_events,
        end > period_start AND (event_window = 0 OR later_events < event_window) AS in_period
    FROM slo_counted AS counted
    INNER JOIN slo_objectives ON counted.objective = slo_objectives.objective
    WHERE counted.objective IN (<OBJECTIVES>) AND (empty(changes) OR (now > changes[1] AND now <= changes[-1]))
)
