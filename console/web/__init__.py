"""The page and its JSON API: rendered on the server, kept live by server-sent events."""
