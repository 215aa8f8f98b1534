"""Entangled pairs: their states, what measuring them gives, and the links and repeaters that make them."""
