"""How long a first gradient takes, compilation and all, against other simulators on JAX.

    python -m benchmarks.quantum_compilation --json FILE

Timed cold and once: JAX's cache on disk is off, and nothing was compiled before. An ansatz
layer is RY and RZ on each qubit and a chain of CX.
"""

from __future__ import annotations

import os

os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks import _quantum_cases as cases
from benchmarks._harness import Row, main
from labkit.quantum import to_jax

PACKAGES = ["jax", "qiskit", "pennylane", "tensorcircuit-ng", "numpy"]


def rows() -> Iterator[Row]:
    deep = first_gradient(cases.ansatz(8, 64))
    gates = cases.ansatz(8, 64).size()
    yield Row(f"compile and run a gradient of {gates} gates, 8 qubits", "", deep, 3.0, "lower",
              {"seconds": deep})  # fmt: skip
    circuit = cases.ansatz(8, 8)
    ours = first_gradient(circuit)
    name = f"compile and run a gradient of {circuit.size()} gates, 8 qubits"
    for peer, build in (("tensorcircuit-ng, jax", tensorcircuit_energy),
                        ("PennyLane default.qubit, jax", pennylane_energy)):  # fmt: skip
        began = time.perf_counter()
        function = jax.jit(jax.grad(build(8, 8)))
        jax.block_until_ready(function(jnp.asarray(cases.angles_of(circuit), jnp.float32)))
        seconds = time.perf_counter() - began
        yield Row(name, peer, seconds / ours, 25, detail={"labkit_s": ours, "peer_s": seconds})


def first_gradient(circuit: Any) -> float:
    """Seconds from the circuit to its first gradient, nothing compiled before."""
    energy, values = cases.tfim(circuit.num_qubits), cases.angles_of(circuit)
    began = time.perf_counter()
    f = to_jax(circuit)
    slope = jax.jit(jax.grad(lambda v: f.expectation(v, energy)))
    jax.block_until_ready(slope(jnp.asarray(values, jnp.float32)))
    return time.perf_counter() - began


def tensorcircuit_energy(n: int, layers: int) -> Callable:
    return cases.tensorcircuit_ansatz(n, layers)


def pennylane_energy(n: int, layers: int) -> Callable:
    import pennylane as qml

    device = qml.device("default.qubit", wires=n)
    return cases.pennylane_ansatz(device, n, layers, interface="jax", diff_method="backprop")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(rows, title="Compiling quantum circuits on JAX", packages=PACKAGES)
