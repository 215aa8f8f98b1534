-- Since when what made an alert fire was bad: how long it took to detect.

ALTER TABLE alert_transitions
    ADD COLUMN IF NOT EXISTS bad_since Nullable(DateTime('UTC')) COMMENT 'end of the first bad sample among those that made it fire; of silence, when the subject was last heard' AFTER estimate;
