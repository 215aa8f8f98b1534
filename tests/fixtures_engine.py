"""The embedded ClickHouse engine, started once."""
