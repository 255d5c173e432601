"""Save a model as a folder of plain files, and find its parts again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from jax import export
from jax.typing import ArrayLike

from labkit import kernels
from labkit.errors import ArgumentError, DataError
from labkit.export.manifest import Manifest, TensorSpec
from labkit.export.onnx_graph import to_onnx
from labkit.models import in_evaluation_mode

__all__ = ["Bundle", "load_bundle", "save_bundle"]

MANIFEST, WEIGHTS, ONNX = "manifest.json", "weights.npz", "model.onnx"


@dataclass(frozen=True)
class Bundle:
    """An exported model on disk: ``folder`` and what its ``manifest`` says."""

    folder: Path
    manifest: Manifest

    @property
    def onnx(self) -> bytes | None:
        """The ONNX graph, where there is one."""
        return self.read(ONNX) if ONNX in self.manifest.files else None

    @property
    def weights(self) -> list[np.ndarray]:
        """The arrays of the model, in the order its programs take them."""
        with np.load(io.BytesIO(self.read(WEIGHTS)), allow_pickle=False) as stored:
            return [stored[f"{i:05d}"] for i in range(len(stored.files))]

    def program(self, size: int) -> bytes:
        """The StableHLO program for batches of ``size``, as ``jax.export`` wrote it."""
        if size not in self.manifest.sizes:
            raise ArgumentError("size", required=f"one of {self.manifest.sizes}", got=size)
        return self.read(_program(size))

    def read(self, name: str) -> bytes:
        """One file, held against its digest.

        Raises:
            DataError: it is missing or altered.
        """
        path = self.folder / name
        if name not in self.manifest.files or not path.is_file():
            raise DataError(f"{path} is missing; export the model again.")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.manifest.files[name]:
            raise DataError(f"{path} is not what was exported; export the model again.")
        return data


def save_bundle(
    folder: Path | str,
    model: nnx.Module,
    example: ArrayLike,
    *,
    name: str = "model",
    version: str = "1",
    sizes: Sequence[int] = (1, 2, 4, 8, 16, 32),
    input_name: str = "input",
    output_name: str = "output",
    onnx: bool = False,
) -> Bundle:
    """Write ``model`` so that a server can run it without its code.

    Args:
        folder: where to; made if it is not there.
        model: called as ``model(batch)``; exported in evaluation mode.
        example: a batch that fixes the shape and type of the input.
        name: as clients will ask for it.
        version: likewise.
        sizes: batch sizes to make a program for. The methods that a kernel takes may differ from
            one size to the next, which is why there is a program for each.
        input_name: as requests call the input.
        output_name: as answers call the output.
        onnx: whether to write the ONNX graph too; needs the extra ``onnx``.

    Raises:
        ArgumentError: the sizes are not whole numbers above 0, or the model has no translation
            to ONNX.

    Example:
        >>> import tempfile
        >>> from labkit.models import MLP, MLPConfig
        >>> model = MLP(MLPConfig.digits(), rngs=nnx.Rngs(0))
        >>> images = np.zeros((1, 8, 8, 1), np.float32)
        >>> bundle = save_bundle(tempfile.mkdtemp(), model, images, name="digits", sizes=(1, 4))
        >>> bundle.manifest.output
        TensorSpec(name='output', datatype='FP32', shape=(10,))
    """
    ladder = tuple(sorted(set(sizes)))
    if not ladder or ladder[0] < 1:
        raise ArgumentError("sizes", required="whole numbers of at least 1", got=sizes)
    rows = np.asarray(example)
    answer = np.asarray(model(rows[:1]))
    manifest = Manifest(
        name, version, TensorSpec.of(input_name, rows), TensorSpec.of(output_name, answer), ladder
    )
    written = dict(_programs(model, manifest))
    if onnx:
        written[ONNX] = to_onnx(model, input_name=input_name, output_name=output_name)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in written.items():
        (folder / file).write_bytes(data)
    digests = {file: hashlib.sha256(data).hexdigest() for file, data in written.items()}
    manifest = replace(manifest, files=digests)
    (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return Bundle(folder, manifest)


def load_bundle(folder: Path | str) -> Bundle:
    """Open what :func:`save_bundle` wrote.

    Raises:
        DataError: the folder holds no bundle.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise DataError(f"{path} is missing: {folder} is not an exported model.")
    return Bundle(Path(folder), Manifest.from_json(path.read_text(encoding="utf-8")))


def _programs(model: nnx.Module, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """The weights, then one program for each size that takes them as arguments."""
    graphdef, state = nnx.split(in_evaluation_mode(model))
    leaves, tree = jax.tree.flatten(state)
    stored = io.BytesIO()
    arrays: dict[str, Any] = {f"{i:05d}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
    np.savez(stored, **arrays)
    yield WEIGHTS, stored.getvalue()

    def answer(leaves: list[jax.Array], rows: jax.Array) -> jax.Array:
        return nnx.merge(graphdef, jax.tree.unflatten(tree, leaves))(rows)

    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves]
    spec = manifest.input
    for size in manifest.sizes:
        rows = jax.ShapeDtypeStruct((size, *spec.shape), spec.dtype)
        traced = export.export(jax.jit(answer, compiler_options=kernels.cpu_options()))
        yield _program(size), bytes(traced(shapes, rows).serialize())


def _program(size: int) -> str:
    return f"batch_{size}.stablehlo"
