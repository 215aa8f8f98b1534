"""What all questions share: the client that they go through, and the level of detail that they ask for."""

from enum import StrEnum

from storage.client import Client

END_OF_TIME = (1 << 32) - 1
"""Later than every time that is stored: UTC seconds."""


class Level(StrEnum):
    """Length of the panes that are read. Each level holds exact sums of the finer one, and is kept longer."""

    SECOND = "1s"
    MINUTE = "1min"
    HOUR = "1h"


class Questions:
    """Questions to one store. Every one of them raises StoreError: Unavailable or Refused."""

    def __init__(self, client: Client) -> None:
        self._client = client
