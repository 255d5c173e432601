"""The house as a picture: floors and rooms from the import contract, arrows from the imports."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Dark text on light fills, told apart by lightness and border as well as by hue.
INK, PLAIN, CHOSEN, USED = "#1b1f24", "#eef1f4", "#ffd8a8", "#cfe6ff"
ROOM_WIDTH, ROOM_HEIGHT, GAP, MARGIN = 128, 34, 12, 14


@dataclass(frozen=True)
class House:
    """Floors from the top down, and who imports whom.

    Attributes:
        floors: the rooms of each floor; those of one floor do not import each other.
        imports: for each room, the rooms it imports.
    """

    floors: tuple[tuple[str, ...], ...]
    imports: dict[str, frozenset[str]]

    @property
    def rooms(self) -> tuple[str, ...]:
        """Every room, top floor first."""
        return tuple(room for floor in self.floors for room in floor)


def read_house(root: Path = ROOT) -> House:
    """The house as the import contract and the package's imports say it is.

    Rooms that the contract names and that are not built yet are left out.
    """
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["id"] == "rooms")
    built = {path.stem for path in (root / "labkit").iterdir() if _is_room(path)}
    floors = []
    for layer in layers:
        names = layer.replace("|", " ").replace(":", " ").replace("(", " ").replace(")", " ")
        floors.append(tuple(name for name in names.split() if name in built))
    rooms = {room for floor in floors for room in floor}
    imports = {room: _imports(root / "labkit", room) & rooms - {room} for room in rooms}
    return House(tuple(floor for floor in floors if floor), imports)


def _is_room(path: Path) -> bool:
    if path.is_dir():
        return (path / "__init__.py").exists()
    return path.suffix == ".py" and not path.stem.startswith("_")


def _imports(package: Path, room: str) -> frozenset[str]:
    folder = package / room
    files = folder.rglob("*.py") if folder.is_dir() else [package / f"{room}.py"]
    return frozenset(name for file in files for name in _imported_by(file))


def _imported_by(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "labkit":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("labkit."):
            names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
            names |= {part[1] for part in parts if part[0] == "labkit" and len(part) > 1}
    return names


def draw(house: House, chosen: str = "") -> str:
    """The house as an SVG; with a room chosen, that room and the rooms it imports stand out."""
    width = 2 * MARGIN + max(map(len, house.floors)) * (ROOM_WIDTH + GAP) - GAP
    height = 2 * MARGIN + len(house.floors) * (ROOM_HEIGHT + GAP) - GAP
    boxes = []
    for level, floor in enumerate(house.floors):
        left = (width - len(floor) * (ROOM_WIDTH + GAP) + GAP) / 2
        for place, room in enumerate(floor):
            x = left + place * (ROOM_WIDTH + GAP)
            y = MARGIN + level * (ROOM_HEIGHT + GAP)
            boxes.append(_box(room, x, y, chosen, house.imports.get(chosen, frozenset())))
    title = escape(words(house, chosen))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img"><title>{title}</title>'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(boxes)}</svg>\n'
    )


def _box(room: str, x: float, y: float, chosen: str, used: frozenset[str]) -> str:
    fill = CHOSEN if room == chosen else USED if room in used else PLAIN
    border = 3 if room == chosen else 2 if room in used else 1
    text = x + ROOM_WIDTH / 2, y + ROOM_HEIGHT / 2 + 5
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{ROOM_WIDTH}" height="{ROOM_HEIGHT}" rx="5" '
        f'fill="{fill}" stroke="{INK}" stroke-width="{border}"/>'
        f'<text x="{text[0]:g}" y="{text[1]:g}" text-anchor="middle" fill="{INK}" '
        f'font-family="sans-serif" font-size="15">{escape(room)}</text>'
    )


def words(house: House, chosen: str = "") -> str:
    """The picture in words."""
    if not chosen:
        floors = "; ".join(", ".join(floor) for floor in house.floors)
        return f"The rooms of labkit, top floor first; a room imports only from below: {floors}."
    used = [room for room in house.rooms if room in house.imports[chosen]]
    users = [room for room in house.rooms if chosen in house.imports[room]]
    return (
        f"The room {chosen} imports {', '.join(used) or 'no other room'}; "
        f"it is imported by {', '.join(users) or 'no other room'}."
    )
