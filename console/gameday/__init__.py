"""Game days: a failure is injected, and what the platform makes of it is scored."""
