"""The environments a reader can start from are complete, pinned, and the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-docs.lock"]

pytestmark = pytest.mark.packaging


def pip_part(environment: Path) -> list[str]:
    """The lines of the pip section of a conda environment file."""
    listed = yaml.safe_load(environment.read_text())["dependencies"]
    return next(entry["pip"] for entry in listed if isinstance(entry, dict))


def seen_from_root(line: str, folder: Path) -> str:
    """A pip line whose relative path is rewritten to be relative to the repository."""
    flag, target = line.split(" ", 1)
    path, bracket, extras = target.partition("[")
    where = (folder / path).resolve().relative_to(ROOT)
    return f"{flag} {where}{bracket}{extras}"


def test_the_two_conda_environments_are_equal():
    top, binder = (
        yaml.safe_load((ROOT / x / "environment.yml").read_text()) for x in ("", "binder")
    )
    lines = [
        [
            seen_from_root(line, ROOT / folder)
            for line in pip_part(ROOT / folder / "environment.yml")
        ]
        for folder in ("", "binder")
    ]
    assert lines[0] == lines[1] == ["-r requirements.lock", "-e .[lab,formats,quantum,tune]"]
    for environment in (top, binder):
        environment["dependencies"] = [x for x in environment["dependencies"] if isinstance(x, str)]
    assert top == binder


def test_binder_picks_its_own_environment_python_and_scripts():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    dockerfile = done.stdout + done.stderr
    assert done.returncode == 0, dockerfile
    assert "Building conda environment for python=3.12" in dockerfile
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in dockerfile
    assert "RUN ./binder/postBuild" in dockerfile
    assert 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile


@pytest.mark.parametrize("script", ["binder/postBuild", "binder/start", ".ci/run"])
def test_scripts_run_and_stop_at_the_first_error(script):
    assert os.access(ROOT / script, os.X_OK)
    assert "set -euo pipefail" in (ROOT / script).read_text()
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_exact_versions_and_no_index(lock):
    lines = [x for x in (ROOT / lock).read_text().splitlines() if x and not x.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"^[a-z0-9._-]+==\S+( ; .+)?$", line), line
        assert "://" not in line


def test_the_reader_needs_no_peer_and_no_test_tool():
    """Binder's image holds what the notebooks run with, and nothing else."""
    names = {x.split("==")[0] for x in (ROOT / "requirements.lock").read_text().splitlines()}
    assert not names & {"torch", "tensorflow-cpu", "pytest", "ruff", "mypy", "nvidia-cublas-cu12"}
    dev = set((ROOT / "requirements-dev.lock").read_text().splitlines())
    assert set((ROOT / "requirements.lock").read_text().splitlines()) <= dev


def test_the_pip_part_installs_as_written(tmp_path):
    """What conda does: the lines become a requirements file beside environment.yml."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin" / "python"
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT / "labkit", copy / "labkit", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("environment.yml", "requirements.lock", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "condaenv.txt").write_text("\n".join(pip_part(copy / "environment.yml")) + "\n")
    uv = Path(sys.executable).parent / "uv"
    installer = (
        [uv, "pip", "install", "--python", python]
        if uv.exists()
        else [python, "-m", "pip", "install"]
    )
    done = subprocess.run(
        [*installer, "-r", "condaenv.txt"], cwd=copy, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    look = "import labkit, importlib.metadata as m; print(labkit.__file__, m.version('jax'))"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    seen = subprocess.run(
        [python, "-c", look],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pinned = re.search(r"^jax==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)
    assert pinned
    assert seen.split() == [str(copy / "labkit" / "__init__.py"), pinned[1]]
