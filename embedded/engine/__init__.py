"""The ClickHouse engine (chdb) behind ClickHouse's own HTTP interface, for one machine. Run as ``python -m embedded.engine``."""
