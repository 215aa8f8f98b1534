-- Every window of every composite and subject as of the newest sample of any part; ratios are exact, as text. NULL is what is
-- undefined, or needs more than 256 bits on the way.
SELECT root AS objective, whole AS subject, toDateTime(now, 'UTC') AS at, window_s, is_period,
    toDateTime(greatest(toInt64(0), since), 'UTC') AS begin, target, events, insufficient, excluded,
    is_small AND whole_all > 0 AND bits + log2(1 + toFloat64(whole_budgets)) < <BITS>
        AND log2(1 + toFloat64(whole_all)) + log2(1 + toFloat64(whole_budgets)) < <BITS> AS is_known,
    if(is_known, whole_bad * whole_budgets, toInt256(0)) AS spent,
    if(is_known, whole_all * whole_budget, toInt256(1)) AS divisor,
    toInt256(gcd(if(spent = 0, divisor, spent), divisor)) AS of_burn,
    if(NOT is_known, NULL, if(whole_all = 1, toString(whole_bad), concat(toString(whole_bad), '/', toString(whole_all)))) AS error_ratio,
    if(NOT is_known, NULL, if(divisor = of_burn, toString(intDiv(spent, of_burn)),
        concat(toString(intDiv(spent, of_burn)), '/', toString(intDiv(divisor, of_burn))))) AS burn_rate,
    if(NOT is_known, NULL, if(divisor = of_burn, toString(intDiv(divisor - spent, of_burn)),
        concat(toString(intDiv(divisor - spent, of_burn)), '/', toString(intDiv(divisor, of_burn))))) AS remaining_ratio,
    if(NOT is_known, NULL, toFloat64(spent) / toFloat64(divisor)) AS burn
FROM (<LEVEL>) AS counted
INNER JOIN slo_composite_definitions ON counted.root = slo_composite_definitions.objective
