"""The embedded broker, started once."""
