-- The wholes of one depth: their parts' error ratios and budgets as reduced fractions of 256 bits, folded as their modes want it
-- (slo/composite.py has the formulae). `bits` is how large a number was on the way; beyond <BITS> of them nothing is known.
SELECT root, whole, now, window_s, since, is_period, node, events, insufficient, excluded, bits, is_small,
    intDiv(raw_bad, of_ratio) AS whole_bad, if(is_read, intDiv(raw_all, of_ratio), toInt256(0)) AS whole_all,
    intDiv(raw_budget, of_budget) AS whole_budget, intDiv(raw_budgets, of_budget) AS whole_budgets
FROM
(
    SELECT *, toInt256(gcd(if(raw_bad = 0, raw_all, raw_bad), raw_all)) AS of_ratio, toInt256(gcd(raw_budget, raw_budgets)) AS of_budget
    FROM
    (
        SELECT *, bits < <BITS> AS is_small, is_small AND reading.2 > 0 AS is_read,
            if(is_read, reading.1, toInt256(0)) AS raw_bad, if(is_read, reading.2, toInt256(1)) AS raw_all,
            if(is_read, reading.3, toInt256(1)) AS raw_budget, if(is_read, reading.4, toInt256(1)) AS raw_budgets
        FROM
        (
            SELECT *,
            multiIf(
                empty(known), (toInt256(0), toInt256(0), toInt256(0), toInt256(1), toFloat64(0)),
                mode = 'weighted', (
                    sums[1].1 * sums[3].2, sums[1].2 * sums[3].1, sums[2].1 * sums[3].2, sums[2].2 * sums[3].1,
                    arrayMax(each -> each.3, sums) + log2(1 + toFloat64(sums[3].1) + toFloat64(sums[3].2))
                        + log2(1 + greatest(toFloat64(sums[1].2), toFloat64(sums[2].2)))
                ),
                mode = 'serial', (
                    products[1].2 - products[1].1, products[1].2, products[2].2 - products[2].1, products[2].2,
                    arrayMax(each -> each.3, products)
                ),
                worst
            ) AS reading,
                greatest(reading.5, arrayMax(each -> each.7, known)) AS bits
            FROM
            (
                SELECT root, whole, now, window_s, since, is_period, node, mode,
                    sum(part_events) AS events, sum(part_insufficient) AS insufficient, sum(part_excluded) AS excluded,
                    groupArrayIf(
                        (weight_numerator, weight_denominator, part_bad, part_all, budget_numerator, budget_denominator, part_bits), part_all > 0
                    ) AS known,
                    arrayMap(
                        terms -> arrayFold(
                            (done, each) -> arrayElement(arrayMap(
                                bits -> arrayElement(arrayMap(
                                    raw -> (intDiv(raw.1, toInt256(gcd(if(raw.1 = 0, raw.2, raw.1), raw.2))), intDiv(raw.2, toInt256(gcd(if(raw.1 = 0, raw.2, raw.1), raw.2))), bits),
                                    [(if(bits < <BITS>, done.1 * each.2 + each.1 * done.2, toInt256(0)), if(bits < <BITS>, done.2 * each.2, toInt256(1)))]
                                ), 1),
                                [greatest(done.3, log2(1 + (toFloat64(done.1) + toFloat64(done.2)) * (toFloat64(each.1) + toFloat64(each.2))))]
                            ), 1),
                            terms, (toInt256(0), toInt256(1), toFloat64(0))
                        ),
                        [
                            arrayMap(each -> (each.1 * each.3, each.2 * each.4), arrayFilter(each -> mode = 'weighted', known)),
                            arrayMap(each -> (each.1 * each.5, each.2 * each.6), arrayFilter(each -> mode = 'weighted', known)),
                            arrayMap(each -> (each.1, each.2), arrayFilter(each -> mode = 'weighted', known))
                        ]
                    ) AS sums,
                    arrayMap(
                        factors -> arrayFold(
                            (done, each) -> arrayElement(arrayMap(
                                bits -> arrayElement(arrayMap(
                                    raw -> (intDiv(raw.1, toInt256(gcd(if(raw.1 = 0, raw.2, raw.1), raw.2))), intDiv(raw.2, toInt256(gcd(if(raw.1 = 0, raw.2, raw.1), raw.2))), bits),
                                    [(if(bits < <BITS>, done.1 * each.1, toInt256(0)), if(bits < <BITS>, done.2 * each.2, toInt256(1)))]
                                ), 1),
                                [greatest(done.3, log2(1 + toFloat64(done.2) * toFloat64(each.2)))]
                            ), 1),
                            factors, (toInt256(1), toInt256(1), toFloat64(0))
                        ),
                        [
                            arrayMap(each -> (each.4 - each.3, each.4), arrayFilter(each -> mode = 'serial', known)),
                            arrayMap(each -> (each.6 - each.5, each.6), arrayFilter(each -> mode = 'serial', known))
                        ]
                    ) AS products,
                    arrayFold(
                        (best, each) -> arrayElement(arrayMap(
                            bits -> if(
                                bits < <BITS> AND (
                                    each.3 * each.6 * best.2 * best.3 > best.1 * best.4 * each.4 * each.5
                                    OR (each.3 * each.6 * best.2 * best.3 = best.1 * best.4 * each.4 * each.5 AND each.3 * best.2 > best.1 * each.4)
                                ),
                                (each.3, each.4, each.5, each.6, bits), (best.1, best.2, best.3, best.4, bits)
                            ),
                            [greatest(best.5, log2(1 + toFloat64(each.4) * toFloat64(each.6) * toFloat64(best.2) * toFloat64(best.4)))]
                        ), 1),
                        arrayFilter(each -> mode = 'worst', known), (toInt256(-1), toInt256(1), toInt256(1), toInt256(1), toFloat64(0))
                    ) AS worst
                FROM
                (
                    SELECT * EXCEPT (both, some, at_least, shared) FROM (SELECT counted.objective.1 AS root, splitByString('::', subject)[1] AS whole, now, window_s, since, is_period, node, mode,
                        toInt256(part.weight_numerator) AS weight_numerator, part.weight_denominator AS weight_denominator,
                        part.budget_numerator AS budget_numerator, part.budget_denominator AS budget_denominator,
                        if(isNull(unit), toInt256(0), intDiv(good + bad, unit)) AS part_events, counted.insufficient AS part_insufficient,
                        counted.excluded AS part_excluded,
                        ifNull(good + bad, toInt256(0)) AS both, ifNull(bad, toInt256(0)) AS some,
                        if(isNull(unit), toFloat64(1000), toFloat64(0)) AS part_bits,
                        greatest(both, toInt256(1)) AS at_least, toInt256(gcd(if(some = 0, at_least, some), at_least)) AS shared,
                        if(isNull(unit), toInt256(1), intDiv(both, shared)) AS part_all, intDiv(some, shared) AS part_bad
                    FROM slo_composite_summed AS counted
                    INNER JOIN slo_composite_parts AS part ON counted.objective.1 = part.root AND counted.objective.2 = part.leaf
                    WHERE part.depth = <DEPTH>)<INNER>
                )
                GROUP BY root, whole, now, window_s, since, is_period, node, mode
            )
        )
    )
)
