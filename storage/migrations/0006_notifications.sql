-- Who was told of which alert, so that nobody is told twice and nobody is forgotten.

CREATE TABLE IF NOT EXISTS notifications
(
    receiver       LowCardinality(String) COMMENT 'who was told; addresses and secrets do not stand here',
    alert          String                 COMMENT 'objective/subject/severity; empty in the row that says since when the receiver is told',
    firing         Bool                   COMMENT 'whether the alert began or ceased to fire',
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'event time of the transition',
    outcome        LowCardinality(String) COMMENT 'begun, sent, or inhibited by a more severe alert',
    message        String                 COMMENT 'title of the message that told of it',
    attempts       UInt32                 COMMENT 'tries that it took',
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the store''s clock when it was done'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (receiver, alert, time, firing)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
COMMENT 'The notification log: one row per receiver and transition of an alert.';
