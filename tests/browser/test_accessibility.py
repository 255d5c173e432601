"""axe-core on the site and on notebooks in JupyterLab: nothing serious, nothing from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from accessibility import needs_axe, serious_issues
from lab_page import TIMEOUT_MS, LabPage

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
#: Every page but the listings of the package's source, which are all alike: one of them.
PAGES = sorted(
    path.relative_to(SITE)
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts
    if "_modules" not in path.parts or path.stem == "roofline"
)
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
IN_DARK = ("index.html", "notebooks/00_start_here.html", "api/kernels.html", "search.html")
#: What a notebook brings along; all else is JupyterLab's own, and so are its links beside headings.
CONTENT = {
    "include": [[".jp-RenderedMarkdown"], [".jp-OutputArea-output"]],
    "exclude": [[".jp-InternalAnchorLink"]],
}

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), needs_axe]
needs_site = pytest.mark.skipif(not PAGES, reason="make site was not run")


@pytest.fixture(scope="module")
def reader(browser):
    """A tab without a network; what a page asked of another host is in ``asked``."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(TIMEOUT_MS)
    page.asked = []

    def only_files(route):
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            page.asked.append(route.request.url)
            route.abort()

    page.route("**/*", only_files)
    yield page
    page.close()


def open_page(page, path: Path, theme: str) -> None:
    page.asked.clear()
    page.emulate_media(color_scheme=theme)
    page.goto((SITE / path).as_uri())
    page.evaluate(f"document.documentElement.dataset.mode = '{theme}'")
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.evaluate("window.MathJax?.startup?.promise")


@needs_site
@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_of_the_site_has_no_serious_issue_and_asks_no_other_host(path, reader):
    open_page(reader, path, "light")
    assert serious_issues(reader) == []
    assert reader.asked == []


@needs_site
@pytest.mark.parametrize("path", IN_DARK)
def test_a_page_has_no_serious_issue_in_dark_mode(path, reader):
    open_page(reader, Path(path), "dark")
    assert serious_issues(reader) == []


@needs_site
def test_an_explorer_on_the_site_moves_by_keyboard_without_kernel_or_network(reader):
    from playwright.sync_api import expect

    open_page(reader, Path("notebooks/00_start_here.html"), "light")
    explorer = reader.locator(".labkit-explorer").first
    picture, slider = explorer.locator("img"), explorer.get_by_role("slider").first
    before = picture.get_attribute("src")
    slider.focus()
    slider.press("End")
    expect(picture).not_to_have_attribute("src", before)
    assert len(picture.get_attribute("alt")) > 15
    assert reader.asked == []


@needs_site
def test_mathematics_is_set_and_search_finds_without_a_network(reader):
    open_page(reader, Path("notebooks/00_start_here.html"), "light")
    assert reader.locator("mjx-container").count() > 3
    reader.goto(f"{(SITE / 'search.html').as_uri()}?q=roofline")
    reader.locator("#search-results li a").first.wait_for()
    assert reader.asked == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_in_jupyterlab_brings_no_serious_issue(name, browser, lab_address):
    if os.environ.get("LABKIT_BROWSER") != "all" and name != "00_start_here":
        pytest.skip("LABKIT_BROWSER is not all")
    with LabPage(browser, lab_address, name) as lab:
        assert serious_issues(lab.page, CONTENT) == []
