"""What every kernel and every formulation must do, stated once for the whole table."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from kernel_table import CASES, Case

table = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def is_floating(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.floating))


def places(case: Case) -> tuple[int, ...]:
    return tuple(n for n, array in enumerate(case.arrays) if is_floating(array))


@table
def test_it_computes_its_formula(case: Case) -> None:
    """Rounding in float32 adds up to at most a few units in the last place for each term."""
    got, true = jax.jit(case.call)(*case.arrays), case.truth(*case.arrays)
    assert got.dtype == jnp.float32
    assert got.shape == true.shape
    # Each of `terms` products and sums rounds by 2^-24 of a value of order 1 to 10; Winograd and
    # online formulations reorder sums but keep that order. Eight bits round each factor by at most
    # 1/254 of the largest: twice that, times values of order 1 to 3, stays below 0.02 a term.
    bound = 1e-6 * case.terms + 1e-5 if case.exact else 0.02 * case.terms
    np.testing.assert_allclose(got, true, rtol=1e-5 if case.exact else 0, atol=bound)


@table
def test_its_gradient_is_the_slope(case: Case) -> None:
    if not (case.exact and case.smooth):
        pytest.skip("a step across a kink or a rounding is no slope")

    def call(*floating: Any) -> Any:
        arrays = list(case.arrays)
        for place, array in zip(places(case), floating, strict=True):
            arrays[place] = array
        return case.call(*arrays)

    floating = tuple(case.arrays[place] for place in places(case))
    # Central differences of step 1e-2 in float32: 1e-4 from curvature, 1e-7 / 1e-2 from rounding.
    check_grads(jax.jit(call), floating, order=1, modes=["rev"], atol=1e-2, rtol=1e-2, eps=1e-2)


@table
def test_it_maps_over_a_new_axis(case: Case) -> None:
    stacked = [jnp.stack([a, a[::-1]]) if is_floating(a) else a for a in case.arrays]
    axes = tuple(0 if is_floating(a) else None for a in case.arrays)
    mapped = jax.jit(jax.vmap(case.call, in_axes=axes))(*stacked)
    once = jax.jit(case.call)
    for n in range(2):
        alone = once(*(a[n] if axis == 0 else a for a, axis in zip(stacked, axes, strict=True)))
        np.testing.assert_allclose(mapped[n], alone, rtol=2e-5, atol=2e-5)


@table
def test_half_precision_keeps_its_type_and_its_bound(case: Case) -> None:
    """bf16 keeps 8 bits: inputs are rounded first, so that only the arithmetic is judged."""
    if case.name.startswith("adam"):
        pytest.skip("the state of an optimiser stays in float32")
    half = [a.astype(jnp.bfloat16) if is_floating(a) else a for a in case.arrays]
    got = jax.jit(case.call)(*half)
    assert got.dtype == jnp.bfloat16
    true = case.truth(*(np.asarray(a, np.float64) if is_floating(a) else a for a in half))
    # One rounding of the result is 2^-9 of it. Sums taken in bf16 (the scans) round once a step,
    # and steps add: 2^-8 for each term, of values of order 1.
    bound = 2.0**-8 * (2 + case.terms**0.5) * max(1.0, float(np.abs(true).max()))
    bound += 0.0 if case.exact else 0.02 * case.terms
    np.testing.assert_allclose(np.asarray(got, np.float64), true, rtol=0, atol=bound)


@table
def test_it_compiles_for_every_platform_from_here(case: Case) -> None:
    """Both the value and its gradient lower for machines that are not at hand."""
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in case.arrays]

    def loss(*arrays: Any) -> Any:
        return case.call(*arrays).sum()

    both = jax.jit(jax.value_and_grad(loss, argnums=places(case)))
    exported = jax.export.export(both, platforms=["cpu", "cuda", "tpu"])(*shapes)
    assert exported.platforms == ("cpu", "cuda", "tpu")
