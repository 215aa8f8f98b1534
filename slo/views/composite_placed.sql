-- What the parts of a composite count, with the composite's own windows that it lies in: as placed.sql, as of the newest sample of
-- any part.
SELECT (root, leaf) AS objective, subject, end, newest AS now, good, bad, parts, insufficient, excluded, lengths, period_start,
    0 AS event_window, 0 AS later_events, 0 AS whole_events, in_period,
    arrayPushBack(arrayMap(each -> end > newest - each, arrayPopBack(lengths)), in_period) AS inside
FROM
(
    SELECT reached.root AS root, leaf, subject, end, newest, good, bad, parts, insufficient, excluded, lengths,
        multiIf(
            notEmpty(changes), arrayLast(each -> each < newest, changes),
            isNotNull(even_start), newest - 1 - positiveModulo(newest - 1 - assumeNotNull(even_start), toInt64(period_s)),
            newest - period_s
        ) AS period_start,
        end > period_start AS in_period
    FROM slo_composite_counted AS counted
    INNER JOIN (SELECT DISTINCT root, leaf FROM slo_composite_parts WHERE leaf != '') AS leaves ON counted.objective = leaves.leaf
    INNER JOIN
    (
        SELECT root, splitByString('::', subject)[1] AS whole, max(toInt64(toUnixTimestamp(time))) AS newest
        FROM verdicts
        INNER JOIN (SELECT DISTINCT root, leaf FROM slo_composite_parts WHERE leaf != '') AS measured
            ON verdicts.objective = measured.leaf
        GROUP BY root, whole
    ) AS reached ON leaves.root = reached.root AND splitByString('::', counted.subject)[1] = reached.whole
    INNER JOIN slo_composite_definitions AS defined ON leaves.root = defined.objective
    WHERE match(whole, about) AND NOT match(whole, not_about)
        AND (empty(changes) OR (newest > changes[1] AND newest <= changes[-1]))
)
