-- Windows of budgets whose slices count by their ratios: sums over equal denominators, then over a common one. Where that
-- outgrows 200 bits, good, bad and unit are NULL: sums of 256 bits must hold them.
SELECT objective, subject, now, window_s, since, is_period,
    if(is_small, arraySum((count, each) -> toInt256(count) * intDiv(common.1, toInt256(each)), goods.2, goods.1), NULL) AS good,
    if(is_small, arraySum((count, each) -> toInt256(count) * intDiv(common.1, toInt256(each)), bads.2, bads.1), NULL) AS bad,
    if(is_small, common.1, NULL) AS unit, insufficient, excluded
FROM
(
    SELECT objective, subject, now, window_s, is_period,
        multiIf(
            NOT is_period, now - window_s,
            any(event_window) > 0 AND maxIf(later_events + whole_events, end > period_start) >= any(event_window),
                minIf(end, in_period) - 1,
            any(period_start)
        ) AS since,
        sumMapIf([parts], [good], is_inside) AS goods, sumMapIf([parts], [bad], is_inside) AS bads,
        sumIf(insufficient, is_inside) AS insufficient, sumIf(excluded, is_inside) AS excluded,
        arrayFold(
            (done, each) -> (
                done.1 * toInt256(intDiv(each, gcd(if(done.1 % each = 0, each, toInt64(done.1 % each)), each))),
                done.2 + log2(intDiv(each, gcd(if(done.1 % each = 0, each, toInt64(done.1 % each)), each)))
            ),
            arrayConcat(goods.1, bads.1), (toInt256(1), toFloat64(0))
        ) AS common,
        common.2 < 200 AS is_small
    FROM
    (
        SELECT *, arrayJoin(arrayZip(lengths, inside, arrayMap(place -> place = length(lengths), arrayEnumerate(lengths)))) AS row,
            row.1 AS window_s, row.2 AS is_inside, row.3 AS is_period
        FROM (<PLACED>)
    )
    GROUP BY objective, subject, now, window_s, is_period
)
