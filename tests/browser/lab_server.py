"""JupyterLab on a folder of notebooks, and a headless Chromium to look at it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: Quiet and deterministic: no sandbox (containers have none), no network of its own.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",  # containers give /dev/shm too little
)  # fmt: skip
TOKEN = "only-for-this-test"
QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


class ServerError(RuntimeError):
    """JupyterLab did not start."""


@contextlib.contextmanager
def serve(folder: Path, seconds: float = 120) -> Iterator[str]:
    """JupyterLab on ``folder``, on loopback; its address, with ``{}`` for a notebook's path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: folder / f".{name.lower()}" for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    overrides = own["JUPYTER_CONFIG_DIR"] / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(QUIET))
    log = folder / ".server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            _command(folder, port), env=_environment(own), stdout=out, stderr=out
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", server, log, seconds)
        yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={TOKEN}&reset"
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        server.wait()


def _command(folder: Path, port: int) -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
        f"--LabApp.extra_labextensions_path={ROOT / 'labkit/viz/web/labextensions'}",
        # A busy machine may be slow to start a kernel.
        "--MappingKernelManager.kernel_info_timeout=180",
    ]  # fmt: skip


def _environment(own: dict[str, Path]) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    inherited = {name: value for name, value in os.environ.items() if name != "LABKIT_DATA"}
    told = {name: str(place) for name, place in own.items()}
    told["LABKIT_PREDICTIONS"] = str(own["JUPYTER_DATA_DIR"] / "predictions.json")
    return {**inherited, **told, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"}


def _wait_for(url: str, server: subprocess.Popen, log: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.3)
    raise ServerError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
