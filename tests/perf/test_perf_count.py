"""Counting: by hand, against XLA's analysis, and through loops, calls and dead code."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from labkit.perf import count


def shape(*dims: int, dtype=jnp.float32) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(dims, dtype)


def conv(x, w, stride=1, padding="SAME", groups=1, dilation=1):
    return lax.conv_general_dilated(
        x,
        w,
        (stride, stride),
        padding,
        rhs_dilation=(dilation, dilation),
        feature_group_count=groups,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


IMAGE, KERNEL = shape(2, 9, 8, 4), shape(3, 3, 4, 6)
# Each function's FLOPs are XLA's to the last one: the conventions are the same.
EXACT = {
    "matmul": (jnp.matmul, (shape(30, 40), shape(40, 50))),
    "batched": (jnp.matmul, (shape(7, 3, 4), shape(7, 4, 5))),
    "conv": (conv, (IMAGE, KERNEL)),
    "conv, strided": (lambda x, w: conv(x, w, stride=2), (IMAGE, KERNEL)),
    "conv, valid": (lambda x, w: conv(x, w, padding="VALID"), (IMAGE, KERNEL)),
    "conv, dilated": (lambda x, w: conv(x, w, dilation=2), (IMAGE, KERNEL)),
    "conv, grouped": (lambda x, w: conv(x, w, groups=2), (IMAGE, shape(3, 3, 2, 6))),
    "conv, gradients": (
        jax.grad(lambda x, w: conv(x, w, stride=2).sum(), argnums=(0, 1)),
        (IMAGE, KERNEL),
    ),
    "max-pool": (pool, (IMAGE,)),
    "cube": (lambda x: x**3, (shape(100),)),
    "sort": (jnp.sort, (shape(1000),)),
    "cast": (lambda x: x.astype(jnp.bfloat16), (shape(100),)),
}


@pytest.mark.parametrize("name", EXACT)
def test_flops_agree_with_xla(name):
    fn, args = EXACT[name]
    counted = count(fn, *args)
    assert counted.flops == counted.xla_flops > 0


def test_a_convolution_counted_by_hand():
    # One 3-tap row over [a b c] with a zero on each side: 2 + 3 + 2 products that count.
    counted = count(conv, shape(1, 1, 3, 1), shape(1, 3, 1, 1))
    assert counted.flops == 2 * 7


def test_a_matmuls_bytes_counted_by_hand():
    counted = count(jnp.matmul, shape(30, 40), shape(40, 50))
    assert counted.minimal_bytes == counted.moved_bytes == 4 * (30 * 40 + 40 * 50 + 30 * 50)
    assert counted.intensity == counted.flops / counted.minimal_bytes


def test_a_training_step_agrees_with_xla():
    def loss(w1, w2, x):
        return jax.nn.softmax(jax.nn.relu(x @ w1) @ w2).sum()

    counted = count(jax.grad(loss, argnums=(0, 1)), shape(64, 128), shape(128, 10), shape(32, 64))
    # Elementwise work is simplified by the compiler; the products are what they are.
    assert counted.flops == pytest.approx(counted.xla_flops, rel=0.02)
    assert counted.minimal_bytes <= counted.xla_bytes <= counted.moved_bytes


def test_transcendentals_are_counted_apart():
    counted = count(lambda x: jnp.exp(x) + jnp.tanh(x), shape(100))
    assert (counted.flops, counted.transcendentals) == (100, 200)


def test_a_scan_counts_its_body_as_often_as_it_runs():
    def power(x, steps):
        return lax.scan(lambda y, _: (y @ x, None), x, length=steps)[0]

    assert count(lambda x: power(x, 7), shape(16, 16)).flops == 7 * 2 * 16**3


def test_a_while_loop_is_reported_as_of_unknown_length():
    counted = count(lambda x: lax.while_loop(lambda y: y.sum() < 9, lambda y: y + 1, x), shape(4))
    assert counted.unbounded_loops == 1
    assert counted.flops == 4


def test_of_a_condition_the_longer_branch_counts():
    def choose(flag, x):
        return lax.cond(flag, lambda x: x + 1, lambda x: x @ x + 1, x)

    assert count(choose, shape(dtype=bool), shape(8, 8)).flops >= 2 * 8**3


def test_what_the_result_does_not_need_is_not_counted():
    def wasteful(x):
        x @ x
        return x + 1

    counted = count(wasteful, shape(8, 8))
    assert counted.flops == counted.xla_flops == 64


def test_calls_and_custom_derivatives_are_opened():
    @jax.custom_vjp
    def double(x):
        return x * 2

    double.defvjp(lambda x: (double(x), None), lambda _, g: (g * 2,))
    assert count(jax.jit(lambda x: double(x).sum()), shape(10)).flops == 10 + 9
    assert count(jax.checkpoint(double), shape(10)).flops == 10


def test_an_update_in_place_moves_only_what_is_new():
    def put(x, row):
        return lax.dynamic_update_slice(x, row, (0, 0))

    assert count(put, shape(1000, 8), shape(1, 8), compiled=False).moved_bytes < 200


def test_the_parts_sum_to_the_whole():
    counted = count(jax.grad(lambda x, w: pool(conv(x, w)).sum()), IMAGE, KERNEL, compiled=False)
    assert sum(part.flops for part in counted.by_operation) == counted.flops
    assert sum(part.moved_bytes for part in counted.by_operation) == counted.moved_bytes
    assert counted.xla_flops is None
