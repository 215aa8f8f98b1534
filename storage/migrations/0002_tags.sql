-- Blocks and every single tag. The batch_ columns say which batch stored a row (see ledger).

CREATE TABLE IF NOT EXISTS blocks
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    source         LowCardinality(String) COMMENT 'whoever numbers the blocks: a time-tagger, or one replay of a file',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    sequence       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'number of the block in its source''s run, from 0',
    time           DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'start of the block',
    origin_unix_ns Int64                  COMMENT 'the origin of all ps values of the run, ns since 1970 UTC',
    start_ps       Int64 CODEC(Delta, ZSTD(1)) COMMENT 'the block speaks for [start_ps, reached_ps)',
    reached_ps     Int64 CODEC(Delta, ZSTD(1)) COMMENT 'no later block of the source reaches back before this',
    tags           UInt64 CODEC(T64, ZSTD(1)) COMMENT 'tags in the block, all channels',
    fate           LowCardinality(String) COMMENT 'in-order, held (waited for an earlier block) or late (its tags are stored but in no pane)',
    reordered      UInt64                 COMMENT 'records that had to be sorted into place',
    overflows      UInt64                 COMMENT 'buffer overflows that the source declared',
    lost           Array(Tuple(start_ps Int64, end_ps Int64, tags Nullable(UInt64))) COMMENT 'intervals of declared loss, with the number of tags where known',
    firmware       LowCardinality(String) COMMENT 'of the source',
    calibration    LowCardinality(String) COMMENT 'in force at the source',
    channels       Array(Tuple(number UInt8, role String, label String)) COMMENT 'inputs of the time-tagger',
    period_ps      Nullable(Float64)      COMMENT 'excitation period, where the source knows it',
    resolution_ps  UInt32                 COMMENT 'step of the time-tagger',
    labels         Map(String, String) COMMENT 'free context, for example file and format of a replay',
    final          Bool                   COMMENT 'last block of its run',
    offset         UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset of the message',
    crc            UInt32                 COMMENT 'CRC-32C of the message',
    appended_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when the broker appended the message',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (device, run, source, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'One row per tag block that was used.';

CREATE TABLE IF NOT EXISTS run_totals
(
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    origin_unix_ns SimpleAggregateFunction(min, Int64) COMMENT 'the origin of all ps values of the run, ns since 1970 UTC',
    began          SimpleAggregateFunction(min, DateTime64(9, 'UTC')) COMMENT 'start of the first block',
    reached        SimpleAggregateFunction(max, DateTime64(9, 'UTC')) COMMENT 'up to where the blocks speak',
    blocks         SimpleAggregateFunction(sum, UInt64) COMMENT 'blocks that were used',
    tags           SimpleAggregateFunction(sum, UInt64) COMMENT 'tags in them, all channels',
    late_tags      SimpleAggregateFunction(sum, UInt64) COMMENT 'of these, in blocks too late for any pane',
    reordered      SimpleAggregateFunction(sum, UInt64) COMMENT 'records that had to be sorted into place',
    overflows      SimpleAggregateFunction(sum, UInt64) COMMENT 'buffer overflows that the source declared',
    lost_ps        SimpleAggregateFunction(sum, UInt64) COMMENT 'time for which the source declared loss',
    lost_tags      SimpleAggregateFunction(sum, UInt64) COMMENT 'tags that it declared lost, where it knew the number',
    final          SimpleAggregateFunction(max, UInt8) COMMENT '1 once its last block came',
    firmware       SimpleAggregateFunction(anyLast, String) COMMENT 'of the source',
    calibration    SimpleAggregateFunction(anyLast, String) COMMENT 'in force at the source',
    channels       SimpleAggregateFunction(anyLast, Array(Tuple(number UInt8, role String, label String))) COMMENT 'inputs of the time-tagger',
    labels         SimpleAggregateFunction(anyLast, Map(String, String)) COMMENT 'free context, for example file and format of a replay',
    first_appended_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'when the broker appended its first block',
    seen_at        SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'when the broker appended its latest block',
    stored_at      SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'the store''s clock when that was stored'
)
ENGINE = AggregatingMergeTree
ORDER BY (device, run, domain)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What is known of each run, summed over its blocks. Read v_runs, where parts are summed.';

CREATE MATERIALIZED VIEW IF NOT EXISTS run_totals_of_blocks TO run_totals
AS SELECT device, run, domain, min(block.origin_unix_ns) AS origin_unix_ns, min(block.time) AS began,
    max(fromUnixTimestamp64Nano(block.origin_unix_ns + intDiv(block.reached_ps, 1000), 'UTC')) AS reached,
    count() AS blocks, sum(block.tags) AS tags, sumIf(block.tags, block.fate = 'late') AS late_tags,
    sum(block.reordered) AS reordered, sum(block.overflows) AS overflows,
    sum(arraySum(loss -> toUInt64(loss.end_ps - loss.start_ps), block.lost)) AS lost_ps,
    sum(arraySum(loss -> ifNull(loss.tags, 0), block.lost)) AS lost_tags,
    max(block.final) AS final, anyLast(block.firmware) AS firmware, anyLast(block.calibration) AS calibration,
    anyLast(block.channels) AS channels, anyLast(block.labels) AS labels,
    min(block.appended_at) AS first_appended_at, max(block.appended_at) AS seen_at, max(block.stored_at) AS stored_at
FROM blocks AS block
GROUP BY device, run, domain;

CREATE OR REPLACE VIEW v_runs
AS SELECT device, run, min(part.origin_unix_ns) AS origin_unix_ns, min(part.began) AS began, max(part.reached) AS reached,
    sum(part.blocks) AS blocks, sum(part.tags) AS tags, sum(part.late_tags) AS late_tags, sum(part.reordered) AS reordered,
    sum(part.overflows) AS overflows, sum(part.lost_ps) AS lost_ps, sum(part.lost_tags) AS lost_tags, max(part.final) AS final,
    anyLast(part.firmware) AS firmware, anyLast(part.calibration) AS calibration, anyLast(part.channels) AS channels,
    anyLast(part.labels) AS labels, min(part.first_appended_at) AS first_appended_at, max(part.seen_at) AS seen_at
FROM run_totals AS part
GROUP BY device, run
COMMENT 'One row per run.';

CREATE TABLE IF NOT EXISTS tag_runs
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    source         LowCardinality(String) COMMENT 'whoever numbers the blocks',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    channel        UInt8                  COMMENT 'input of the time-tagger',
    origin_unix_ns Int64                  COMMENT 'the origin of all ps values of the run, ns since 1970 UTC',
    t0_ps          Int64 CODEC(Delta, ZSTD(1)) COMMENT 'first tag, ps since the origin',
    last_ps        Int64 CODEC(Delta, ZSTD(1)) COMMENT 'last tag, ps since the origin',
    time           DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'time of the first tag',
    n              UInt32 CODEC(T64, ZSTD(1)) COMMENT 'tags in the row',
    gaps           Array(UInt32) CODEC(T64('bit'), ZSTD(1)) COMMENT 'ps between neighbouring tags of the channel; the first is 0. A gap of 2^32 ps or more starts a new row',
    sequence       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'block that the tags came in',
    offset         UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset of its message',
    crc            UInt32                 COMMENT 'CRC-32C of gaps as little-endian bytes',
    late           Bool                   COMMENT 'the block came too late: its tags are in no pane',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (device, run, channel, t0_ps)
-- Rows are long already: merging large parts once more would cost as much as inserting them and bring nothing.
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, max_bytes_to_merge_at_max_space_in_pool = 536870912
COMMENT 'Every tag, gap-coded: one row per block and channel. The view tags has one row per tag.';

CREATE OR REPLACE VIEW tags
(
    device     LowCardinality(String) COMMENT 'device under observation',
    run        LowCardinality(String) COMMENT 'span of an experiment',
    channel    UInt8                  COMMENT 'input of the time-tagger',
    abstime_ps Int64                  COMMENT 'time of the tag, ps since the run''s origin',
    time       DateTime64(9, 'UTC')   COMMENT 'the same as UTC, cut to ns',
    domain     LowCardinality(String) COMMENT 'coincidence domain',
    source     LowCardinality(String) COMMENT 'whoever numbers the blocks',
    sequence   UInt64                 COMMENT 'block that the tag came in',
    partition  UInt16                 COMMENT 'Kafka partition of its message',
    offset     UInt64                 COMMENT 'Kafka offset of its message',
    late       Bool                   COMMENT 'the block came too late: its tags are in no pane'
)
AS SELECT device, run, channel, abstime_ps, fromUnixTimestamp64Nano(origin_unix_ns + intDiv(abstime_ps, 1000), 'UTC') AS time,
    domain, source, sequence, batch_partition AS partition, offset, late
FROM tag_runs ARRAY JOIN arrayMap(elapsed -> t0_ps + toInt64(elapsed), arrayCumSum(gaps)) AS abstime_ps
COMMENT 'One row per tag. Say which device and run: every tag is unpacked on the way.';

CREATE TABLE IF NOT EXISTS late_blocks
(
    domain         LowCardinality(String) COMMENT 'coincidence domain',
    source         LowCardinality(String) COMMENT 'whoever numbers the blocks',
    device         LowCardinality(String) COMMENT 'device under observation',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    sequence       UInt64                 COMMENT 'number of the block',
    time           DateTime64(9, 'UTC')   COMMENT 'start of the block',
    start_ps       Int64                  COMMENT 'the block speaks for [start_ps, reached_ps)',
    reached_ps     Int64                  COMMENT 'end of that interval',
    tags           UInt64                 COMMENT 'tags in the block: in no pane; kept as raw tags only if fate is late',
    fate           LowCardinality(String) COMMENT 'why the block was not used: late, duplicate, contradiction, …',
    offset         UInt64                 COMMENT 'Kafka offset of the message',
    appended_at    DateTime64(3, 'UTC')   COMMENT 'when the broker appended the message',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64                 COMMENT 'ledger.lo'
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (device, run, source, sequence)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Blocks that came too late, twice, or against their source''s promise: counted, not used.';

CREATE TABLE IF NOT EXISTS dead_letters
(
    topic          LowCardinality(String) COMMENT 'Kafka topic of the message',
    partition      UInt16                 COMMENT 'its partition',
    offset         UInt64                 COMMENT 'its offset',
    time           DateTime64(9, 'UTC')   COMMENT 'when the broker appended the message',
    reason         LowCardinality(String) COMMENT 'why it could not be used, for machines',
    detail         String                 COMMENT 'the same for people',
    size           UInt32                 COMMENT 'bytes of the message',
    head           String                 COMMENT 'its first bytes, at most 256',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64                 COMMENT 'ledger.lo'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Messages that could not be used: where they stand in the log, and why.';
