-- What was made of the counts: estimates, verdicts, budgets, alerts; and what people or machines noted.

CREATE TABLE IF NOT EXISTS indicator_samples
(
    subject        LowCardinality(String) COMMENT 'device, link or hop',
    indicator      LowCardinality(String) COMMENT 'row of the indicator table, for example sps.M1',
    device         LowCardinality(String) COMMENT 'device that was measured',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'end of the interval (time - integration_s, time]',
    integration_s  UInt32                 COMMENT 'length of that interval',
    value          Nullable(Float64)      COMMENT 'the estimate; NULL where the data cannot support one',
    lower          Nullable(Float64)      COMMENT 'lower bound of its interval',
    upper          Nullable(Float64)      COMMENT 'upper bound of its interval',
    confidence     Float64                COMMENT 'of the interval, 0 to 1',
    counts         Map(LowCardinality(String), Int64) COMMENT 'what the estimate rests on',
    unit           LowCardinality(String) COMMENT 'of value, lower and upper',
    method         LowCardinality(String) COMMENT 'how it was estimated',
    parameters     String CODEC(ZSTD(3))  COMMENT 'parameters of the method, as JSON',
    warnings       Array(LowCardinality(String)) COMMENT 'what to know before trusting it',
    firmware       LowCardinality(String) COMMENT 'of the source',
    position       UInt32                 COMMENT 'place of the row in its batch: (batch_lo, position) is the order of things',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (subject, indicator, time, run)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'One estimate of one indicator of one subject. (subject, indicator, run, time) identifies it; the last stored counts.';

CREATE TABLE IF NOT EXISTS verdicts
(
    subject        LowCardinality(String) COMMENT 'of the sample',
    indicator      LowCardinality(String) COMMENT 'of the sample',
    device         LowCardinality(String) COMMENT 'of the sample',
    run            LowCardinality(String) COMMENT 'of the sample',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'end of the sample''s interval',
    integration_s  UInt32                 COMMENT 'length of that interval',
    objective      LowCardinality(String) COMMENT 'objective that the sample was judged against',
    verdict        LowCardinality(String) COMMENT 'good, bad, insufficient or excluded',
    position       UInt32                 COMMENT 'place of the row in its batch: (batch_lo, position) is the order of things',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (objective, subject, time, indicator, run)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'What an indicator sample says of an objective. Only good and bad move a budget.';

CREATE TABLE IF NOT EXISTS budgets
(
    subject        LowCardinality(String) COMMENT 'device, link or hop',
    objective      LowCardinality(String) COMMENT 'objective that the budget belongs to',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'event time as of which this is the budget',
    windows        Array(Tuple(window_s UInt32, good UInt64, bad UInt64, insufficient UInt64, excluded UInt64, burn_rate Nullable(Float64), burn_exact Nullable(String))) COMMENT 'sums over (time - window_s, time] and the burn rate; NULL where nothing was judged',
    remaining      Nullable(Float64)      COMMENT 'part of the error budget that is left; negative when overspent',
    remaining_exact Nullable(String)      COMMENT 'the same as a fraction',
    position       UInt32                 COMMENT 'place of the row in its batch: (batch_lo, position) is the order of things',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (objective, subject, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Error budgets and burn rates as they stood after each judged sample.';

CREATE TABLE IF NOT EXISTS alert_transitions
(
    alert          String                 COMMENT 'objective/subject/severity',
    objective      LowCardinality(String) COMMENT 'objective that is at stake',
    subject        LowCardinality(String) COMMENT 'device, link or hop',
    severity       LowCardinality(String) COMMENT 'page or ticket',
    firing         Bool                   COMMENT 'whether it fires from then on',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'event time of the transition',
    tiers          Array(LowCardinality(String)) COMMENT 'tiers above their threshold',
    text           String CODEC(ZSTD(3))  COMMENT 'plain words: what, how much budget went, since when, how long is left',
    burn_rate      Nullable(String)       COMMENT 'exact fraction',
    budget_remaining Nullable(String)     COMMENT 'exact fraction; negative when overspent',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    firmware       LowCardinality(String) COMMENT 'of the source',
    runbook        LowCardinality(String) COMMENT 'what to do',
    position       UInt32                 COMMENT 'place of the row in its batch: (batch_lo, position) is the order of things',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (alert, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Alerts as they began to fire and ceased.';

CREATE TABLE IF NOT EXISTS annotations
(
    kind           LowCardinality(String) COMMENT 'deploy, calibration, maintenance, fault, note, …',
    subject        LowCardinality(String) COMMENT 'device, link, hop or run that it is about',
    time           DateTime64(3, 'UTC')   COMMENT 'when it began',
    until          Nullable(DateTime64(3, 'UTC')) COMMENT 'when it ended, where it lasted',
    text           String                 COMMENT 'what happened',
    author         LowCardinality(String) COMMENT 'who says so',
    attributes     String CODEC(ZSTD(3))  COMMENT 'further facts, as JSON',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64                 COMMENT 'ledger.lo'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (subject, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'What people or machines did: deploys, calibrations, maintenance, faults switched on, notes.';
