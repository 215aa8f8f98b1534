"""Readers of time-tag files, one format a module. They yield records as the file has them; order is producers.ordering's work."""
