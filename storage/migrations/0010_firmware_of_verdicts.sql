-- Which firmware spent a budget.

ALTER TABLE verdicts ADD COLUMN IF NOT EXISTS firmware LowCardinality(String) DEFAULT '' COMMENT 'of the sample''s source' AFTER run;
