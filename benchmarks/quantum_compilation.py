"""How long a first gradient takes, compilation and all, against other simulators on JAX.

    python -m benchmarks.quantum_compilation [SECTIONS] --json FILE

Sections are deep, tensorcircuit and pennylane; all of them where none is named. Peers compile in
processes of their own. Timed cold and once: JAX's cache on disk is off, and nothing was compiled
before. An ansatz layer is RY and RZ on each qubit and a chain of CX.
"""

from __future__ import annotations

import os

os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"

import subprocess
import sys
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
LIMIT_S = 200.0  # after which a peer is stopped


def deep() -> Row:
    circuit = cases.ansatz(8, 64)
    seconds = first_gradient(circuit)
    return Row(named(circuit), "", seconds, 3.0, "lower", {"seconds": seconds})


def tensorcircuit() -> Row:
    return compared("tensorcircuit-ng, jax", "tensorcircuit")


def pennylane() -> Row:
    return compared("PennyLane default.qubit, jax", "pennylane")


SECTIONS = {f.__name__: f for f in (deep, tensorcircuit, pennylane)}


def rows(names: list[str]) -> Iterator[Row]:
    for name in names:
        row = SECTIONS[name]()
        print(row, file=sys.stderr, flush=True)
        yield row


def named(circuit: Any) -> str:
    return f"compile and run a gradient of {circuit.size()} gates, {circuit.num_qubits} qubits"


def compared(peer: str, kind: str) -> Row:
    """The peer compiles in a process of its own, which is stopped where it takes too long."""
    circuit = cases.ansatz(8, 8)
    ours = first_gradient(circuit)
    command = [sys.executable, "-m", "benchmarks.quantum_compilation", "--peer", kind]
    detail: dict[str, float | str] = {"labkit_s": ours}
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT_S)
        theirs = float(done.stdout.split()[-1])
    except subprocess.TimeoutExpired:
        theirs = LIMIT_S
        detail["peer"] = "stopped there, the ratio is at least this"
    detail["peer_s"] = theirs
    return Row(named(circuit), peer, theirs / ours, 25, detail=detail)


def peer_gradient(kind: str) -> float:
    """Seconds of a peer's first gradient, compiled by JAX as ours is."""
    energy = cases.tensorcircuit_ansatz(8, 8) if kind == "tensorcircuit" else pennylane_energy()
    angles = jnp.asarray(cases.angles_of(cases.ansatz(8, 8)), jnp.float32)
    began = time.perf_counter()
    jax.block_until_ready(jax.jit(jax.grad(energy))(angles))
    return time.perf_counter() - began


def pennylane_energy() -> Callable:
    import pennylane as qml

    device = qml.device("default.qubit", wires=8)
    return cases.pennylane_ansatz(device, 8, 8, interface="jax", diff_method="backprop")


def first_gradient(circuit: Any) -> float:
    """Seconds from the circuit to its first gradient, nothing compiled before."""
    energy, values = cases.tfim(circuit.num_qubits), cases.angles_of(circuit)
    began = time.perf_counter()
    f = to_jax(circuit)
    slope = jax.jit(jax.grad(lambda v: f.expectation(v, energy)))
    jax.block_until_ready(slope(jnp.asarray(values, jnp.float32)))
    return time.perf_counter() - began


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--peer"]:
        print(peer_gradient(sys.argv[2]))
        raise SystemExit
    asked = [word for word in sys.argv[1:] if word in SECTIONS] or list(SECTIONS)
    sys.argv = [word for word in sys.argv if word not in SECTIONS]
    title = "Compiling quantum circuits on JAX"
    main(lambda: rows(asked), title=title, packages=PACKAGES)
