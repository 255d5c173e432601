"""The API reference: one page for each room, with its place in the house."""

from __future__ import annotations

import ast
from pathlib import Path

from scripts.website.house import House, draw, words

ROOT = Path(__file__).resolve().parents[2]


def write_reference(house: House, pages: Path, root: Path = ROOT) -> None:
    """Write ``api/index.rst`` and ``api/ROOM.rst``, and the diagrams they show."""
    folder = pages / "api"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "house.svg").write_text(draw(house), encoding="utf-8")
    (folder / "index.rst").write_text(_index(house, root), encoding="utf-8")
    for room in house.rooms:
        (folder / f"{room}.svg").write_text(draw(house, room), encoding="utf-8")
        (folder / f"{room}.rst").write_text(_room(house, room, root), encoding="utf-8")


def _index(house: House, root: Path) -> str:
    rows = "\n".join(f"- :doc:`{room}`: {_first_line(root, room)}" for room in house.rooms)
    toc = "\n".join(f"   {room}" for room in house.rooms)
    return f"""{_title("The rooms of the package")}
A room imports from rooms below it, never above or beside; a contract states this and is
checked in every test run.

.. figure:: house.svg
   :alt: {words(house)}

{rows}

.. toctree::
   :hidden:

{toc}
"""


def _room(house: House, room: str, root: Path) -> str:
    parts = [_title(f"labkit.{room}"), _figure(house, room)]
    for module in _doors_of(root / "labkit", room):
        if module != f"labkit.{room}":
            parts.append(_title(module, "-"))
        parts.append(f".. automodule:: {module}\n   :members:\n   :imported-members:\n")
    return "\n".join(parts)


def _figure(house: House, room: str) -> str:
    return f".. figure:: {room}.svg\n   :alt: {words(house, room)}\n\n   {words(house, room)}\n"


def _doors_of(package: Path, room: str) -> list[str]:
    """The room and those of its folders that export names of their own."""
    if not (package / room).is_dir():
        return [f"labkit.{room}"]
    doors = sorted((package / room).rglob("__init__.py"))
    return [
        ".".join(["labkit", *door.parent.relative_to(package).parts])
        for door in doors
        if door.parent == package / room or "__all__" in door.read_text(encoding="utf-8")
    ]


def _first_line(root: Path, room: str) -> str:
    file = root / "labkit" / room / "__init__.py"
    file = file if file.exists() else root / "labkit" / f"{room}.py"
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or room
    return said.splitlines()[0]


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"
