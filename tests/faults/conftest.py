"""A live platform for each fault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import LivePlatform


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[LivePlatform]:
    platform = LivePlatform(tmp_path)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()
