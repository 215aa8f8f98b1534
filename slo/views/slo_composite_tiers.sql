-- Every tier of every composite as it stands, as slo_tiers.
SELECT objective, subject, at, tier, severity, short_s, long_s, factor,
    anyIf(burn, window_s = short_s) AS short_burn, anyIf(burn, window_s = long_s) AS long_burn,
    anyIf(is_known AND spent * denominator > divisor * numerator, window_s = short_s)
        AND anyIf(is_known AND spent * denominator > divisor * numerator, window_s = long_s) AS is_above,
    anyIf(events >= minimum_events, window_s = long_s) AS is_enough, is_above AND is_enough AS fires
FROM slo_composite_windows
INNER JOIN slo_composite_tier_definitions AS tiers ON slo_composite_windows.objective = tiers.objective
GROUP BY objective, subject, at, tier, severity, short_s, long_s, factor, numerator, denominator, minimum_events
