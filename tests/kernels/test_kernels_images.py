"""Convolution and pooling against their NumPy truth, over every formulation."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from labkit import kernels
from labkit.errors import ArgumentError, ShapeError
from labkit.kernels import CONV_METHODS, POOL_METHODS, reference

# image, kernel (with c/groups), stride, padding, dilation, groups: odd sizes, 1 x 1, a stride
# larger than the kernel, an empty batch, uneven padding, holes, groups.
CONVOLUTIONS = {
    "plain": ((2, 8, 7, 3), (3, 3, 3, 4), 1, "VALID", 1, 1),
    "same": ((1, 7, 8, 4), (3, 3, 4, 5), 1, "SAME", 1, 1),
    "pointwise": ((2, 5, 5, 6), (1, 1, 6, 3), 1, "VALID", 1, 1),
    "stride_over_kernel": ((1, 9, 9, 2), (2, 2, 2, 3), 3, "VALID", 1, 1),
    "uneven": ((1, 6, 9, 2), (3, 2, 2, 2), (2, 1), ((1, 2), (0, 1)), (1, 2), 1),
    "grouped": ((1, 6, 6, 4), (3, 3, 2, 6), 1, "SAME", 1, 2),
    "depthwise": ((1, 7, 6, 3), (3, 3, 1, 6), 2, 1, 1, 3),
    "one_pixel": ((1, 1, 1, 2), (1, 1, 2, 2), 1, "SAME", 1, 1),
    "empty": ((0, 5, 5, 2), (3, 3, 2, 2), 1, "VALID", 1, 1),
}
METHODS = ["auto", *CONV_METHODS]


def draw(seed: int, *shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_is_its_definition(case: str, method: str) -> None:
    image, shape, stride, padding, dilation, groups = CONVOLUTIONS[case]
    x, w, bias = draw(0, *image), draw(1, *shape), draw(2, shape[3])
    steps = {"stride": stride, "padding": padding, "dilation": dilation}
    where = kernels.resolve_window(shape[:2], image[1:3], **steps)
    call = partial(kernels.conv2d, **steps, groups=groups, method=method)
    got = jax.jit(call)(x, w, bias)
    true = reference.conv2d(
        x, w, bias,
        stride=where.stride, padding=where.pads, dilation=where.dilation, groups=groups,
    )  # fmt: skip
    np.testing.assert_allclose(got, true, rtol=2e-5, atol=2e-5)


# image, window, stride, padding: tiled, overlapping, gaps between windows, odd sizes, padded.
POOLS = {
    "tiled": ((2, 6, 8, 3), 2, None, "VALID"),
    "odd": ((1, 7, 5, 2), 2, None, "VALID"),
    "overlapping": ((1, 7, 8, 2), 3, 2, "VALID"),
    "same": ((1, 5, 6, 2), 3, 2, "SAME"),
    "tiled_padded": ((1, 5, 7, 2), 2, None, "SAME"),
    "gaps": ((1, 9, 9, 1), 2, 3, "VALID"),
    "rectangle": ((1, 6, 6, 2), (3, 2), (1, 2), ((1, 0), (0, 1))),
    "one_pixel": ((1, 1, 1, 3), 1, None, "VALID"),
    "empty": ((0, 4, 4, 1), 2, None, "VALID"),
}


@pytest.mark.parametrize("method", ["auto", *POOL_METHODS])
@pytest.mark.parametrize("case", POOLS)
def test_pooling_is_its_definition(case: str, method: str) -> None:
    image, window, stride, padding = POOLS[case]
    x = draw(3, *image)
    where = kernels.resolve_window(window, image[1:3], stride=stride or window, padding=padding)
    steps = {"stride": where.stride, "padding": where.pads}
    where_to = {"window": window, "stride": stride, "padding": padding}
    largest = jax.jit(partial(kernels.max_pool2d, **where_to, method=method))(x)
    np.testing.assert_array_equal(largest, reference.max_pool2d(x, where.size, **steps))
    if method == "auto":
        mean = jax.jit(partial(kernels.avg_pool2d, **where_to))(x)
        true = reference.avg_pool2d(x, where.size, **steps)
        np.testing.assert_allclose(mean, true, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", [name for name in POOLS if name != "empty"])
def test_pooling_gradients_agree(case: str) -> None:
    """Distinct values leave no ties, so every formulation has one gradient."""
    image, window, stride, padding = POOLS[case]
    values = np.random.default_rng(4).permutation(int(np.prod(image)))
    x = jnp.asarray(values.reshape(image), jnp.float32)

    def total(x: jax.Array, method: str) -> jax.Array:
        y = kernels.max_pool2d(x, window, stride=stride, padding=padding, method=method)
        return (y * jnp.cos(jnp.arange(y.size).reshape(y.shape))).sum()

    slices, compiler = (
        jax.jit(jax.grad(partial(total, method=method)))(x) for method in ("slices", "xla")
    )
    np.testing.assert_allclose(slices, compiler, rtol=1e-6, atol=1e-6)
    check_grads(
        jax.jit(partial(kernels.avg_pool2d, window=window, stride=stride, padding=padding)),
        (draw(5, *image),),
        order=1,
        modes=["rev"],
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("pool", "padding"), [(1, "VALID"), (2, "VALID"), (3, "SAME")])
def test_a_block_is_its_parts_one_after_the_other(method: str, pool: int, padding: str) -> None:
    arrays = (draw(6, 2, 8, 7, 3), draw(7, 3, 3, 3, 4), draw(8, 4))

    def parts(x: jax.Array, w: jax.Array, b: jax.Array) -> jax.Array:
        y = jax.nn.relu(kernels.conv2d(x, w, b, padding=padding, method="xla"))
        return (kernels.max_pool2d(y, pool, method="xla") ** 2).sum()

    def block(x: jax.Array, w: jax.Array, b: jax.Array) -> jax.Array:
        return (kernels.conv2d_block(x, w, b, padding=padding, pool=pool, method=method) ** 2).sum()

    got, true = (jax.jit(jax.value_and_grad(f, argnums=(0, 1, 2)))(*arrays) for f in (block, parts))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3), got, true)


def test_a_tie_in_max_pooling_goes_to_the_first_pixel_row_by_row() -> None:
    x = jnp.array([[1.0, 7.0], [7.0, 7.0]]).reshape(1, 2, 2, 1)
    gradient = jax.grad(lambda x: kernels.max_pool2d(x, 2, method="slices").sum())(x)
    assert gradient.reshape(4).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_padding_never_wins_a_maximum() -> None:
    x = -jnp.ones((1, 3, 3, 1))
    assert kernels.max_pool2d(x, 3, stride=1, padding="SAME").max() == -1.0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kernel": jnp.ones((3, 3, 2, 1))}, ShapeError, "channels of kernel must be"),
        ({"kernel": jnp.ones((9, 9, 3, 1))}, ShapeError, "no larger than the padded image"),
        ({"x": jnp.ones((8, 8, 3))}, ShapeError, "an array of axes \\(b h w c\\)"),
        ({"x": jnp.ones((1, 8, 8, 3), jnp.uint8)}, ShapeError, "floating numbers"),
        ({"bias": jnp.ones(3)}, ShapeError, "bias must be of shape"),
        ({"stride": 0}, ArgumentError, "stride must be a positive integer"),
        ({"padding": "same"}, ArgumentError, "padding must be"),
        ({"groups": 2}, ArgumentError, "groups must be a divisor"),
        ({"method": "magic"}, ArgumentError, "method must be one of auto, xla"),
    ],
)
def test_a_wrong_argument_is_named(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    good: dict[str, object] = {"x": jnp.ones((1, 8, 8, 3)), "kernel": jnp.ones((3, 3, 3, 1))}
    with pytest.raises(error, match=message):
        kernels.conv2d(**(good | arguments))
