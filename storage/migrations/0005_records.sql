-- What devices tell beside tags: events, telemetry and measurements, one row each, as they came.

CREATE TABLE IF NOT EXISTS events
(
    subject        LowCardinality(String) COMMENT 'device, link or hop that it is about',
    device         LowCardinality(String) COMMENT 'device that told it',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    source         LowCardinality(String) COMMENT 'whoever numbers the events',
    sequence       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'number of the event, by its source',
    kind           LowCardinality(String) COMMENT 'heralds, swaps, command, heartbeat or calibration',
    name           LowCardinality(String) COMMENT 'the command, the calibration routine, or the state of a heartbeat',
    time           DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it began',
    until          DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it ended; what happens at an instant ends when it begins',
    attempts       Nullable(UInt64)       COMMENT 'attempts, tries of a command, steps of a calibration',
    succeeded      Nullable(UInt64)       COMMENT 'heralds, swaps acknowledged; 1 or 0 for a command or calibration',
    latency_ns     Array(Int64) CODEC(T64, ZSTD(1)) COMMENT 'of each herald: emission to herald arrival',
    what           String CODEC(ZSTD(3))  COMMENT 'the whole event, as JSON',
    firmware       LowCardinality(String) COMMENT 'of the device',
    offset         UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset of the message',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (subject, kind, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Attempts and heralds, swaps, commands, heartbeats, calibrations.';

CREATE TABLE IF NOT EXISTS telemetry
(
    device         LowCardinality(String) COMMENT 'device that the sensor belongs to',
    metric         LowCardinality(String) COMMENT 'what was read, for example cryostat.temperature',
    time           DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it was read',
    value          Nullable(Float64) CODEC(Gorilla, ZSTD(1)) COMMENT 'in the unit; NULL unless the state is ok',
    unit           LowCardinality(String) COMMENT 'SI without prefix',
    state          LowCardinality(String) COMMENT 'ok, timeout, garbage, disconnected or out-of-range',
    detail         String CODEC(ZSTD(1))  COMMENT 'why there is no value',
    source         LowCardinality(String) COMMENT 'who read it',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    firmware       LowCardinality(String) COMMENT 'of the device',
    offset         UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset of the message',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (device, metric, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Readings of sensors and instruments.';

CREATE TABLE IF NOT EXISTS measurements
(
    subject        LowCardinality(String) COMMENT 'device, link or hop that was measured',
    device         LowCardinality(String) COMMENT 'device that measured',
    run            LowCardinality(String) COMMENT 'span of an experiment',
    kind           LowCardinality(String) COMMENT 'resonator-sweep, delay-histogram, hom-scan, …',
    time           DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it ended',
    began          DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it began',
    data           String CODEC(ZSTD(3))  COMMENT 'as taken, as JSON',
    conditions     String CODEC(ZSTD(3))  COMMENT 'what was set, as JSON',
    firmware       LowCardinality(String) COMMENT 'of the device',
    calibration    LowCardinality(String) COMMENT 'in force at the device',
    offset         UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'Kafka offset of the message',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (subject, kind, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Sweeps, scans, counts by basis, decays and shots.';
