"""Three kernels written by hand for GPU and TPU, to be read beside the compiler's own.

Pallas says what one program of a grid does with one block of each array. Here that is: fetch the
blocks, multiply them while they are close, write the result once. On a CPU they run in interpret
mode (slowly, block by block, for understanding and testing); compiled they are for accelerators.
Nothing in labkit uses them by itself: `labkit.kernels.matmul`, `softmax` and `attention` leave
that to the compiler.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.experimental import pallas as pl
from jax.typing import ArrayLike

from labkit.errors import ShapeError
from labkit.kernels._checks import floating, same_length

__all__ = ["pallas_attention", "pallas_matmul", "pallas_softmax"]

# A block is a reference to an array: reading it loads, assigning to it stores.
_Block = Any


def pallas_matmul(a: ArrayLike, b: ArrayLike, *, block: int = 128, interpret: bool = True) -> Array:
    """``a @ b`` in tiles of block x block; each program owns one tile of the result.

    FLOPs: ``2 * n * m * k``. Bytes moved: each tile of a is fetched k / block times and each of
    b n / block times: ``4 * (2 * n * m * k / block + n * k)`` in float32.

    Args:
        a: (n m), both multiples of ``block``.
        b: (m k), both multiples of ``block``.
        block: rows and columns of a tile.
        interpret: run on any machine, in Python; false compiles for an accelerator.

    Returns:
        (n k) in float32.

    Raises:
        ShapeError: a side that is no multiple of the block.

    Example:
        >>> pallas_matmul(jnp.eye(16), jnp.ones((16, 16)), block=8).sum().item()
        256.0
    """
    a, b = floating("a", a, "n m"), floating("b", b, "m k")
    same_length("columns of a", a.shape[1], "rows of b", b.shape[0])
    _multiples(block, n=a.shape[0], m=a.shape[1], k=b.shape[1])
    steps = a.shape[1] // block

    def program(a_block: _Block, b_block: _Block, y_block: _Block) -> None:
        def add(step: Array, total: Array) -> Array:
            rows = a_block[:, pl.ds(step * block, block)]
            columns = b_block[pl.ds(step * block, block), :]
            return total + jnp.dot(rows, columns, preferred_element_type=jnp.float32)

        y_block[...] = lax.fori_loop(0, steps, add, jnp.zeros((block, block), jnp.float32))

    return pl.pallas_call(
        program,
        grid=(a.shape[0] // block, b.shape[1] // block),
        in_specs=[
            pl.BlockSpec((block, a.shape[1]), lambda i, _: (i, 0)),
            pl.BlockSpec((a.shape[1], block), lambda _, j: (0, j)),
        ],
        out_specs=pl.BlockSpec((block, block), lambda i, j: (i, j)),
        out_shape=jax.ShapeDtypeStruct((a.shape[0], b.shape[1]), jnp.float32),
        interpret=interpret,
    )(a, b)


def pallas_softmax(x: ArrayLike, *, block: int = 8, interpret: bool = True) -> Array:
    """Softmax of each row, ``block`` rows to a program: read once, written once.

    FLOPs: about 5 per element. Bytes moved: x and y once; without fusion the maximum, the
    exponentials, the sum and the quotient would each go through memory.

    Args:
        x: (n m), n a multiple of ``block``.
        block: rows for each program.
        interpret: run on any machine, in Python; false compiles for an accelerator.

    Returns:
        (n m) of the type of ``x``.

    Raises:
        ShapeError: n is no multiple of the block.

    Example:
        >>> pallas_softmax(jnp.zeros((8, 4)))[0].tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    x = floating("x", x, "n m")
    _multiples(block, n=x.shape[0])

    def program(x_block: _Block, y_block: _Block) -> None:
        scores = x_block[...].astype(jnp.float32)
        powers = jnp.exp(scores - scores.max(axis=1, keepdims=True))
        y_block[...] = (powers / powers.sum(axis=1, keepdims=True)).astype(y_block.dtype)

    rows = pl.BlockSpec((block, x.shape[1]), lambda i: (i, 0))
    return pl.pallas_call(
        program,
        grid=(x.shape[0] // block,),
        in_specs=[rows],
        out_specs=rows,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        interpret=interpret,
    )(x)


def pallas_attention(
    query: ArrayLike, key: ArrayLike, value: ArrayLike, *, block: int = 64, interpret: bool = True
) -> Array:
    """Attention of one head with online softmax: a block of queries goes past all keys.

    The scores never leave the program; only a running maximum, a running sum and a running mean
    of the values do from one block of keys to the next.

    FLOPs: ``4 * t * s * d``. Bytes moved: query and y once, key and value ``t / block`` times.

    Args:
        query: (t d), t a multiple of ``block``.
        key: (s d), s a multiple of ``block``.
        value: (s d).
        block: queries for each program, and keys for each of its steps.
        interpret: run on any machine, in Python; false compiles for an accelerator.

    Returns:
        (t d) of the type of ``query``; `jax.vmap` it over batch and heads.

    Raises:
        ShapeError: a length that is no multiple of the block, or axes that do not fit.

    Source: T. Dao et al., "FlashAttention" (arXiv:2205.14135), algorithm 1.

    Example:
        >>> x = jnp.ones((8, 4))
        >>> pallas_attention(x, x, x, block=4).shape
        (8, 4)
    """
    query, key = floating("query", query, "t d"), floating("key", key, "s d")
    value = floating("value", value, "s d")
    same_length("width of key", key.shape[1], "width of query", query.shape[1])
    same_length("value", value.shape[0], "key", key.shape[0])
    _multiples(block, t=query.shape[0], s=key.shape[0])
    everything = pl.BlockSpec(key.shape, lambda _: (0, 0))
    own = pl.BlockSpec((block, query.shape[1]), lambda i: (i, 0))
    return pl.pallas_call(
        partial(_attend, block=block, steps=key.shape[0] // block),
        grid=(query.shape[0] // block,),
        in_specs=[own, everything, everything],
        out_specs=own,
        out_shape=jax.ShapeDtypeStruct(query.shape, query.dtype),
        interpret=interpret,
    )(query, key, value)


def _attend(
    q_block: _Block, k_all: _Block, v_all: _Block, y_block: _Block, *, block: int, steps: int
) -> None:
    queries = q_block[...].astype(jnp.float32) / q_block.shape[1] ** 0.5

    def absorb(step: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        largest, total, mean = state
        keys, values = (part[pl.ds(step * block, block), :] for part in (k_all, v_all))
        scores = jnp.dot(queries, keys.T, preferred_element_type=jnp.float32)
        grown = jnp.maximum(largest, scores.max(axis=1, keepdims=True))
        powers, shrink = jnp.exp(scores - grown), jnp.exp(largest - grown)
        mean = mean * shrink + jnp.dot(powers, values, preferred_element_type=jnp.float32)
        return grown, total * shrink + powers.sum(axis=1, keepdims=True), mean

    nothing = jnp.zeros((block, 1), jnp.float32)
    start = (nothing - jnp.inf, nothing, jnp.zeros(q_block.shape, jnp.float32))
    _, total, mean = lax.fori_loop(0, steps, absorb, start)
    y_block[...] = (mean / total).astype(y_block.dtype)


def _multiples(block: int, **sides: int) -> None:
    for name, side in sides.items():
        if side % block:
            raise ShapeError(name, required=f"a multiple of the block, {block}", got=side)
