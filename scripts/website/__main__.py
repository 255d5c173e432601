"""Build the site into build/site: ``python -m scripts.website``.

Needs the assets (``python -m scripts.website.assets``) and the versions pinned in
requirements-docs.lock; reads the network no more after that. A warning is an error.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main

from scripts.website.assets import VENDOR, listed
from scripts.website.doors import repository_address
from scripts.website.figures import figures
from scripts.website.house import read_house
from scripts.website.notebooks import write_page
from scripts.website.reference import write_reference

ROOT = Path(__file__).resolve().parents[2]
PAGES, EXTRA, SITE = (ROOT / "build" / name for name in ("site-source", "site-extra", "site"))


def stage(pages: Path = PAGES, extra: Path = EXTRA) -> None:
    """Lay out everything that Sphinx reads."""
    for folder in (pages, extra):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages)
    for asset in listed():
        if not asset.judge:
            shutil.copytree(VENDOR / asset.name, pages / "_static" / "vendor" / asset.name)
    repository = repository_address()
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        write_page(notebook, pages, extra, repository)
    write_reference(read_house(), pages)
    (pages / "figures.json").write_text(json.dumps(figures(repository)), encoding="utf-8")


def main() -> int:
    """Stage and build; Sphinx's exit code."""
    missing = [asset.package for asset in listed() if not (VENDOR / asset.name).exists()]
    if missing:
        sys.exit(f"{', '.join(missing)}: first run python -m scripts.website.assets")
    stage()
    shutil.rmtree(SITE, ignore_errors=True)
    arguments = ["-b", "html", "-W", "--keep-going", "-q", "-d", str(ROOT / "build" / "doctrees")]
    return build_main([*arguments, str(PAGES), str(SITE)])


if __name__ == "__main__":
    sys.exit(main())
