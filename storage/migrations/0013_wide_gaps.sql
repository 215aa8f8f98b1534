-- One row of raw tags a block and channel, however slow: a gap of 2^32 ps or more no longer starts a new row. At 1 kcps rows held nine
-- tags each, and cost more than the tags. Rows of before stay as they are: their gaps have no high words.

ALTER TABLE tag_runs ADD COLUMN IF NOT EXISTS gaps_high Array(UInt32) CODEC(T64('bit'), LZ4) COMMENT 'what is above the low 32 bits of each gap; empty where no gap of the row has any' AFTER gaps;

ALTER TABLE tag_runs COMMENT COLUMN IF EXISTS gaps 'ps between neighbouring tags of the channel, low 32 bits; the first is 0';

ALTER TABLE tag_runs COMMENT COLUMN IF EXISTS crc 'CRC-32C of gaps, then of gaps_high, as little-endian bytes';

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
FROM tag_runs ARRAY JOIN arrayMap(elapsed -> t0_ps + toInt64(elapsed), arrayCumSum(if(empty(gaps_high), gaps,
    arrayMap((low, high) -> low + bitShiftLeft(toUInt64(high), 32), gaps, arrayResize(gaps_high, length(gaps)))))) AS abstime_ps
COMMENT 'One row per tag. Say which device and run: every tag is unpacked on the way.';
