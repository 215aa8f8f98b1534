-- What is left of each composite's budget, as of the newest sample of any part.
SELECT objective, subject, at, begin, target, error_ratio, burn_rate, remaining_ratio, 1 - burn AS remaining, events, insufficient,
    excluded
FROM slo_composite_windows
WHERE is_period
