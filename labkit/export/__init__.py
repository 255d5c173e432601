"""Export: a trained model as files that need neither its Python code nor a pickle to run.

A *bundle* is a folder: a manifest, the weights, the compiled ladder as StableHLO programs (one
per batch size) and, where the model has a translation, the same network as an ONNX graph.
"""

from __future__ import annotations

from labkit.export.bundle import Bundle, load_bundle, save_bundle
from labkit.export.manifest import DATATYPES, Manifest, TensorSpec
from labkit.export.onnx_graph import TRANSLATIONS, to_onnx

__all__ = [
    "DATATYPES",
    "TRANSLATIONS",
    "Bundle",
    "Manifest",
    "TensorSpec",
    "load_bundle",
    "save_bundle",
    "to_onnx",
]
