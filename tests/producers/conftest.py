"""Where the real measurements lie."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def measurements() -> Path:
    """The folder of real measurements beside the repository."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real measurements here: ../shared/data is absent")
    return folder
