-- Who spoke of late is asked for as long as anybody looks at the fleet: of rows that came since the last look, and of no others.

ALTER TABLE events ADD INDEX IF NOT EXISTS stored stored_at TYPE minmax;
ALTER TABLE events MATERIALIZE INDEX IF EXISTS stored;
ALTER TABLE telemetry ADD INDEX IF NOT EXISTS stored stored_at TYPE minmax;
ALTER TABLE telemetry MATERIALIZE INDEX IF EXISTS stored;
ALTER TABLE measurements ADD INDEX IF NOT EXISTS stored stored_at TYPE minmax;
ALTER TABLE measurements MATERIALIZE INDEX IF EXISTS stored;
