"""Hypothesis in this room: the same cases every time, and no deadline, for the first case of a kernel compiles it."""

from hypothesis import settings

settings.register_profile("streams", deadline=None, derandomize=True)
settings.load_profile("streams")
