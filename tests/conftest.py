"""Fixtures shared by all rooms: one real broker and one real engine for the whole run."""

pytest_plugins = ["tests.fixtures_broker", "tests.fixtures_engine"]
