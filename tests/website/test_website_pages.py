"""The built site: whole, needing no network, every picture with its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from site_links import SITE, Page, foreign, foreign_in_styles, leads_nowhere, page, pages

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))

built = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="make site was not run")


@built
def test_every_internal_link_leads_somewhere():
    lost = [
        f"{path.relative_to(SITE)}: {target}"
        for path in pages()
        for target in page(path).links + page(path).loads
        if leads_nowhere(path, target)
    ]
    assert lost == []


@built
def test_a_page_loads_nothing_from_another_host():
    assert {str(path): found for path in pages() if (found := foreign(page(path).loads))} == {}
    assert foreign_in_styles() == []


@built
def test_every_picture_has_alternative_text():
    assert {str(path): mute for path in pages() if (mute := page(path).mute)} == {}


@built
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_has_its_page_with_pictures_and_doors(name):
    path = SITE / "notebooks" / f"{name}.html"
    assert path.exists(), "the site is older than this notebook: make site"
    text = path.read_text()
    assert '<img alt="' in text
    assert "<summary>Solution</summary>" in text  # exercises stand folded
    assert f'href="{name}.ipynb"' in text
    planned = (ROOT / "docs" / "teacher" / f"{name}.md").exists()
    assert (f'href="../teacher/{name}.html"' in text) == planned
    assert "requirements.lock" in text


@built
def test_an_explorer_moves_on_its_page():
    """Its frames and its scripts are in the page itself."""
    text = (SITE / "notebooks" / "00_start_here.html").read_text()
    assert "labkitStill(here, {" in text
    assert "The same in words" in text


@built
def test_the_house_is_drawn_on_the_page_of_each_room():
    rooms = [path for path in (SITE / "api").glob("*.html") if path.stem != "index"]
    assert len(rooms) > 10
    for path in rooms:
        assert f"The room {path.stem} imports" in path.read_text()


@built
def test_search_and_mathematics_are_on_the_site_itself():
    assert (SITE / "searchindex.js").stat().st_size > 10_000
    assert (SITE / "_static" / "vendor" / "mathjax" / "tex-mml-chtml.js").exists()
    assert (SITE / "_static" / "vendor" / "html-manager" / "embed-amd.js").exists()


def test_planted_faults_are_found(tmp_path):
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    one.write_text(
        '<img src="a.png"><img src="a.png" alt="words"><a href="two.html#here">x</a>'
        '<a href="two.html#gone">x</a><a href="three.html">x</a><a href="https://a.b/c">x</a>'
        '<script src="https://a.b/c.js"></script><link rel="canonical" href="https://a.b">'
    )
    two.write_text('<p id="here">')
    (tmp_path / "a.css").write_text("@font-face { src: url('https://a.b/c.woff2') }")
    found = Page(one)
    lost = [target for target in found.links if leads_nowhere(one, target, tmp_path)]
    assert lost == ["two.html#gone", "three.html"]
    assert found.mute == ["a.png"]
    assert foreign(found.loads) == ["https://a.b/c.js"]
    assert foreign_in_styles(tmp_path) == ["a.css: https://a.b/c.woff2"]
