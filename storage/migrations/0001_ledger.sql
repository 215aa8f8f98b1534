-- What was stored: one row a batch, written last. It makes every replay recognisable, whatever became of the tokens.

CREATE TABLE IF NOT EXISTS ledger
(
    pipeline  LowCardinality(String) COMMENT 'who cut and stored the batch, with its version',
    topic     LowCardinality(String) COMMENT 'Kafka topic that the batch was read from',
    partition UInt16                 COMMENT 'its partition',
    lo        UInt64                 COMMENT 'first offset of the batch',
    hi        UInt64                 COMMENT 'first offset after it',
    messages  UInt32                 COMMENT 'messages that the batch holds',
    rows      Map(LowCardinality(String), UInt64) COMMENT 'rows stored, by table',
    inserts   UInt16                 COMMENT 'most inserts that any one table received for the batch',
    crc       UInt32                 COMMENT 'checksum over the messages of the batch',
    positions String CODEC(ZSTD(3))  COMMENT 'how far each source had been read at hi, as JSON',
    worker    LowCardinality(String) COMMENT 'worker that stored it',
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'the store''s clock when the batch was complete'
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(stored_at)
ORDER BY (pipeline, topic, partition, lo)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'One row per batch whose rows are all stored. Written last; no batch is stored twice.';
