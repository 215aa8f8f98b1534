"""Reports on a fleet: asked of the store, written for people and programs."""
