"""Compiled loops over tags: arrays and scalars in, arrays out. Every one releases the interpreter lock and is cached on disk."""
