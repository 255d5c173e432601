"""The executor: values, gradients, batches, memory, refusals, compile time."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector

from labkit.errors import ArgumentError, CircuitError, ResourceError, ShapeError
from labkit.quantum import load_qasm, to_jax

# Chosen by cost: one of each kind (arithmetic, chemistry, phases, oracle, period).
QUICK = ["adder_n10", "basis_trotter_n4", "hhl_n7", "ising_n10", "simon_n6", "qf21_n15"]

H4 = SparsePauliOp.from_list(
    [("IIZZ", -1.0), ("ZZII", 0.4), ("IXII", -0.7), ("XIIX", 0.3), ("YXZI", 0.2), ("IIIY", 0.6)]
)


def ansatz(num_qubits: int, layers: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    angles = iter(ParameterVector("t", 2 * num_qubits * layers))
    for _ in range(layers):
        for q in range(num_qubits):
            circuit.ry(next(angles), q)
            circuit.rz(next(angles), q)
        for q in range(num_qubits - 1):
            circuit.cx(q, q + 1)
    return circuit


def data_circuit() -> tuple[QuantumCircuit, ParameterVector, ParameterVector]:
    x, w = ParameterVector("x", 3), ParameterVector("w", 4)
    circuit = QuantumCircuit(4)
    for q in range(3):
        circuit.h(q)
        circuit.p(2 * (np.pi - x[q]) * w[0], q)
        circuit.ry(x[q] ** 2, q)
    for q in range(3):
        circuit.cx(q, q + 1)
        circuit.rx(w[q + 1], q)
        circuit.crz(x[q].sin() / 2 - w[3], q, q + 1)
    return circuit, x, w


@pytest.mark.real_data
@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", QUICK)
def test_qasmbench(name: str, real_data) -> None:
    circuit = load_qasm(next((real_data / "quantum" / "QASMBench").glob(f"*/{name}/{name}.qasm")))
    circuit.remove_final_measurements()
    expected = Statevector(circuit).data
    for dtype, tolerance in (("complex128", 1e-9), ("complex64", 1e-5)):
        np.testing.assert_allclose(to_jax(circuit, dtype=dtype).statevector(), expected,
                                   atol=tolerance)  # fmt: skip


def test_nonlinear_expressions_are_qiskits_own_numbers() -> None:
    a, b = Parameter("a"), Parameter("b")
    expressions = [
        2 * (np.pi - a) * (np.pi - b), 1 / (2 + a), a**2 - b / 3, (a * b).sin().exp(), abs(a - b),
        (a + 2).log() * b.cos(), 2**b, (a / 4).arcsin() + (b / 4).arccos(), (1 - a).tan().arctan(),
    ]  # fmt: skip
    circuit = QuantumCircuit(2)
    for i, expression in enumerate(expressions):
        circuit.ry(expression, i % 2)
        circuit.p(expression, i % 2)
        circuit.cx(0, 1)
    values = [0.37, -0.81]
    f = to_jax(circuit)
    expected = Statevector(circuit.assign_parameters(values)).data
    np.testing.assert_allclose(f.statevector(values), expected, atol=2e-6)  # float32 angles
    by_name = f.statevector({"b": values[1], a: values[0]})
    np.testing.assert_allclose(by_name, expected, atol=2e-6)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    ("method", "layers"),
    [("adjoint", 2), ("adjoint", 9), ("backprop", 9)],  # 2: unrolled
)
def test_gradient_is_that_of_parameter_shift(method: str, layers: int) -> None:
    f = to_jax(ansatz(4, layers), dtype="complex128", diff_method=method)
    values = np.random.default_rng(0).normal(size=len(f.parameters))
    value, slope = jax.value_and_grad(f.expectation)(jnp.asarray(values), H4)
    shifts = np.pi / 2 * np.eye(len(values))
    rule = 0.5 * (f.expectation(values + shifts, H4) - f.expectation(values - shifts, H4))
    np.testing.assert_allclose(slope, rule, atol=1e-12)
    state = Statevector(ansatz(4, layers).assign_parameters(values))
    np.testing.assert_allclose(value, state.expectation_value(H4).real, atol=1e-12)


@pytest.mark.usefixtures("x64")
def test_gradient_through_expressions_is_the_finite_difference() -> None:
    circuit, x, w = data_circuit()
    f = to_jax(circuit, input_params=x, weight_params=w, dtype="complex128")
    rng = np.random.default_rng(1)
    point = rng.normal(size=3), rng.normal(size=4)
    slopes = jax.grad(lambda pair: f.expectation(pair, H4))(jax.tree.map(jnp.asarray, point))
    for side, size in enumerate((3, 4)):
        for k in range(size):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [part.copy() for part in point]
                moved[side][k] += step
                ends.append(float(f.expectation(tuple(moved), H4)))
            # Central differences of step h err by h**2 and by rounding / h, both below 1e-9.
            assert abs((ends[0] - ends[1]) / 2e-5 - slopes[side][k]) < 1e-8


def test_batches_splits_and_vmap_are_one_function() -> None:
    circuit, x, _w = data_circuit()
    whole, split = to_jax(circuit), to_jax(circuit, input_params=x)
    rng = np.random.default_rng(3)
    inputs, weights = rng.normal(size=(5, 3)), rng.normal(size=4)
    one_by_one = [float(whole.expectation({"x": row, "w": weights}, H4)) for row in inputs]
    batch = split.expectation((inputs, weights), H4)
    mapped = jax.vmap(lambda row: split.expectation((row, weights), H4))(jnp.asarray(inputs))
    joined = whole.expectation(np.hstack([np.tile(weights, (5, 1)), inputs]), [H4, H4])
    for actual in (batch, mapped, joined[:, 0], joined[:, 1]):
        np.testing.assert_allclose(actual, one_by_one, atol=2e-6)


def test_backprop_allows_forward_mode_and_second_derivatives() -> None:
    f = to_jax(ansatz(4, 2), diff_method="backprop")
    values = jnp.linspace(-1.0, 1.0, len(f.parameters))
    g = jax.grad(lambda v: f.expectation(v, H4))
    hessian = jax.jit(jax.hessian(lambda v: f.expectation(v, H4)))(values)
    step = 1e-2 * jnp.eye(len(values))[3]
    np.testing.assert_allclose(hessian[3], (g(values + step) - g(values - step)) / 2e-2, atol=1e-3)


def test_program_does_not_grow_with_depth() -> None:
    def size(layers: int) -> int:
        f = to_jax(ansatz(4, layers), diff_method="adjoint")
        slope = jax.jit(jax.grad(lambda v: f.expectation(v, H4)))
        return slope.lower(jnp.zeros(len(f.parameters))).as_text().count("\n")

    assert size(60) == size(12)


def test_samples_follow_the_probabilities() -> None:
    circuit = QuantumCircuit(3, 2)
    circuit.ry(1.1, 0)
    circuit.h(2)
    circuit.measure([2, 0], [0, 1])
    f = to_jax(circuit)
    samples = f.sample((), jax.random.key(0), 20_000)
    found = np.bincount(samples, minlength=8) / 20_000
    # Four standard errors of a share p are 4 sqrt(p (1 - p) / 20000) < 0.0142.
    np.testing.assert_allclose(found, f.probabilities(), atol=0.0142)
    assert f.measured == ((0, 2), (1, 0))


def dynamic(kind: str) -> QuantumCircuit:
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    if kind == "reset":
        circuit.reset(0)
        return circuit
    circuit.measure(0, 0)
    if kind == "measure":
        circuit.x(0)
    elif kind == "if_else":
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.x(1)
    elif kind == "while_loop":
        with circuit.while_loop((circuit.clbits[0], 1)):
            circuit.h(1)
    elif kind == "initialize":
        circuit.initialize([1, 0], 0)
    return circuit


@pytest.mark.parametrize("kind", ["measure", "reset", "if_else", "while_loop", "initialize"])
def test_dynamic_circuits_name_the_instruction_and_offer_aer(kind: str) -> None:
    name = "measure" if kind == "initialize" else kind
    with pytest.raises(CircuitError, match=rf"'{name}'.*AerSimulator"):
        to_jax(dynamic(kind))


def test_text_that_is_not_openqasm_says_where(tmp_path) -> None:
    broken = tmp_path / "broken.qasm"
    broken.write_text('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncx q[0] q[1];\n')
    with pytest.raises(CircuitError, match=r"broken\.qasm.*4"):
        load_qasm(broken)
    with pytest.raises(CircuitError, match="QuantumCircuit"):
        to_jax("h q[0];")


def test_what_does_not_fit_is_refused_with_its_estimate() -> None:
    with pytest.raises(ResourceError, match=r"40 qubits.*GiB"):
        to_jax(QuantumCircuit(40))
    batch = to_jax(ansatz(20, 1)).statevector
    with pytest.raises(ResourceError, match=r"20 qubits.*GiB"):
        batch(np.zeros((100_000, 40), np.float32))


def test_wrong_arguments() -> None:
    circuit, x, _ = data_circuit()
    with pytest.raises(ShapeError, match="7 values"):
        to_jax(circuit).statevector(np.zeros(6))
    with pytest.raises(ArgumentError, match="split"):
        to_jax(circuit, input_params=[*x, x[0]])
    with pytest.raises(ArgumentError, match="pair"):
        to_jax(circuit, input_params=x).statevector(np.zeros(7))
    with pytest.raises(ArgumentError, match="jax_enable_x64"):
        to_jax(circuit, dtype="complex128")
    with pytest.raises(ArgumentError, match="qubits"):
        to_jax(circuit).expectation(np.zeros(7), SparsePauliOp("ZZ"))
    with pytest.raises(ArgumentError, match="Hermitian"):
        to_jax(circuit).expectation(np.zeros(7), SparsePauliOp("ZZZZ", 1j))
    with pytest.raises(ArgumentError, match="without"):
        to_jax(circuit).statevector({"x": np.zeros(3)})
