-- All that is counted in a pane goes into one table a level instead of three: a batch is one insert and three parts instead of
-- three and nine, which is half of what it costs the store. Everything in a pane is a row of integers that add up.
-- Panes that development versions stored before go with their tables; raw tags, samples, verdicts and budgets stay.

CREATE TABLE IF NOT EXISTS panes_1s
(
    kind           Enum8('singles' = 1, 'correlations' = 2, 'coincidences' = 3) COMMENT 'what was counted',
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channels       Array(UInt8)           COMMENT 'inputs of the time-tagger: one; start and stop, tau = t(stop) - t(start); those that coincide, ascending',
    width_ps       UInt64                 COMMENT 'of a bin, or of the coincidence window (full); 0 for singles',
    first_edge_ps  Int64                  COMMENT 'correlations: sums[i] (from 1) holds tau in [first_edge_ps + (i-1)*width_ps, first_edge_ps + i*width_ps); else 0',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the second',
    sums           Array(UInt64) CODEC(T64, ZSTD(1)) COMMENT 'singles: tags, ps in which they could have been seen, ps that the source says were lost; correlations: pairs by tau; coincidences: their number',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax,
    INDEX stored stored_at TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (kind, device, run, domain, channels, width_ps, first_edge_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'What was counted: parts of panes of one second. Read v_singles_1s, v_correlations_1s, v_coincidences_1s, where parts are summed.';

CREATE TABLE IF NOT EXISTS panes_1min
(
    kind           Enum8('singles' = 1, 'correlations' = 2, 'coincidences' = 3) COMMENT 'what was counted',
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channels       Array(UInt8)           COMMENT 'inputs of the time-tagger: one; start and stop, tau = t(stop) - t(start); those that coincide, ascending',
    width_ps       UInt64                 COMMENT 'of a bin, or of the coincidence window (full); 0 for singles',
    first_edge_ps  Int64                  COMMENT 'correlations: sums[i] (from 1) holds tau in [first_edge_ps + (i-1)*width_ps, first_edge_ps + i*width_ps); else 0',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the minute',
    sums           AggregateFunction(sumForEach, Array(UInt64)) CODEC(ZSTD(1)) COMMENT 'singles: tags, ps in which they could have been seen, ps that the source says were lost; correlations: pairs by tau; coincidences: their number',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (kind, device, run, domain, channels, width_ps, first_edge_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'What was counted: exact sums by minute. Read v_singles_1min, v_correlations_1min, v_coincidences_1min, where parts are summed.';

CREATE TABLE IF NOT EXISTS panes_1h
(
    kind           Enum8('singles' = 1, 'correlations' = 2, 'coincidences' = 3) COMMENT 'what was counted',
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channels       Array(UInt8)           COMMENT 'inputs of the time-tagger: one; start and stop, tau = t(stop) - t(start); those that coincide, ascending',
    width_ps       UInt64                 COMMENT 'of a bin, or of the coincidence window (full); 0 for singles',
    first_edge_ps  Int64                  COMMENT 'correlations: sums[i] (from 1) holds tau in [first_edge_ps + (i-1)*width_ps, first_edge_ps + i*width_ps); else 0',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the hour',
    sums           AggregateFunction(sumForEach, Array(UInt64)) CODEC(ZSTD(1)) COMMENT 'singles: tags, ps in which they could have been seen, ps that the source says were lost; correlations: pairs by tau; coincidences: their number',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (kind, device, run, domain, channels, width_ps, first_edge_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'What was counted: exact sums by hour. Read v_singles_1h, v_correlations_1h, v_coincidences_1h, where parts are summed.';

CREATE MATERIALIZED VIEW IF NOT EXISTS panes_1min_of_1s TO panes_1min
AS SELECT domain, device, run, kind, channels, width_ps, first_edge_ps, toStartOfMinute(part.time) AS time, sumForEachState(part.sums) AS sums, max(part.stored_at) AS stored_at
FROM panes_1s AS part
GROUP BY domain, device, run, kind, channels, width_ps, first_edge_ps, time;

CREATE MATERIALIZED VIEW IF NOT EXISTS panes_1h_of_1min TO panes_1h
AS SELECT domain, device, run, kind, channels, width_ps, first_edge_ps, toStartOfHour(part.time) AS time, sumForEachMergeState(part.sums) AS sums, max(part.stored_at) AS stored_at
FROM panes_1min AS part
GROUP BY domain, device, run, kind, channels, width_ps, first_edge_ps, time;

CREATE OR REPLACE VIEW v_singles_1s
AS SELECT domain, device, run, channels[1] AS channel, part.time AS time,
    sumForEach(part.sums)[1] AS tags,
    sumForEach(part.sums)[2] AS live_ps,
    sumForEach(part.sums)[3] AS lost_ps,
    if(live_ps = 0, NULL, tags / live_ps * 1e12) AS rate_hz
FROM panes_1s AS part
WHERE kind = 'singles'
GROUP BY domain, device, run, channel, time
COMMENT 'Singles by second, parts summed.';

CREATE OR REPLACE VIEW v_singles_1min
AS SELECT domain, device, run, channels[1] AS channel, part.time AS time,
    sumForEachMerge(part.sums)[1] AS tags,
    sumForEachMerge(part.sums)[2] AS live_ps,
    sumForEachMerge(part.sums)[3] AS lost_ps,
    if(live_ps = 0, NULL, tags / live_ps * 1e12) AS rate_hz
FROM panes_1min AS part
WHERE kind = 'singles'
GROUP BY domain, device, run, channel, time
COMMENT 'Singles by minute, parts summed.';

CREATE OR REPLACE VIEW v_singles_1h
AS SELECT domain, device, run, channels[1] AS channel, part.time AS time,
    sumForEachMerge(part.sums)[1] AS tags,
    sumForEachMerge(part.sums)[2] AS live_ps,
    sumForEachMerge(part.sums)[3] AS lost_ps,
    if(live_ps = 0, NULL, tags / live_ps * 1e12) AS rate_hz
FROM panes_1h AS part
WHERE kind = 'singles'
GROUP BY domain, device, run, channel, time
COMMENT 'Singles by hour, parts summed.';

CREATE OR REPLACE VIEW v_correlations_1s
AS SELECT domain, device, run, channels[1] AS start_channel, channels[2] AS stop_channel, width_ps AS bin_width_ps, first_edge_ps,
    part.time AS time,
    sumForEach(part.sums) AS counts,
    arraySum(counts) AS pairs
FROM panes_1s AS part
WHERE kind = 'correlations'
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time
COMMENT 'Correlations by second, parts summed.';

CREATE OR REPLACE VIEW v_correlations_1min
AS SELECT domain, device, run, channels[1] AS start_channel, channels[2] AS stop_channel, width_ps AS bin_width_ps, first_edge_ps,
    part.time AS time,
    sumForEachMerge(part.sums) AS counts,
    arraySum(counts) AS pairs
FROM panes_1min AS part
WHERE kind = 'correlations'
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time
COMMENT 'Correlations by minute, parts summed.';

CREATE OR REPLACE VIEW v_correlations_1h
AS SELECT domain, device, run, channels[1] AS start_channel, channels[2] AS stop_channel, width_ps AS bin_width_ps, first_edge_ps,
    part.time AS time,
    sumForEachMerge(part.sums) AS counts,
    arraySum(counts) AS pairs
FROM panes_1h AS part
WHERE kind = 'correlations'
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time
COMMENT 'Correlations by hour, parts summed.';

CREATE OR REPLACE VIEW v_coincidences_1s
AS SELECT domain, device, run, channels, width_ps AS window_ps, part.time AS time,
    sumForEach(part.sums)[1] AS coincidences
FROM panes_1s AS part
WHERE kind = 'coincidences'
GROUP BY domain, device, run, channels, window_ps, time
COMMENT 'Coincidences by second, parts summed.';

CREATE OR REPLACE VIEW v_coincidences_1min
AS SELECT domain, device, run, channels, width_ps AS window_ps, part.time AS time,
    sumForEachMerge(part.sums)[1] AS coincidences
FROM panes_1min AS part
WHERE kind = 'coincidences'
GROUP BY domain, device, run, channels, window_ps, time
COMMENT 'Coincidences by minute, parts summed.';

CREATE OR REPLACE VIEW v_coincidences_1h
AS SELECT domain, device, run, channels, width_ps AS window_ps, part.time AS time,
    sumForEachMerge(part.sums)[1] AS coincidences
FROM panes_1h AS part
WHERE kind = 'coincidences'
GROUP BY domain, device, run, channels, window_ps, time
COMMENT 'Coincidences by hour, parts summed.';

DROP VIEW IF EXISTS singles_1min_of_1s;
DROP VIEW IF EXISTS singles_1h_of_1min;
DROP TABLE IF EXISTS singles_1s;
DROP TABLE IF EXISTS singles_1min;
DROP TABLE IF EXISTS singles_1h;
DROP VIEW IF EXISTS correlations_1min_of_1s;
DROP VIEW IF EXISTS correlations_1h_of_1min;
DROP TABLE IF EXISTS correlations_1s;
DROP TABLE IF EXISTS correlations_1min;
DROP TABLE IF EXISTS correlations_1h;
DROP VIEW IF EXISTS coincidences_1min_of_1s;
DROP VIEW IF EXISTS coincidences_1h_of_1min;
DROP TABLE IF EXISTS coincidences_1s;
DROP TABLE IF EXISTS coincidences_1min;
DROP TABLE IF EXISTS coincidences_1h;
