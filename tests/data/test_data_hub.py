"""The hub is played by a module of the same name: no test asks the network."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from labkit.data import hub_folder
from labkit.errors import OfflineError

NAME = "someone/some-model"


class Hub(types.ModuleType):
    """Answers as huggingface_hub does: a cache, and a server that may be out of reach."""

    def __init__(self, folder: Path, *, cached: bool, online: bool) -> None:
        super().__init__("huggingface_hub")
        self.folder, self.cached, self.online = folder, cached, online
        self.calls: list[dict] = []

    def snapshot_download(self, repository: str, **options: object) -> str:
        self.calls.append(options)
        if options.get("local_files_only"):
            if not self.cached:  # LocalEntryNotFoundError is a FileNotFoundError
                raise FileNotFoundError("no snapshot in the cache")
            return str(self.folder)
        if not self.online:
            raise ConnectionError("no route to host")
        for name in options["allow_patterns"]:  # type: ignore[attr-defined]
            (self.folder / name).write_text("{}")
        return str(self.folder)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def install(**state: bool) -> Hub:
        module = Hub(tmp_path, **state)
        monkeypatch.setitem(sys.modules, "huggingface_hub", module)
        return module

    return install


def test_fetches_the_three_files_and_nothing_else(hub, tmp_path: Path) -> None:
    module = hub(cached=False, online=True)
    assert hub_folder(NAME, revision="abc") == tmp_path
    assert {"config.json", "model.safetensors", "tokenizer.json"} == set(
        module.calls[-1]["allow_patterns"]
    )
    assert module.calls[-1]["revision"] == "abc"


def test_what_is_here_is_taken_without_asking(hub, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    module = hub(cached=True, online=False)
    assert hub_folder(NAME) == tmp_path
    assert len(module.calls) == 1


def test_half_a_copy_is_completed(hub, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    module = hub(cached=True, online=True)
    assert hub_folder(NAME) == tmp_path
    assert len(module.calls) == 2


def test_offline_says_what_to_download_and_what_to_do_with_it(hub) -> None:
    hub(cached=False, online=False)
    with pytest.raises(OfflineError, match=r"some-model is not on this machine .*ConnectionError"):
        hub_folder(NAME)
    with pytest.raises(OfflineError, match=r"config\.json, model\.safetensors, tokenizer\.json"):
        hub_folder(NAME)


def test_without_the_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(OfflineError, match="pip install huggingface_hub"):
        hub_folder(NAME)
