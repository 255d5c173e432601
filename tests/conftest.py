"""What every test shares: the real data, and a machine of a known, small size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of official files, or a skip that says which variable to set."""
    root = os.environ.get("LABKIT_DATA")
    if not root:
        pytest.skip("LABKIT_DATA is not set: it names the folder that holds the official files")
    if not Path(root).is_dir():
        pytest.fail(f"LABKIT_DATA is {root!r}, which is not a folder")
    return Path(root)
