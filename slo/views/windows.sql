-- Windows of budgets that are counted in whole events or slices.
SELECT objective, subject, now, row.1 AS window_s, row.2 AS since, row.3 AS is_period, toInt256(row.4) AS good,
    toInt256(row.5) AS bad, toInt256(1) AS unit, row.6 AS insufficient, row.7 AS excluded
FROM
(
    SELECT objective, subject, now,
        any(lengths) AS widths,
        if(any(event_window) > 0 AND maxIf(later_events + whole_events, end > period_start) >= any(event_window),
            minIf(end, in_period) - 1, any(period_start)) AS begin,
        sumForEach(arrayMap(each -> if(each, good, 0), inside)) AS goods,
        sumForEach(arrayMap(each -> if(each, bad, 0), inside)) AS bads,
        sumForEach(arrayMap(each -> if(each, insufficient, 0), inside)) AS opens,
        sumForEach(arrayMap(each -> if(each, excluded, 0), inside)) AS outs,
        arrayJoin(arrayZip(widths, arrayPushBack(arrayMap(each -> now - each, arrayPopBack(widths)), begin),
            arrayMap(place -> place = length(widths), arrayEnumerate(widths)), goods, bads, opens, outs)) AS row
    FROM (<PLACED>)
    GROUP BY objective, subject, now
)
