"""What the pages of the built site point at, and whether it is there."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
#: Attributes by which a page loads something itself, without the reader's doing.
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}
#: Relations of <link> that name another page instead of loading it.
NAMED = {"canonical", "search", "next", "prev", "index", "author", "copyright"}


class Page(HTMLParser):
    """The ids of a page, what it loads, what it links to, and its pictures without words."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.ids, self.mute = path, set(), []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "img" and not (values.get("alt") or "").strip():
            self.mute.append(values.get("src"))
        named = tag == "link" and set((values.get("rel") or "").split()) & NAMED
        for key, value in attrs:
            if value and (tag, key) in LOADED and not named:
                self.loads.append(value)
            elif value and key in ("href", "src"):
                self.links.append(value)


@cache
def page(path: Path) -> Page:
    """A page, read once."""
    return Page(path)


def pages(site: Path = SITE) -> list[Path]:
    """Every page that a reader meets."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


def leads_nowhere(path: Path, target: str, site: Path = SITE) -> bool:
    """Whether a link of a page points at a file or a place in it that is not there."""
    split = urlsplit(target)
    if split.scheme or split.netloc:
        return False
    aim = (path.parent / unquote(split.path)).resolve() if split.path else path
    if not aim.is_file() or not aim.is_relative_to(site.resolve()):
        return True
    place = unquote(split.fragment)
    return bool(place) and aim.suffix == ".html" and place not in page(aim).ids


def foreign(loads: list[str]) -> list[str]:
    """What would be asked of another host."""
    return [target for target in loads if urlsplit(target).netloc]


def foreign_in_styles(site: Path = SITE) -> list[str]:
    """What the style sheets would ask of another host."""
    found = []
    for sheet in site.rglob("*.css"):
        targets = re.findall(r"url\(\s*['\"]?([^)'\"]+)|@import\s+['\"]([^'\"]+)",
                             sheet.read_text(encoding="utf-8"))  # fmt: skip
        found += [f"{sheet.name}: {a or b}" for a, b in targets if urlsplit(a or b).netloc]
    return found
