"""Per-example Python work (decoding files, say) in Grain's threads or worker processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.errors import ArgumentError

__all__ = ["worker_batches"]


def worker_batches(
    examples: Any,
    prepare: Callable[[Any, np.random.Generator], Any],
    *,
    batch_size: int,
    seed: int = 0,
    epochs: int | None = None,
    workers: int = 0,
    host: int = 0,
    hosts: int = 1,
) -> Any:
    """Batches of prepared examples, read ahead by Grain.

    :class:`Feed` gathers rows that are arrays already, which one thread does well. Where
    each example must first be worked on in Python, one thread starves the device; Grain
    spreads that work, and still gives the same batches for the same seed.

    Args:
        examples: anything with a length that gives an example by its number.
        prepare: makes arrays (in any nest) of an example; its generator is seeded for that
            example and epoch. For worker processes it must be a function of a module.
        batch_size: examples in a batch on this host; the last, smaller one is left out.
        seed: of the shuffle, fresh each epoch, and of every generator.
        epochs: how often to visit all examples; ``None`` for no end.
        workers: processes; 0 for threads of this process.
        host: number of this host.
        hosts: number of hosts; each visits its own part of the examples.

    Returns:
        A Grain iterator of batches. ``get_state()`` is its position, for a checkpoint, and
        ``set_state(state)`` goes back to it.

    Raises:
        ArgumentError: a batch larger than the examples of this host.

    Source: Grain, https://google-grain.readthedocs.io.

    Example:
        >>> def square(number, generator):
        ...     return number**2
        >>> batches = worker_batches(range(6), square, batch_size=3, epochs=1)
        >>> sorted(np.concatenate(list(batches)).tolist())
        [0, 1, 4, 9, 16, 25]
    """
    import grain

    if not 1 <= batch_size <= len(examples) // hosts:
        required = f"from 1 to the {len(examples) // hosts} examples of a host"
        raise ArgumentError("batch_size", required=required, got=batch_size)
    dataset = (
        grain.MapDataset.source(examples)[host::hosts]
        .seed(seed)
        .shuffle()
        .random_map(prepare)
        .batch(batch_size, drop_remainder=True)
        .repeat(epochs)
    )
    batches = dataset.to_iter_dataset()
    if workers:
        options = grain.MultiprocessingOptions(num_workers=workers)
        batches = batches.mp_prefetch(options)
    return iter(batches)
