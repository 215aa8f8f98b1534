-- What budgets sum: events, or time slices, by their ends; of every objective and subject, up to its newest sample.
-- good and bad are in parts 1/parts of an event: above 1 only where slices are averaged.
WITH
samples AS
(
    SELECT objective, subject, toInt64(toUnixTimestamp(time)) AS end, toInt64(good) AS good, toInt64(bad) AS bad,
        toInt64(insufficient) AS insufficient
    FROM verdicts
    WHERE <WHOM>
),
held AS
(
    SELECT objective, subject, slot, sum(part.good) AS good, sum(part.bad) AS bad, sum(part.insufficient) AS insufficient,
        sum(part.excluded) AS excluded
    FROM
    (
        SELECT samples.objective AS objective, samples.subject AS subject,
            if(slice_s = 0, end, intDiv(end + slice_s - 1, greatest(slice_s, 1)) * slice_s) AS slot,
            arrayExists(each -> each.1 < end AND end <= each.2, stretches) AS is_out,
            if(is_out, 0, samples.good) AS good, if(is_out, 0, samples.bad) AS bad,
            if(is_out, 0, samples.insufficient) AS insufficient,
            if(is_out, samples.good + samples.bad + samples.insufficient, 0) AS excluded
        FROM samples
        INNER JOIN slo_excused AS excused ON samples.objective = excused.objective AND samples.subject = excused.subject
        WHERE slot <= now
        UNION ALL
        -- Where slices without events count, all from the first one on; what lies before every window is not made.
        SELECT objective, subject,
            arrayJoin(range(
                greatest(intDiv(first + slice_s - 1, slice_s), intDiv(now - longest_s, slice_s)) * slice_s, now + 1, slice_s
            )) AS slot,
            0 AS is_out, 0 AS good, 0 AS bad, 0 AS insufficient, 0 AS excluded
        FROM slo_excused
        WHERE <WHOM> AND slice_s > 0 AND empty_slices != 'excluded'
    ) AS part
    GROUP BY objective, subject, slot
)
SELECT held.objective AS objective, held.subject AS subject, slot AS end, now,
    slice_s > 0 AS is_slice, held.good + held.bad AS events,
    is_slice AND events = 0 AND held.insufficient > 0 AS is_open,
    is_slice AND events = 0 AND NOT is_open
        AND (held.excluded > 0 OR arrayExists(each -> each.1 < slot AND slot <= each.2, stretches)) AS is_out,
    is_slice AND events = 0 AND NOT is_open AND NOT is_out AS is_empty,
    is_slice AND method = 'RatioTimeslices' AS is_averaged,
    held.good * slice_denominator < events * slice_numerator AS is_below,
    toInt64(multiIf(NOT is_slice, held.good, is_empty, empty_slices = 'good', events = 0, 0, is_averaged, held.good, NOT is_below)) AS good,
    toInt64(multiIf(NOT is_slice, held.bad, is_empty, empty_slices = 'bad', events = 0, 0, is_averaged, held.bad, is_below)) AS bad,
    toInt64(if(is_averaged AND events > 0, events, 1)) AS parts,
    toInt64(if(is_slice, is_open, held.insufficient)) AS insufficient,
    toInt64(if(is_slice, is_out, held.excluded)) AS excluded
FROM held
INNER JOIN slo_excused AS excused ON held.objective = excused.objective AND held.subject = excused.subject
