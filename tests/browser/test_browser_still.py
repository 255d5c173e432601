"""Explorers without a kernel: in JupyterLab on a stored notebook, and on an exported page."""

from __future__ import annotations

import nbformat
import pytest
from lab_page import LabPage

from labkit import viz
from labkit.viz.exporter import PageExporter

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def line(slope, curve="linear"):
    power = 2 if curve == "square" else 1
    return viz.lines([0, 1], {"y": [0, slope**power]}, xlabel="x / s", ylabel="y / m")


@pytest.fixture(scope="module")
def stored() -> nbformat.NotebookNode:
    """A notebook with an Explorer's stored outputs, as scripts/build_notebooks.py leaves it."""
    words = lambda slope, curve: f"A {curve} curve of slope {slope}."  # noqa: E731
    controls = {"slope": (1, 9, 3), "curve": ["linear", "square"]}
    shown = viz.explore(line, alt=words, frames=8, **controls)
    data, metadata = shown._repr_mimebundle_()
    del data["application/vnd.jupyter.widget-view+json"]
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    code = nbformat.v4.new_code_cell("explorer", outputs=[output], execution_count=1)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_markdown_cell("# Stored"), code]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def check_that_it_moves(page) -> None:
    from playwright.sync_api import expect

    explorer = page.locator(".labkit-explorer")
    picture, words = explorer.locator("img"), explorer.get_by_role("status")
    assert picture.get_attribute("alt") == "A linear curve of slope 3."
    before = picture.get_attribute("src")
    slope, curve = explorer.get_by_role("slider"), explorer.get_by_role("combobox")
    assert slope.get_attribute("aria-valuetext") == "3"
    slope.focus()
    slope.press("End")
    expect(words).to_have_text("A linear curve of slope 9.")
    expect(picture).not_to_have_attribute("src", before)
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    curve.focus()
    curve.press("ArrowDown")  # a control that is turned sends the others back
    expect(words).to_have_text("A square curve of slope 3.")
    assert slope.get_attribute("aria-valuetext") == "3"
    page.get_by_text("The same in words").click()
    expect(page.get_by_role("cell", name="A linear curve of slope 1.")).to_be_visible()


def test_a_stored_explorer_moves_in_jupyterlab(stored, browser, lab_address, lab_folder):
    nbformat.write(stored, lab_folder / "stored.ipynb")
    with LabPage(browser, lab_address, "stored") as lab:
        check_that_it_moves(lab.page)
        assert lab.broken_pictures() == []


def test_a_stored_explorer_moves_on_an_exported_page(stored, browser, tmp_path):
    html, _ = PageExporter().from_notebook_node(stored)
    (tmp_path / "page.html").write_text(html)
    page = browser.new_page()
    page.route("http*://**", lambda route: route.abort())  # nothing but the page itself
    page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
    check_that_it_moves(page)
    page.close()
