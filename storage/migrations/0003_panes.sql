-- What the processors counted. Panes come in parts: a pane may have several rows, and their sum is the pane.
-- The 1 s rows are appended; views sum what is inserted into minutes, and what is inserted into minutes into hours.

CREATE TABLE IF NOT EXISTS singles_1s
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channel        UInt8                  COMMENT 'input of the time-tagger',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the second',
    tags           UInt64 CODEC(T64, ZSTD(1)) COMMENT 'tags that fall into the pane',
    live_ps        UInt64 CODEC(T64, ZSTD(1)) COMMENT 'time in which they could have been seen',
    lost_ps        UInt64 CODEC(T64, ZSTD(1)) COMMENT 'time that the source says was lost',
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
ORDER BY (device, run, domain, channel, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Tags of one channel: parts of panes of one second. Read v_singles_1s, where parts are summed.';

CREATE TABLE IF NOT EXISTS singles_1min
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channel        UInt8                  COMMENT 'input of the time-tagger',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the minute',
    tags           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'tags that fall into the pane',
    live_ps        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'time in which they could have been seen',
    lost_ps        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'time that the source says was lost',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (device, run, domain, channel, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Tags of one channel: exact sums by minute. Read v_singles_1min, where parts are summed.';

CREATE TABLE IF NOT EXISTS singles_1h
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channel        UInt8                  COMMENT 'input of the time-tagger',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the hour',
    tags           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'tags that fall into the pane',
    live_ps        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'time in which they could have been seen',
    lost_ps        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'time that the source says was lost',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (device, run, domain, channel, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Tags of one channel: exact sums by hour. Read v_singles_1h, where parts are summed.';

CREATE MATERIALIZED VIEW IF NOT EXISTS singles_1min_of_1s TO singles_1min
AS SELECT domain, device, run, channel, toStartOfMinute(part.time) AS time, sum(part.tags) AS tags, sum(part.live_ps) AS live_ps, sum(part.lost_ps) AS lost_ps, max(part.stored_at) AS stored_at
FROM singles_1s AS part
GROUP BY domain, device, run, channel, time;

CREATE MATERIALIZED VIEW IF NOT EXISTS singles_1h_of_1min TO singles_1h
AS SELECT domain, device, run, channel, toStartOfHour(part.time) AS time, sum(part.tags) AS tags, sum(part.live_ps) AS live_ps, sum(part.lost_ps) AS lost_ps, max(part.stored_at) AS stored_at
FROM singles_1min AS part
GROUP BY domain, device, run, channel, time;

CREATE TABLE IF NOT EXISTS correlations_1s
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    start_channel  UInt8                  COMMENT 'tau = t(stop_channel) - t(start_channel)',
    stop_channel   UInt8                  COMMENT 'always above start_channel',
    bin_width_ps   UInt32                 COMMENT 'width of a bin',
    first_edge_ps  Int64                  COMMENT 'counts[i] (from 1) holds tau in [first_edge_ps + (i-1)*bin_width_ps, first_edge_ps + i*bin_width_ps)',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the second',
    counts         Array(UInt64) CODEC(T64, ZSTD(1)) COMMENT 'pairs by tau, in the pane of the pair''s last tag',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (device, run, domain, start_channel, stop_channel, bin_width_ps, first_edge_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'All-pairs histogram of two channels: parts of panes of one second. Read v_correlations_1s, where parts are summed.';

CREATE TABLE IF NOT EXISTS correlations_1min
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    start_channel  UInt8                  COMMENT 'tau = t(stop_channel) - t(start_channel)',
    stop_channel   UInt8                  COMMENT 'always above start_channel',
    bin_width_ps   UInt32                 COMMENT 'width of a bin',
    first_edge_ps  Int64                  COMMENT 'counts[i] (from 1) holds tau in [first_edge_ps + (i-1)*bin_width_ps, first_edge_ps + i*bin_width_ps)',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the minute',
    counts         AggregateFunction(sumForEach, Array(UInt64)) CODEC(ZSTD(1)) COMMENT 'pairs by tau, in the pane of the pair''s last tag',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (device, run, domain, start_channel, stop_channel, bin_width_ps, first_edge_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'All-pairs histogram of two channels: exact sums by minute. Read v_correlations_1min, where parts are summed.';

CREATE TABLE IF NOT EXISTS correlations_1h
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    start_channel  UInt8                  COMMENT 'tau = t(stop_channel) - t(start_channel)',
    stop_channel   UInt8                  COMMENT 'always above start_channel',
    bin_width_ps   UInt32                 COMMENT 'width of a bin',
    first_edge_ps  Int64                  COMMENT 'counts[i] (from 1) holds tau in [first_edge_ps + (i-1)*bin_width_ps, first_edge_ps + i*bin_width_ps)',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the hour',
    counts         AggregateFunction(sumForEach, Array(UInt64)) CODEC(ZSTD(1)) COMMENT 'pairs by tau, in the pane of the pair''s last tag',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (device, run, domain, start_channel, stop_channel, bin_width_ps, first_edge_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'All-pairs histogram of two channels: exact sums by hour. Read v_correlations_1h, where parts are summed.';

CREATE MATERIALIZED VIEW IF NOT EXISTS correlations_1min_of_1s TO correlations_1min
AS SELECT domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, toStartOfMinute(part.time) AS time, sumForEachState(part.counts) AS counts, max(part.stored_at) AS stored_at
FROM correlations_1s AS part
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time;

CREATE MATERIALIZED VIEW IF NOT EXISTS correlations_1h_of_1min TO correlations_1h
AS SELECT domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, toStartOfHour(part.time) AS time, sumForEachMergeState(part.counts) AS counts, max(part.stored_at) AS stored_at
FROM correlations_1min AS part
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time;

CREATE TABLE IF NOT EXISTS coincidences_1s
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channels       Array(UInt8)           COMMENT 'channels that coincide, ascending',
    window_ps      UInt64                 COMMENT 'coincidence window, full width',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the second',
    coincidences   UInt64 CODEC(T64, ZSTD(1)) COMMENT 'coincidences whose last tag falls into the pane',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (device, run, domain, channels, window_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Coincidences of a set of channels: parts of panes of one second. Read v_coincidences_1s, where parts are summed.';

CREATE TABLE IF NOT EXISTS coincidences_1min
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channels       Array(UInt8)           COMMENT 'channels that coincide, ascending',
    window_ps      UInt64                 COMMENT 'coincidence window, full width',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the minute',
    coincidences   SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'coincidences whose last tag falls into the pane',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (device, run, domain, channels, window_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Coincidences of a set of channels: exact sums by minute. Read v_coincidences_1min, where parts are summed.';

CREATE TABLE IF NOT EXISTS coincidences_1h
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channels       Array(UInt8)           COMMENT 'channels that coincide, ascending',
    window_ps      UInt64                 COMMENT 'coincidence window, full width',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the hour',
    coincidences   SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)) COMMENT 'coincidences whose last tag falls into the pane',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the last part came'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (device, run, domain, channels, window_ps, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Coincidences of a set of channels: exact sums by hour. Read v_coincidences_1h, where parts are summed.';

CREATE MATERIALIZED VIEW IF NOT EXISTS coincidences_1min_of_1s TO coincidences_1min
AS SELECT domain, device, run, channels, window_ps, toStartOfMinute(part.time) AS time, sum(part.coincidences) AS coincidences, max(part.stored_at) AS stored_at
FROM coincidences_1s AS part
GROUP BY domain, device, run, channels, window_ps, time;

CREATE MATERIALIZED VIEW IF NOT EXISTS coincidences_1h_of_1min TO coincidences_1h
AS SELECT domain, device, run, channels, window_ps, toStartOfHour(part.time) AS time, sum(part.coincidences) AS coincidences, max(part.stored_at) AS stored_at
FROM coincidences_1min AS part
GROUP BY domain, device, run, channels, window_ps, time;

CREATE OR REPLACE VIEW v_singles_1s
AS SELECT domain, device, run, channel, part.time AS time,
    sum(part.tags) AS tags,
    sum(part.live_ps) AS live_ps,
    sum(part.lost_ps) AS lost_ps,
    if(live_ps = 0, NULL, tags / live_ps * 1e12) AS rate_hz
FROM singles_1s AS part
GROUP BY domain, device, run, channel, time
COMMENT 'Singles by second, parts summed.';

CREATE OR REPLACE VIEW v_singles_1min
AS SELECT domain, device, run, channel, part.time AS time,
    sum(part.tags) AS tags,
    sum(part.live_ps) AS live_ps,
    sum(part.lost_ps) AS lost_ps,
    if(live_ps = 0, NULL, tags / live_ps * 1e12) AS rate_hz
FROM singles_1min AS part
GROUP BY domain, device, run, channel, time
COMMENT 'Singles by minute, parts summed.';

CREATE OR REPLACE VIEW v_singles_1h
AS SELECT domain, device, run, channel, part.time AS time,
    sum(part.tags) AS tags,
    sum(part.live_ps) AS live_ps,
    sum(part.lost_ps) AS lost_ps,
    if(live_ps = 0, NULL, tags / live_ps * 1e12) AS rate_hz
FROM singles_1h AS part
GROUP BY domain, device, run, channel, time
COMMENT 'Singles by hour, parts summed.';

CREATE OR REPLACE VIEW v_correlations_1s
AS SELECT domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, part.time AS time,
    sumForEach(part.counts) AS counts,
    arraySum(counts) AS pairs
FROM correlations_1s AS part
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time
COMMENT 'Correlations by second, parts summed.';

CREATE OR REPLACE VIEW v_correlations_1min
AS SELECT domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, part.time AS time,
    sumForEachMerge(part.counts) AS counts,
    arraySum(counts) AS pairs
FROM correlations_1min AS part
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time
COMMENT 'Correlations by minute, parts summed.';

CREATE OR REPLACE VIEW v_correlations_1h
AS SELECT domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, part.time AS time,
    sumForEachMerge(part.counts) AS counts,
    arraySum(counts) AS pairs
FROM correlations_1h AS part
GROUP BY domain, device, run, start_channel, stop_channel, bin_width_ps, first_edge_ps, time
COMMENT 'Correlations by hour, parts summed.';

CREATE OR REPLACE VIEW v_coincidences_1s
AS SELECT domain, device, run, channels, window_ps, part.time AS time,
    sum(part.coincidences) AS coincidences
FROM coincidences_1s AS part
GROUP BY domain, device, run, channels, window_ps, time
COMMENT 'Coincidences by second, parts summed.';

CREATE OR REPLACE VIEW v_coincidences_1min
AS SELECT domain, device, run, channels, window_ps, part.time AS time,
    sum(part.coincidences) AS coincidences
FROM coincidences_1min AS part
GROUP BY domain, device, run, channels, window_ps, time
COMMENT 'Coincidences by minute, parts summed.';

CREATE OR REPLACE VIEW v_coincidences_1h
AS SELECT domain, device, run, channels, window_ps, part.time AS time,
    sum(part.coincidences) AS coincidences
FROM coincidences_1h AS part
GROUP BY domain, device, run, channels, window_ps, time
COMMENT 'Coincidences by hour, parts summed.';
