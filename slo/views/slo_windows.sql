-- Every window of every budget as of the subject's newest sample, the period among them. Ratios are exact, as text; what is
-- undefined is NULL. Where there are no events the divisors are 1, for every branch is worked out.
SELECT objective, subject, toDateTime(now, 'UTC') AS at, window_s, is_period,
    toDateTime(greatest(toInt64(0), since), 'UTC') AS begin, target, good, bad, unit, insufficient, excluded,
    good + bad AS events, greatest(events, toInt256(1)) AS some,
    bad * budget_denominator AS spent, events * budget_numerator AS allowed, some * budget_numerator AS divisor,
    gcd(if(bad = 0, some, bad), some) AS of_ratio, gcd(if(spent = 0, divisor, spent), divisor) AS of_burn,
    if(events = 0, NULL, if(intDiv(some, of_ratio) = 1, toString(intDiv(bad, of_ratio)),
        concat(toString(intDiv(bad, of_ratio)), '/', toString(intDiv(some, of_ratio))))) AS error_ratio,
    if(events = 0, NULL, if(intDiv(divisor, of_burn) = 1, toString(intDiv(spent, of_burn)),
        concat(toString(intDiv(spent, of_burn)), '/', toString(intDiv(divisor, of_burn))))) AS burn_rate,
    if(events = 0, NULL, if(intDiv(divisor, of_burn) = 1, toString(intDiv(divisor - spent, of_burn)),
        concat(toString(intDiv(divisor - spent, of_burn)), '/', toString(intDiv(divisor, of_burn))))) AS remaining_ratio,
    if(events = 0, NULL, toFloat64(spent) / toFloat64(divisor)) AS burn
FROM (<WINDOWS>) AS counted
INNER JOIN slo_objectives ON counted.objective = slo_objectives.objective
