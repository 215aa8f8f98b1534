-- The budget of each objective and subject as of its newest sample.
SELECT objective, subject, at, begin, target, error_ratio, remaining_ratio, 1 - burn AS remaining,
    toFloat64(bad) / toFloat64(unit) AS used, toFloat64(allowed) / toFloat64(unit) / toFloat64(budget_denominator) AS total,
    good, bad, unit, insufficient, excluded
FROM slo_windows
INNER JOIN slo_objectives ON slo_windows.objective = slo_objectives.objective
WHERE is_period
