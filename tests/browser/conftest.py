"""JupyterLab on a copy of the notebooks, and a headless Chromium to look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import TIMEOUT_MS
from lab_server import CHROMIUM, FLAGS, ROOT, serve


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, or a skip that says how to get one.

    Closed with the last test of its file: while it is open, playwright runs an event loop in
    this thread, and no other test could start its own.
    """
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: bash scripts/install_chromium.sh installs it")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    api.expect.set_options(timeout=TIMEOUT_MS)
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory) -> Path:
    """A copy of ``notebooks/``."""
    folder = tmp_path_factory.mktemp("lab")
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, folder)
    return folder


@pytest.fixture(scope="module")
def lab_address(browser, lab_folder) -> Iterator[str]:
    """The address of a JupyterLab that serves the copy."""
    with serve(lab_folder) as address:
        yield address
