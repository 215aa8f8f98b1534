-- What is excluded of every objective and subject, in seconds, as far as the objective's cap lets it be; and how they are counted.
WITH
tracks AS
(
    -- A part of a whole goes by the name `whole::part`; what is out of the whole is out of it.
    SELECT objective, subject, splitByString('::', subject)[1] AS whole, toInt64(toUnixTimestamp(min(time))) AS first,
        toInt64(toUnixTimestamp(max(time))) AS now
    FROM verdicts GROUP BY objective, subject
),
raised AS
(
    SELECT subject, groupArray((start_ns, end_ns)) AS stretches FROM slo_exclusions WHERE end_ns > start_ns GROUP BY subject
),
declared AS
(
    SELECT tracks.objective AS objective, tracks.subject AS subject, first, now, method, slice_s, slice_numerator,
        slice_denominator, empty_slices, longest_s, cap_ns, cap_period_ns,
        arraySort(arrayConcat(
            if(is_critical, [], raised.stretches),
            if(is_critical, [], (SELECT groupArray((start_ns, end_ns)) FROM slo_exclusions WHERE subject = '*' AND end_ns > start_ns))
        )) AS said,
        arrayFold(
            (done, each) -> if(notEmpty(done) AND each.1 <= done[-1].2,
                arrayPushBack(arrayPopBack(done), (done[-1].1, greatest(done[-1].2, each.2))), arrayPushBack(done, each)),
            said, CAST([], 'Array(Tuple(Int64, Int64))')
        ) AS merged
    FROM tracks
    INNER JOIN slo_objectives ON tracks.objective = slo_objectives.objective
    LEFT JOIN raised ON tracks.whole = raised.subject
)
-- A stretch is cut where more than the cap of the period before would be out. How much is out never falls while a stretch
-- goes on, so its end is found by halving: at edge.1 it is not yet too much, beyond edge.2 it is.
SELECT objective, subject, first, now, method, slice_s, slice_numerator, slice_denominator, empty_slices, longest_s,
    arrayMap(each -> (intDiv(each.1, 1000000000), intDiv(each.2, 1000000000)), if(cap_ns < 0, merged,
        arrayFilter(each -> each.2 > each.1, arrayFold(
            (done, each) -> arrayPushBack(done, (each.1, arrayFold(
                (edge, step) -> arrayElement(arrayMap(
                    middle -> if(
                        arraySum(
                            one -> greatest(toInt64(0), least(middle, one.2) - greatest(middle - cap_period_ns, one.1)),
                            arrayPushBack(done, (each.1, middle))
                        ) <= cap_ns,
                        (middle, edge.2), (edge.1, middle - 1)
                    ),
                    [edge.1 + intDiv(edge.2 - edge.1 + 1, 2)]
                ), 1),
                range(63), (each.1, each.2)
            ).1)),
            if(cap_ns < 0, CAST([], 'Array(Tuple(Int64, Int64))'), merged), CAST([], 'Array(Tuple(Int64, Int64))')
        ))
    )) AS stretches
FROM declared
