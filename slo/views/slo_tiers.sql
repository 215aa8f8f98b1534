-- Every tier as it stands: is_above both thresholds, is_enough events in the long window, fires where both.
SELECT objective, subject, at, tier, severity, short_s, long_s, factor,
    anyIf(burn, window_s = short_s) AS short_burn, anyIf(burn, window_s = long_s) AS long_burn,
    anyIf(bad, window_s = short_s) * denominator > anyIf(events, window_s = short_s) * numerator
        AND anyIf(bad, window_s = long_s) * denominator > anyIf(events, window_s = long_s) * numerator AS is_above,
    anyIf(events >= minimum_events * unit, window_s = long_s) AS is_enough, is_above AND is_enough AS fires
FROM slo_windows
INNER JOIN slo_tier_definitions ON slo_windows.objective = slo_tier_definitions.objective
GROUP BY objective, subject, at, tier, severity, short_s, long_s, factor, numerator, denominator, minimum_events
