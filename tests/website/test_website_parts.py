"""What the site is made from: assets held to checksums, the house, the doors."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scripts.website.assets import Asset, listed, picked
from scripts.website.doors import binder_address, colab_cell, doors, repository_address
from scripts.website.figures import figures, installed_bytes
from scripts.website.house import draw, read_house, words

ROOT = Path(__file__).resolve().parents[2]


def archive_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def asset_of(archive: bytes, *pick: str) -> Asset:
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    return Asset("@a/b", "1.0", "MIT", f"sha512-{digest}", "dist", pick)


def test_the_wanted_files_of_an_asset_are_taken_and_no_other():
    archive = archive_of({"dist/a.js": b"a", "dist/fonts/b.woff2": b"b", "src/c.js": b"c"})
    asset = asset_of(archive, "a.js", "fonts/*")
    assert picked(asset, archive) == {"a.js": b"a", "fonts/b.woff2": b"b"}
    assert asset.name == "b"


def test_an_altered_asset_is_refused_and_so_is_a_pattern_that_finds_nothing():
    archive = archive_of({"dist/a.js": b"a"})
    with pytest.raises(ValueError, match="is not sha512-"):
        picked(asset_of(archive, "a.js"), archive_of({"dist/a.js": b"evil"}))
    with pytest.raises(ValueError, match=r"has no b\.js"):
        picked(asset_of(archive, "b.js"), archive)


def test_every_asset_says_version_licence_and_checksum():
    for asset in listed():
        assert re.fullmatch(r"\d+\.\d+\.\d+", asset.version)
        assert asset.licence
        assert len(base64.b64decode(asset.integrity.removeprefix("sha512-"))) == 64
        assert replace(asset, version="0") != asset


def test_the_house_is_the_contract_and_the_imports_keep_to_it():
    house = read_house()
    level = {room: i for i, floor in enumerate(house.floors) for room in floor}
    assert {"kernels", "train", "quantum", "cli", "errors"} <= set(level)
    assert {"models", "errors"} <= house.imports["train"]
    for room, used in house.imports.items():
        assert all(level[other] >= level[room] for other in used), room


@pytest.mark.parametrize("chosen", ["", "train"])
def test_the_drawing_shows_every_room_and_says_itself_in_words(chosen):
    house = read_house()
    drawing = ET.fromstring(draw(house, chosen))
    named = "{http://www.w3.org/2000/svg}"
    assert [text.text for text in drawing.iter(f"{named}text")] == list(house.rooms)
    assert drawing.find(f"{named}title").text == words(house, chosen)
    bold = [box for box in drawing.iter(f"{named}rect") if box.get("stroke-width") == "3"]
    assert len(bold) == bool(chosen)


def test_the_repository_is_told_by_the_environment_or_not_at_all(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_REPOSITORY", "git@github.com:some-one/lab.kit.git")
    assert repository_address() == "https://github.com/some-one/lab.kit"
    monkeypatch.delenv("LABKIT_REPOSITORY")
    assert repository_address(tmp_path) == ""


def test_doors_are_links_where_the_repository_is_known_and_commands_where_not():
    known, unknown = (doors("00_start_here", address) for address in ("https://github.com/a/b", ""))
    assert binder_address("00_start_here", "https://github.com/a/b") in known
    assert "labpath" not in unknown
    assert "mybinder" not in unknown
    for block in (known, unknown):
        assert "labkit run 00_start_here" in block
        assert "-r ../requirements.lock" in block


def test_colab_installs_the_pinned_versions_and_nothing_else():
    installs = [x for x in colab_cell("https://github.com/a/b").splitlines() if "pip" in x]
    assert installs == [
        "%pip install --quiet -r ../requirements.lock",
        "%pip install --quiet --no-deps -e ..",
    ]


def test_the_numbers_on_the_pages_are_computed(tmp_path):
    found = figures()
    for page in (ROOT / "docs").rglob("*.md"):
        used = set(re.findall(r"\{\{ (\w+) \}\}", page.read_text()))
        assert used <= set(found), page
    lock = tmp_path / "one.lock"
    lock.write_text("click==8.0\nnot-installed==1 ; sys_platform == 'x'\n")
    assert 1e5 < installed_bytes(lock) < 1e7


def test_what_the_reader_installs_stays_below_two_gigabytes():
    assert installed_bytes(ROOT / "requirements.lock") < 2e9


def test_the_devcontainer_makes_the_same_environment():
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert told["postCreateCommand"] == "make .venv/lab.stamp"
    assert "python:3.12" in told["image"]
    assert "\n.venv/lab.stamp:" in (ROOT / "Makefile").read_text()
