-- Time that is out: what devices and people raised, as it was told last, and what is planned.
SELECT subject, start_ns, end_ns, reason, who FROM
(
    SELECT subject, toInt64(toUnixTimestamp64Nano(exclusions.time)) AS start_ns,
        argMax(ifNull(toInt64(toUnixTimestamp64Nano(until)), 4611686018427387904), (stored_at, batch_lo, position)) AS end_ns,
        reason, argMax(who, (stored_at, batch_lo, position)) AS who
    FROM exclusions
    GROUP BY subject, start_ns, reason
)
UNION ALL
SELECT subject, start_ns, end_ns, reason, who FROM (<PLANNED>)
