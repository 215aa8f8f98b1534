-- What an undecided estimate lacks until its thresholds decide it.

ALTER TABLE indicator_samples
    ADD COLUMN IF NOT EXISTS lacks String DEFAULT '[]' CODEC(ZSTD(3)) COMMENT 'for every threshold that leaves it undecided what more counts would decide, as JSON' AFTER firmware;

ALTER TABLE verdicts
    ADD COLUMN IF NOT EXISTS more_counts Map(LowCardinality(String), UInt64) COMMENT 'of an insufficient sample: about how many more counts until this objective can be judged; empty where nothing is known' AFTER insufficient,
    ADD COLUMN IF NOT EXISTS more_s Nullable(Float64) COMMENT 'how long they take at the present rate' AFTER more_counts;
