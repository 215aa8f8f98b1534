
    UNION ALL
    SELECT inner.root AS root, whole, now, window_s, since, is_period, part.node AS node, part.mode AS mode,
        part.weight_numerator AS weight_numerator, part.weight_denominator AS weight_denominator,
        part.budget_numerator AS budget_numerator, part.budget_denominator AS budget_denominator,
        events AS part_events, insufficient AS part_insufficient, excluded AS part_excluded, inner.bits AS part_bits,
        if(is_small, whole_all, toInt256(1)) AS part_all, whole_bad AS part_bad
    FROM (<LEVEL>) AS inner
    INNER JOIN slo_composite_parts AS part ON inner.root = part.root AND inner.node = part.child
    WHERE part.depth = <DEPTH>
