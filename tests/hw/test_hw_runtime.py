"""The remedies: applied by a bare import, undone by one variable, never in the reader's way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from labkit.hw import cache_folder, runtime_report

REPORT = """
import json, os, sys
{before}
import labkit
from labkit.hw import runtime_report
config = {{}}
if "jax" in sys.modules:
    import jax
    config = {{"dir": jax.config.jax_compilation_cache_dir,
              "seconds": jax.config.jax_persistent_cache_min_compile_time_secs}}
print(json.dumps({{
    "applied": {{r.name: r.applied for r in runtime_report()}},
    "detail": {{r.name: r.detail for r in runtime_report()}},
    "dir": os.environ.get("JAX_COMPILATION_CACHE_DIR"),
    "seconds": os.environ.get("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"),
    "heavy": sorted({{"jax", "qiskit", "matplotlib", "numpy"}} & set(sys.modules)),
    "config": config}}))
"""


def in_fresh_process(cache: Path, before: str = "", **variables: str) -> dict:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "LABKIT_REMEDIES"))}
    done = subprocess.run(
        [sys.executable, "-c", REPORT.format(before=before)],
        env=kept | {"XDG_CACHE_HOME": str(cache)} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_a_bare_import_applies_them_and_loads_nothing_heavy(tmp_path):
    told = in_fresh_process(tmp_path)
    assert told["applied"]["compilation_cache"]
    assert told["applied"]["malloc"] == sys.platform.startswith("linux")
    assert told["heavy"] == []
    assert told["dir"] == str(tmp_path / "labkit" / "compiled")
    assert float(told["seconds"]) == 0


def test_after_jax_they_go_through_its_configuration(tmp_path):
    told = in_fresh_process(tmp_path, before="import jax")
    assert told["config"] == {"dir": str(tmp_path / "labkit" / "compiled"), "seconds": 0.0}


@pytest.mark.parametrize(
    ("variable", "malloc", "compiled"),
    [("none", False, False), ("malloc", True, False), ("compilation_cache, x", False, True)],
)
def test_one_variable_undoes_each(tmp_path, variable, malloc, compiled):
    told = in_fresh_process(tmp_path, LABKIT_REMEDIES=variable)
    linux = sys.platform.startswith("linux")
    assert told["applied"] == {"malloc": malloc and linux, "compilation_cache": compiled}
    assert (told["dir"] is not None) == compiled


def test_a_readers_own_setting_stays(tmp_path):
    told = in_fresh_process(tmp_path, JAX_COMPILATION_CACHE_DIR="/somewhere")
    assert not told["applied"]["compilation_cache"]
    assert told["dir"] == "/somewhere"


def test_a_cache_that_cannot_be_made_is_reported_and_not_raised(tmp_path):
    (tmp_path / "labkit").write_text("a file where the folder should be")
    told = in_fresh_process(tmp_path)
    assert not told["applied"]["compilation_cache"]
    assert "cannot make" in told["detail"]["compilation_cache"]


def test_the_cache_folder_is_the_systems(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path(platformdirs.user_cache_dir("labkit", appauthor=False))


def test_the_report_is_the_same_at_every_call():
    assert runtime_report() is runtime_report()
