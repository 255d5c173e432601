"""The hand-written kernels, run block by block on the CPU, against their NumPy truth."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from kernel_table import draw

from labkit.errors import ShapeError
from labkit.kernels import pallas, reference


def test_matmul_in_tiles() -> None:
    a, b = draw(0, 32, 48), draw(1, 48, 16)
    np.testing.assert_allclose(pallas.pallas_matmul(a, b, block=16), np.asarray(a) @ b, atol=1e-4)


def test_softmax_by_rows() -> None:
    x = 30 * draw(0, 16, 10)
    np.testing.assert_allclose(pallas.pallas_softmax(x), reference.softmax(x), atol=1e-6)


def test_attention_past_all_keys() -> None:
    query, key, value = draw(0, 16, 8), draw(1, 32, 8), draw(2, 32, 8)
    got = pallas.pallas_attention(query, key, value, block=8)
    heads = (array[None, :, None] for array in (query, key, value))
    np.testing.assert_allclose(got, reference.attention(*heads)[0, :, 0], atol=1e-5)


def test_a_side_that_does_not_divide_is_named() -> None:
    with pytest.raises(ShapeError, match="n must be a multiple of the block, 16"):
        pallas.pallas_matmul(jnp.ones((10, 16)), jnp.ones((16, 16)), block=16)
