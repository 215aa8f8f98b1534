-- What a sample counted, whether it was excluded or not; what was excluded, by whom and why; what else alerts tell.

ALTER TABLE verdicts
    ADD COLUMN IF NOT EXISTS good UInt64 DEFAULT verdict = 'good' COMMENT 'good events that the sample counted, excluded or not' AFTER verdict,
    ADD COLUMN IF NOT EXISTS bad UInt64 DEFAULT verdict = 'bad' COMMENT 'bad events that it counted' AFTER good,
    ADD COLUMN IF NOT EXISTS insufficient UInt64 DEFAULT verdict = 'insufficient' COMMENT '1 where it leaves the verdict open' AFTER bad;

ALTER TABLE alert_transitions
    ADD COLUMN IF NOT EXISTS inhibited_by String DEFAULT '' COMMENT 'the more severe alert that silences this one' AFTER runbook,
    ADD COLUMN IF NOT EXISTS indicator LowCardinality(String) DEFAULT '' COMMENT 'what the objective is about' AFTER inhibited_by,
    ADD COLUMN IF NOT EXISTS device LowCardinality(String) DEFAULT '' COMMENT 'device that was measured' AFTER indicator,
    ADD COLUMN IF NOT EXISTS estimate String DEFAULT '' CODEC(ZSTD(3)) COMMENT 'what was last measured, as JSON; empty where no measurement made it turn' AFTER device;

CREATE TABLE IF NOT EXISTS exclusions
(
    subject        LowCardinality(String) COMMENT 'of whom time was taken out',
    time           DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'from when on',
    until          Nullable(DateTime64(9, 'UTC')) COMMENT 'the last instant; NULL: until a later row with the same subject, time and reason says',
    reason         String                 COMMENT 'why: maintenance, calibration, warm-up, and what about it',
    who            LowCardinality(String) COMMENT 'who says so',
    position       UInt32                 COMMENT 'place of the row in its batch: (batch_lo, position) is the order of things',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when the row came: as of when it was known',
    batch_pipeline LowCardinality(String) COMMENT 'ledger.pipeline',
    batch_topic    LowCardinality(String) COMMENT 'ledger.topic',
    batch_partition UInt16                COMMENT 'ledger.partition',
    batch_lo       UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'ledger.lo',
    INDEX batch batch_lo TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (subject, time)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'Time that no budget answers for, as devices and people raised it: the audit of exclusions.';
