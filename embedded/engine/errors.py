"""Errors of the engine's room, and ClickHouse's own, which carry a code."""

from embedded.errors import EmbeddedError


class EngineError(EmbeddedError):
    """The endpoint cannot start or go on: what, where, and what to do."""
