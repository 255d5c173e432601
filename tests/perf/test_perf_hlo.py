"""Reading compiled programs: by hand on a short text, and on what XLA really prints."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from labkit.errors import DataError
from labkit.perf.hlo import HloArray, parse_hlo
from labkit.perf.steps import compiled_steps, program_steps

TEXT = """HloModule jit_f, is_scheduled=true

%fused (p0: f32[4,8], p1: f32[8,2]) -> f32[4,2] {
  %p0 = f32[4,8]{1,0} parameter(0)
  %p1 = f32[8,2]{1,0} parameter(1)
  ROOT %dot.1 = f32[4,2]{1,0} dot(%p0, %p1), lhs_contracting_dims={1}, rhs_contracting_dims={0}
}

%add (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %sum = f32[] add(%a, %b)
}

ENTRY %main (x: f32[4,8], w: f32[8,2]) -> (f32[4], bf16[4,2]) {
  %x = f32[4,8]{1,0} parameter(0), metadata={op_name="x"}
  %w = f32[8,2]{1,0} parameter(1)
  %zero = f32[] constant(0)
  %f = f32[4,2]{1,0} fusion(%x, %w), kind=kCustom, calls=%fused, backend_config={"fusion_config":{"kind":"__ynn_fusion"},"outer_dimension_partitions":["2","3"]}
  %r = f32[4]{0} reduce(%f, %zero), dimensions={1}, to_apply=%add
  %c = bf16[4,2]{0,1} convert(%f)
  ROOT %t = (f32[4]{0}, bf16[4,2]{0,1}) tuple(%r, /*index=1*/%c)
}
"""  # noqa: E501


def test_a_program_read_by_hand():
    program = parse_hlo(TEXT)
    lines = program.entry.instructions
    assert list(lines) == ["x", "w", "zero", "f", "r", "c", "t"]
    assert lines["f"].called == ("fused",)
    assert lines["f"].partitions == 6
    assert lines["r"].axes("dimensions") == (1,)
    assert lines["t"].outputs == (
        HloArray("f32", (4,), (0,)),
        HloArray("bf16", (4, 2), (0, 1)),
    )
    assert lines["t"].n_bytes == 16 + 16
    assert program.entry.root == "t"


def test_its_steps_by_hand():
    product, reduction, conversion = program_steps(parse_hlo(TEXT))
    assert (product.engine, product.partitions) == ("ynn", 6)
    assert (product.product.form, product.product.m, product.product.n, product.product.k) == (
        "nn", 4, 2, 8,
    )  # fmt: skip
    assert product.reads == {"x": 128, "w": 64}
    assert product.writes == {"f": 32}
    assert reduction.work == {"reduce rows": 8.0}
    assert conversion.work == {"convert": 8.0}


@pytest.mark.parametrize(("dtype", "n_bytes"), [("pred", 3), ("s32", 12), ("bf16", 6), ("c64", 24)])
def test_sizes_of_element_types(dtype, n_bytes):
    assert HloArray(dtype, (3,), (0,)).n_bytes == n_bytes


def test_text_that_is_no_program_is_refused():
    with pytest.raises(DataError, match="no ENTRY computation"):
        parse_hlo("hello")


def test_a_loop_is_listed_for_its_first_run_and_for_the_others():
    def power(x):
        return lax.scan(lambda y, _: (jnp.tanh(y @ x), None), x, length=7)[0]

    steps, _ = compiled_steps(power, jnp.ones((32, 32)))
    runs = [step.times for step in steps if step.product]
    assert runs == [1, 6]
    assert sum(step.times for step in steps if step.engine == "loop") == 7


def test_the_flops_of_the_products_are_those_of_xla():
    def loss(w, x):
        return jnp.sum(jax.nn.relu(x @ w) @ w.T)

    args = jnp.ones((48, 80)), jnp.ones((16, 48))
    steps, footprint = compiled_steps(jax.grad(loss), *args)
    found = sum(step.product.flops for step in steps if step.product)
    analysis = jax.jit(jax.grad(loss)).lower(*args).compile().cost_analysis()
    assert found == pytest.approx(analysis["flops"], rel=0.05)
    assert footprint >= 4 * (48 * 80 * 2 + 16 * 48)


def test_an_update_in_place_writes_only_what_is_new():
    def put(x, row):
        return lax.dynamic_update_slice(x, row, (5, 0))

    steps, _ = compiled_steps(jax.jit(put, donate_argnums=0), jnp.ones((1000, 8)), jnp.ones((1, 8)))
    assert min(step.moved_bytes for step in steps if step.moved_bytes) <= 128
