"""One replica: a bundle, its engine, the application, a port."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labkit.export import Bundle, load_bundle
from labkit.serve.app import App
from labkit.serve.drift import DriftMonitor
from labkit.serve.engines import load_engine
from labkit.serve.server import announce, listen, run_app
from labkit.serve.settings import Settings

__all__ = ["make_app", "save_drift_reference", "serve_replica"]

REFERENCE = "drift_reference.npz"


def save_drift_reference(bundle: Bundle, inputs: np.ndarray, outputs: np.ndarray) -> None:
    """Put examples beside the model that its servers compare their requests with."""
    np.savez_compressed(bundle.folder / REFERENCE, inputs=inputs, outputs=outputs)


def make_app(bundle: Bundle, settings: Settings) -> App:
    """The application for a bundle, its engine chosen and warm."""
    engine = load_engine(bundle, settings.engine)
    spec = bundle.manifest.input
    for size in bundle.manifest.sizes:
        engine(np.zeros((size, *spec.shape), spec.dtype))
    drift = None
    if (bundle.folder / REFERENCE).is_file():
        with np.load(bundle.folder / REFERENCE, allow_pickle=False) as stored:
            drift = DriftMonitor(stored["inputs"], stored["outputs"])
    return App(bundle.manifest, engine, settings, drift=drift)


def serve_replica(
    folder: Path, settings: Settings, port: int = 0, *, watch_stdin: bool = False
) -> None:
    """Serve until told to stop; says the port once the engine is warm."""
    bundle = load_bundle(folder)
    bound = listen(port)
    app = make_app(bundle, settings)
    bound.listen(1024)  # from here on a request waits in the socket, it is not refused
    announce(bound.getsockname()[1], engine=app.engine.name)
    run_app(app, bound, settings, on_stop=app.drain, watch_stdin=watch_stdin)
