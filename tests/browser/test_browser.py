"""JupyterLab in a real browser: what a reader of notebook 00 does, by keyboard.

With ``LABKIT_BROWSER=all`` every notebook is run from top to bottom and looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lab_page import LabPage

# One worker for all: they share a server and one run of the notebook.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def start_here(browser, lab_address):
    """Notebook 00, opened and run from top to bottom."""
    lab = LabPage(browser, lab_address, "00_start_here")
    lab.run_all()
    yield lab
    lab.screenshot("00_start_here-end")
    lab.page.close()


def test_it_runs_from_top_to_bottom(start_here):
    assert start_here.errors() == []


NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("[!_]*.ipynb"))


@pytest.mark.skipif(os.environ.get("LABKIT_BROWSER") != "all", reason="LABKIT_BROWSER is not all")
@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS if path.stem != "00_start_here"])
def test_every_notebook_runs_without_error_or_blank_widget(name, browser, lab_address):
    lab = LabPage(browser, lab_address, name)
    lab.run_all()
    assert lab.errors() == []
    for index in range(lab.count_cells()):
        cell = lab.show_cell_at(index)
        assert cell.get_by_text("Click to show javascript error").count() == 0
        if cell.locator(".jupyter-widgets").count():
            lab.screenshot(f"{name}-{index}")
    lab.page.close()


def test_a_run_is_interrupted_and_continued(start_here):
    first = "ridge_point.check("
    start_here.show_cell(first)
    assert "KeyboardInterrupt" in start_here.interrupt_cell("import time; time.sleep(100)")
    assert start_here.run_cell("import time", "ridge_point.check(5)").startswith("Right.")


def test_a_slider_moved_by_keyboard_changes_the_picture(start_here):
    from playwright.sync_api import expect

    cell = start_here.show_cell("viz.explore(")
    picture, status = cell.locator("img"), cell.locator("[role=status]")
    slider = cell.get_by_role("slider").first
    before, words = picture.get_attribute("src"), status.inner_text()
    slider.focus()
    slider.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", before)
    expect(status).not_to_have_text(words)
    assert picture.get_attribute("alt") == status.inner_text()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    start_here.screenshot("00_start_here-slider")


def test_an_exercise_is_answered_wrongly_and_rightly(start_here):
    first = "ridge_point.check("
    assert "not answered yet" in start_here.run_cell(first, "ridge_point.check(None)")
    assert "operations per byte" in start_here.run_cell(first, "ridge_point.check(20 / 100)")
    assert start_here.run_cell(first, "ridge_point.check(100 / 20)").startswith("Right.")
    start_here.screenshot("00_start_here-exercise")
