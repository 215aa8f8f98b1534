"""One file a command. Heavy imports stand inside the functions, so that ``photonwatch --help`` answers at once."""
