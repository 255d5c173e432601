"""Data: images augmented a second, whether feeding keeps up, and how fast files are parsed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks import _pipelines as pipelines
from benchmarks._harness import Row, interleave, main
from benchmarks._parsing import parsing
from labkit.data import feed
from labkit.data.prepare.images import pad_crop_flip_cutout
from labkit.models import CNN, CNNConfig
from labkit.train import cross_entropy

BATCH, FED_BATCH = 512, 128


def augmentation() -> Iterator[Row]:
    """Pad-crop, flip, normalise and cutout of 512 images of 32 × 32 × 3, bytes to floats."""
    import torch

    images = np.random.default_rng(0).integers(0, 256, (BATCH, 32, 32, 3), dtype=np.uint8)
    tensors = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    generator, key = np.random.default_rng(0), jax.random.key(0)
    augment = pad_crop_flip_cutout(pipelines.MEAN, pipelines.STD)
    seconds = interleave(
        {
            "labkit": lambda: jax.block_until_ready(augment(images, key=key)),
            "PyTorch per image": lambda: pipelines.torch_per_image(tensors),
            "PyTorch batched": lambda: pipelines.torch_batched(tensors),
            "NumPy batched": lambda: pipelines.numpy_batched(images, generator),
        }
    )
    goals = {"PyTorch per image": 3.0}
    for peer in list(seconds)[1:]:
        detail = {
            "labkit images/s": BATCH / seconds["labkit"],
            "peer images/s": BATCH / seconds[peer],
        }
        ratio = seconds[peer] / seconds["labkit"]
        yield Row("augmentation", peer, ratio, goals.get(peer), detail=detail)


def feeding() -> Iterator[Row]:
    """Steps a second of a CNN fed from memory and from disk, against a batch that stays put."""
    examples = 32 * FED_BATCH
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (examples, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, 10, examples).astype(np.int32)
    step, state = _training_step()
    resident = jnp.asarray(images[:FED_BATCH]), jnp.asarray(labels[:FED_BATCH])
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "images.npy", Path(folder) / "labels.npy"]
        for path, array in zip(paths, (images, labels), strict=True):
            np.save(path, array)
        memory, disk = feed.ArraySource(images, labels), feed.NpySource(*paths)
        order = feed.Shuffled(examples)
        with (
            feed.Feed(feed.Batches(memory, FED_BATCH, order)) as from_memory,
            feed.Feed(feed.Batches(disk, FED_BATCH, order)) as from_disk,
        ):
            seconds = interleave(
                {
                    "no input": lambda: jax.block_until_ready(step(state, *resident)),
                    "memory": lambda: jax.block_until_ready(step(state, *next(from_memory))),
                    "disk": lambda: jax.block_until_ready(step(state, *next(from_disk))),
                },
                repeats=41,
            )
    for source in ("memory", "disk"):
        detail = {"step s": seconds["no input"], "fed step s": seconds[source]}
        ratio = seconds["no input"] / seconds[source]
        yield Row(f"feeding from {source}", "the step without input", ratio, 0.95, detail=detail)


def _training_step() -> tuple[Callable[..., object], object]:
    """One step of Adam on a CNN for CIFAR-10, augmentation included, as one program."""
    graph, params = nnx.split(CNN(CNNConfig.seed_cifar10(), rngs=nnx.Rngs(0)))
    optimizer = optax.adam(1e-3)
    augment = pad_crop_flip_cutout(pipelines.MEAN, pipelines.STD)

    @jax.jit
    def step(state: tuple, images: jax.Array, labels: jax.Array) -> tuple:
        params, opt_state, key = state
        key, augment_key = jax.random.split(key)

        def loss(params: nnx.State) -> jax.Array:
            logits = nnx.merge(graph, params)(augment(images, key=augment_key))
            return cross_entropy(logits, labels)

        updates, opt_state = optimizer.update(jax.grad(loss)(params), opt_state)
        return optax.apply_updates(params, updates), opt_state, key

    return step, (params, optimizer.init(params), jax.random.key(0))


def rows() -> Iterator[Row]:
    """Every part in one run."""
    yield from augmentation()
    yield from feeding()
    yield from parsing()


if __name__ == "__main__":
    main(rows, title="Data", packages=("jax", "numpy", "torch"))
