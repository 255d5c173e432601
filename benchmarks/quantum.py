"""The quantum executor against Qiskit, Aer, PennyLane and tensorcircuit-ng.

    python -m benchmarks.quantum [SECTIONS] --json FILE

Sections are memory, gradients, batches, kernels and forwards; all of them where none is named.
Everything is timed in one process, interleaved. labkit runs in complex64 unless a row says
otherwise, and so do the peers that can; what each peer runs in stands in its name. Slow peers
are read fewer times (see `timed`). Compilation has a file of its own, `quantum_compilation`.
"""

from __future__ import annotations

import os

os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"

import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from qiskit import transpile
from qiskit.quantum_info import SparsePauliOp, Statevector

from benchmarks import _quantum_cases as cases
from benchmarks._harness import Row, interleave, main
from labkit.quantum import JaxFidelityKernel, to_jax

PACKAGES = [
    "jax", "qiskit", "qiskit-aer", "pennylane", "pennylane-lightning", "tensorcircuit-ng",
    "qiskit-machine-learning", "qiskit-algorithms", "numpy",
]  # fmt: skip


def rows(asked: Iterable[Callable[[], Iterator[Row]]]) -> Iterator[Row]:
    warnings.simplefilter("ignore")
    for section in asked:
        for row in section():
            print(row, file=sys.stderr, flush=True)
            yield row


def timed(
    contenders: dict[str, Callable[[], Any]], budget_s: float = 6.0, pause_s: float = 0.0
) -> dict[str, float]:
    """Interleaved medians; as many rounds as the budget allows, 1 to 9."""
    began = time.perf_counter()
    for call in contenders.values():
        call()
    once_s = time.perf_counter() - began
    repeats = int(np.clip(budget_s / max(once_s, 1e-3), 1, 9))
    warmup = 0 if once_s > 3 else 1
    return interleave(
        contenders, repeats=repeats, warmup=warmup, min_block_s=0.005, pause_s=pause_s
    )


def compared(name: str, seconds: dict[str, float], goals: dict[str, float | None]) -> Iterator[Row]:
    for peer, goal in goals.items():
        detail = {"labkit_ms": seconds["labkit"] * 1e3, "peer_ms": seconds[peer] * 1e3}
        yield Row(name, peer, seconds[peer] / seconds["labkit"], goal, detail=detail)


def waiting(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(function(*arguments))


def gradients() -> Iterator[Row]:
    from qiskit_algorithms.gradients import ReverseEstimatorGradient

    asked: dict[int, dict[str, float | None]] = {
        8: {"EstimatorQNN, parameter shift": 300, "ReverseEstimatorGradient": 100},
        12: {"ReverseEstimatorGradient": 30},
        16: {"ReverseEstimatorGradient": 8, "lightning.qubit adjoint, complex64": 1.3},
    }
    for n, goals in asked.items():
        circuit, energy = cases.ansatz(n, 2), cases.tfim(n)
        values = cases.angles_of(circuit)
        f = to_jax(circuit)
        slope = jax.jit(jax.value_and_grad(lambda v, f=f, energy=energy: f.expectation(v, energy)))
        contenders = {"labkit": waiting(slope, jnp.asarray(values, jnp.float32))}
        contenders["ReverseEstimatorGradient"] = lambda c=circuit, o=energy, v=values: (
            ReverseEstimatorGradient().run([c], [o], [v]).result()
        )
        if n == 8:
            contenders["EstimatorQNN, parameter shift"] = qnn_backward(circuit, energy, values)
        if n == 16:
            contenders["lightning.qubit adjoint, complex64"] = lightning_gradient(n, values)
        name = f"gradient of TFIM energy, {n} qubits, 2 layers, {len(values)} parameters"
        yield from compared(name, timed(contenders), goals)


def qnn_backward(circuit: Any, energy: Any, values: np.ndarray) -> Callable[[], Any]:
    from qiskit.primitives import StatevectorEstimator
    from qiskit_machine_learning.neural_networks import EstimatorQNN

    network = EstimatorQNN(
        circuit=circuit, observables=energy, weight_params=list(circuit.parameters),
        estimator=StatevectorEstimator(),
    )  # fmt: skip
    return lambda: network.backward(None, values)


def lightning_gradient(n: int, values: np.ndarray) -> Callable[[], Any]:
    import pennylane as qml
    from pennylane import numpy as pnp

    device = qml.device("lightning.qubit", wires=n, c_dtype=np.complex64)
    slope = qml.grad(cases.pennylane_ansatz(device, n, 2, diff_method="adjoint"))
    angles = pnp.array(values, requires_grad=True)
    return lambda: slope(angles)


def batches() -> Iterator[Row]:
    from qiskit.primitives import StatevectorEstimator
    from qiskit_machine_learning.neural_networks import EstimatorQNN

    circuit, x, w = cases.classifier()
    z = SparsePauliOp("IIIIIZ")
    rng = np.random.default_rng(0)
    points, weights = rng.normal(size=(256, 6)), rng.normal(size=24)
    few = EstimatorQNN(
        circuit=circuit, observables=z, input_params=list(x), weight_params=list(w),
        estimator=StatevectorEstimator(),
    )  # fmt: skip
    f = to_jax(circuit, input_params=x, weight_params=w)
    each = to_jax(circuit, input_params=x, weight_params=w, diff_method="adjoint")
    peer = cases.tensorcircuit_classifier()
    a, b = jnp.asarray(points, jnp.float32), jnp.asarray(weights, jnp.float32)

    def loss(values: Any) -> Any:
        return jnp.mean(values**2)

    forward = jax.jit(lambda a, b: f.expectation((a, b), z))
    peer_forward = jax.jit(jax.vmap(peer, (0, None)))
    slope = jax.jit(jax.grad(lambda b, a: loss(f.expectation((a, b), z))))
    peer_slope = jax.jit(jax.grad(lambda b, a: loss(jax.vmap(peer, (0, None))(a, b))))
    single = jax.vmap(jax.grad(lambda b, a: each.expectation((a, b), z)), (None, 0))
    peer_single = jax.vmap(jax.grad(lambda b, a: peer(a, b)), (None, 0))
    tc, qnn = "tensorcircuit-ng, jax", "EstimatorQNN"
    # EstimatorQNN does the same work for each point: 16 of them, times 16.
    small = {f"{qnn}, 16 points": lambda: few.forward(points[:16], weights)}
    seconds = timed({"labkit": waiting(forward, a, b), tc: waiting(peer_forward, a, b), **small})
    seconds[qnn] = 16 * seconds[f"{qnn}, 16 points"]
    yield from compared("forward of 256 points, 6 qubits", seconds, {qnn: 50, tc: 1.0})
    seconds = timed({"labkit": waiting(slope, b, a), tc: waiting(peer_slope, b, a)})
    yield from compared("gradient of a loss over 256 points, 6 qubits", seconds, {tc: 1.0})
    seconds = timed(
        {
            "labkit": waiting(jax.jit(single), b, a),
            tc: waiting(jax.jit(peer_single), b, a),
            f"{qnn}, 4 points": lambda: few.backward(points[:4], weights),
        }
    )
    seconds[qnn] = 64 * seconds[f"{qnn}, 4 points"]
    goals = {qnn: 1000, tc: 1.0}
    yield from compared("gradients of each of 256 points, 6 qubits", seconds, goals)


def kernels() -> Iterator[Row]:
    from qiskit_machine_learning.kernels import FidelityStatevectorKernel

    circuit, x, _ = cases.classifier()
    feature_map = circuit.copy_empty_like()
    for _ in range(2):
        cases.feature_layer(feature_map, x)
    rows_of = np.random.default_rng(0).normal(size=(200, 6))

    def peer() -> Any:  # a fresh kernel: the old one remembers its states
        return FidelityStatevectorKernel(feature_map=feature_map).evaluate(rows_of)

    ours = JaxFidelityKernel(feature_map)
    both = {"labkit": lambda: ours.evaluate(rows_of), "FidelityStatevectorKernel": peer}
    seconds = timed(both, pause_s=0.2)  # the peer's BLAS threads spin on for a while
    goals: dict[str, float | None] = {"FidelityStatevectorKernel": 200}
    yield from compared("200 x 200 kernel, 6 qubits", seconds, goals)


def forwards() -> Iterator[Row]:
    qiskit, aer, lightning = "Statevector", "Aer, single", "lightning.qubit, complex64"
    asked: dict[int, dict[str, float | None]] = {
        8: {qiskit: 10, aer: 10},
        12: {qiskit: 4, aer: 4},
        16: {aer: 1, lightning: 1},
        18: {aer: 1, lightning: 1},
        20: {aer: 1, lightning: 1},
        22: {aer: 1},
    }
    for n, goals in asked.items():
        circuit = cases.ansatz(n, 2)
        values = cases.angles_of(circuit)
        bound = circuit.assign_parameters(values)
        f = jax.jit(to_jax(circuit).statevector)
        contenders = {"labkit": waiting(f, jnp.asarray(values, jnp.float32))}
        contenders[aer] = aer_run(bound)
        if qiskit in goals:
            contenders[qiskit] = lambda bound=bound: Statevector(bound)
        if lightning in goals:
            contenders[lightning] = lightning_run(n, values)
        yield from compared(f"state of {n} qubits, 2 layers", timed(contenders), goals)


def aer_run(circuit: Any) -> Callable[[], Any]:
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method="statevector", precision="single")
    saved = transpile(circuit, simulator)
    saved.save_statevector()
    return lambda: simulator.run(saved).result().get_statevector()


def lightning_run(n: int, values: np.ndarray) -> Callable[[], Any]:
    import pennylane as qml

    device = qml.device("lightning.qubit", wires=n, c_dtype=np.complex64)
    run = cases.pennylane_ansatz(device, n, 2, diff_method=None)
    return lambda: run(values)


def memory() -> Iterator[Row]:
    """Peak memory of a fresh process above what it holds once labkit is imported."""
    asked = (
        ("state of 24 qubits, 2 layers", 24, 2, "state", 4096),
        ("gradient of 20 qubits, 6 layers", 20, 6, "gradient", 512),
    )
    for name, n, layers, what, goal in asked:
        command = [sys.executable, "-m", "benchmarks.quantum", "--peak", str(n), str(layers), what]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        base, peak = map(float, out.split()[-2:])
        detail = {"above_import_MiB": peak - base, "process_MiB": peak}
        yield Row(f"peak memory, {name} (MiB)", "", peak - base, goal, "lower", detail)


def peak(n: int, layers: int, what: str) -> None:
    circuit = cases.ansatz(n, layers)
    energy, values = cases.tfim(n), jnp.asarray(cases.angles_of(circuit), jnp.float32)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    f = to_jax(circuit)
    run = f.statevector if what == "state" else jax.grad(lambda v: f.expectation(v, energy))
    jax.block_until_ready(jax.jit(run)(values))
    print(base, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        peak(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        sections = {f.__name__: f for f in (memory, gradients, batches, kernels, forwards)}
        named = [word for word in sys.argv[1:] if word in sections]
        sys.argv = [word for word in sys.argv if word not in sections]
        wanted = [sections[name] for name in named or sections]
        main(lambda: rows(wanted), title="Quantum circuits on JAX", packages=PACKAGES)
