"""A quantum circuit between dense layers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector

from labkit.errors import ArgumentError
from labkit.quantum import QuantumLayer

ZS = [SparsePauliOp("IZ"), SparsePauliOp("ZI")]


def circuit() -> tuple[QuantumCircuit, ParameterVector]:
    x, w = ParameterVector("x", 2), ParameterVector("w", 4)
    built = QuantumCircuit(2)
    for layer in range(2):
        for q in range(2):
            built.ry(x[q], q)
            built.rx(w[2 * layer + q], q)
        built.cx(0, 1)
    return built, x


class Hybrid(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        built, x = circuit()
        self.inner = nnx.Linear(3, 2, rngs=rngs)
        self.quantum = QuantumLayer(built, ZS, input_params=x, rngs=rngs)
        self.outer = nnx.Linear(2, 1, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.outer(self.quantum(self.inner(x)))[:, 0]


def test_outputs_are_the_expectation_values() -> None:
    built, x = circuit()
    layer = QuantumLayer(built, ZS, input_params=x, rngs=nnx.Rngs(0))
    rows = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    weights = np.asarray(layer.weights[...])
    order = [p for p in built.parameters if p not in set(x)]
    for row, out in zip(rows, layer(jnp.asarray(rows)), strict=True):
        values = dict(zip(x, row, strict=True)) | dict(zip(order, weights, strict=True))
        state = Statevector(built.assign_parameters(values))
        np.testing.assert_allclose(out, [state.expectation_value(z).real for z in ZS], atol=2e-6)


def test_hybrid_model_trains_through_the_circuit() -> None:
    model = Hybrid(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(0.05), wrt=nnx.Param)
    inputs = jax.random.normal(jax.random.key(1), (32, 3))
    targets = jnp.sin(inputs[:, 0]) * jnp.cos(inputs[:, 1])

    @nnx.jit
    def step(model: Hybrid, optimizer: nnx.Optimizer) -> jax.Array:
        loss, slopes = nnx.value_and_grad(lambda m: jnp.mean((m(inputs) - targets) ** 2))(model)
        optimizer.update(model, slopes)
        return loss

    before = np.asarray(model.quantum.weights[...])
    losses = [float(step(model, optimizer)) for _ in range(80)]
    assert losses[-1] < 0.4 * losses[0]
    assert not np.allclose(before, model.quantum.weights[...])


def test_a_layer_needs_an_observable() -> None:
    built, x = circuit()
    with pytest.raises(ArgumentError, match="observables"):
        QuantumLayer(built, [], input_params=x, rngs=nnx.Rngs(0))
