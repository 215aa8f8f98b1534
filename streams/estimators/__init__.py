"""From integers to numbers that a physicist may trust: pure functions, each with its interval."""
