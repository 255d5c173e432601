"""Qiskit's circuit library, in circuits put together at random, against Qiskit's statevector."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    InverseModifier,
    Parameter,
    ParameterExpression,
    ParameterVector,
    PowerModifier,
    library,
)
from qiskit.quantum_info import (
    Operator,
    Pauli,
    SparseObservable,
    SparsePauliOp,
    Statevector,
    random_clifford,
    random_hermitian,
    random_unitary,
)

from labkit.errors import ArgumentError, CircuitError
from labkit.quantum import to_jax

pytestmark = [
    pytest.mark.usefixtures("x64"),
    # Qiskit's own: SciPy inside its matrix exponential, and a default that is going to change.
    pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning"),
    pytest.mark.filterwarnings("ignore:.*annotated:DeprecationWarning"),
]

WIDTH = 7  # qubits of the circuits put together below
TWO_TERMS = SparsePauliOp.from_list([("XX", 0.3), ("ZI", 0.2)])
MATRICES = [random_unitary(2, seed=i).data for i in range(4)]

#: Functions of two parameters, each giving something that can be appended to a circuit.
PIECES: dict[str, Callable[[Any, Any], Any]] = {
    "QFTGate": lambda a, b: library.QFTGate(4),
    "UCGate": lambda a, b: library.UCGate(MATRICES),
    "UCGate up to a diagonal": lambda a, b: library.UCGate(MATRICES, up_to_diagonal=True),
    "UCRXGate": lambda a, b: library.UCRXGate([0.1, 0.5, 0.7, -0.2]),
    "UCRZGate": lambda a, b: library.UCRZGate([0.1, 0.5, 0.7, -0.2]),
    "Isometry": lambda a, b: library.Isometry(random_unitary(8, seed=2).data[:, :2], 0, 0),
    "inverse Isometry": lambda a, b:
        library.Isometry(random_unitary(4, seed=2).data, 0, 0).inverse(),
    "StatePreparation": lambda a, b: library.StatePreparation("+-rl"),
    "controlled StatePreparation": lambda a, b:
        library.StatePreparation([0.6, 0, 0, 0.8j]).control(1),
    "DiagonalGate": lambda a, b: library.DiagonalGate([1, -1, 1j, -1j]).control(2, ctrl_state=1),
    "PermutationGate": lambda a, b: library.PermutationGate([3, 1, 0, 2]).inverse(),
    "LinearFunction": lambda a, b: library.LinearFunction([[1, 1, 0], [0, 1, 0], [1, 0, 1]]),
    "MCXGate": lambda a, b: library.MCXGate(5, ctrl_state="01011"),
    "MCPhaseGate": lambda a, b: library.MCPhaseGate(a * b, 4, ctrl_state=3),
    "MCMTGate": lambda a, b: library.MCMTGate(library.RYGate(0.3), 2, 2, ctrl_state=1),
    "PauliGate": lambda a, b: library.PauliGate("XYZIY"),
    "PauliEvolutionGate": lambda a, b: library.PauliEvolutionGate(TWO_TERMS, a),
    "controlled evolution": lambda a, b:
        library.PauliEvolutionGate(TWO_TERMS, a).control(2, ctrl_state=1),
    "evolution of a list": lambda a, b:
        library.PauliEvolutionGate([SparsePauliOp("XX"), TWO_TERMS], b),
    "evolution with projectors": lambda a, b: library.PauliEvolutionGate(
        SparseObservable.from_list([("0+Z", 0.4), ("XYI", 1.0)]), a),
    "HamiltonianGate": lambda a, b: library.HamiltonianGate(random_hermitian(4, seed=1), a + b),
    "MSGate": lambda a, b: library.MSGate(3, 0.4),
    "RVGate": lambda a, b: library.RVGate(0.1, 0.2, 0.3),
    "XXMinusYYGate": lambda a, b: library.XXMinusYYGate(a, b).control(1),
    "RC3XGate": lambda a, b: library.RC3XGate().inverse(),
    "UGate": lambda a, b: library.UGate(a, b, a - b).control(2, ctrl_state=2),
    "HalfAdderGate": lambda a, b: library.HalfAdderGate(2),
    "MultiplierGate": lambda a, b: library.ModularAdderGate(3),
    "AndGate": lambda a, b: library.AndGate(3, [1, -1, 0]),
    "IntegerComparatorGate": lambda a, b: library.IntegerComparatorGate(3, 5),
    "QuadraticFormGate": lambda a, b: library.QuadraticFormGate(3, [[1, 0], [1, -1]], [2, 1], -1),
    "ExactReciprocalGate": lambda a, b: library.ExactReciprocalGate(3, 0.4, neg_vals=True),
    "PolynomialPauliRotationsGate": lambda a, b:
        library.PolynomialPauliRotationsGate(3, [0.1, 0.2, 0.3]),
    "Clifford": lambda a, b: random_clifford(3, seed=2),
    "Operator": lambda a, b: Operator(random_unitary(4, seed=3)),
    "Pauli with a phase": lambda a, b: Pauli("-iXY"),
    "half adder, nested": lambda a, b: nested(a, b).to_gate().control(2, ctrl_state=2),
    "inverse of a nested circuit": lambda a, b: nested(a, b).to_gate().inverse(),
    "efficient_su2": lambda a, b: library.efficient_su2(3, reps=1).to_gate(),
    "zz_feature_map": lambda a, b: library.zz_feature_map(3, reps=1, entanglement="full").to_gate(),
    "annotated gate": lambda a, b: AnnotatedOperation(
        library.RXGate(a), [ControlModifier(2, 1), InverseModifier(), PowerModifier(2)]),
    "annotated power": lambda a, b:
        AnnotatedOperation(library.UGate(a, b, 0.3), [PowerModifier(-2)]),
    "annotated half swap": lambda a, b: AnnotatedOperation(
        library.SwapGate(), [PowerModifier(0.5), ControlModifier(1, 0)]),
    "annotated Clifford": lambda a, b: AnnotatedOperation(
        random_clifford(2, seed=1), [InverseModifier(), ControlModifier(1, 0)]),
    "annotated permutation": lambda a, b: AnnotatedOperation(
        library.PermutationGate([2, 0, 1]), [ControlModifier(1, 0)]),
}  # fmt: skip


def nested(a: ParameterExpression, b: ParameterExpression) -> QuantumCircuit:
    """A circuit with a phase of its own and expressions that change as it is nested."""
    inner = QuantumCircuit(2, global_phase=a)
    inner.ry(a + b, 0)
    inner.cx(0, 1)
    inner.rz(a * b, 1)
    outer = QuantumCircuit(2, global_phase=0.3)
    outer.append(inner.to_gate({a: b.sin(), b: a}), [1, 0])
    outer.h(0)
    return outer


def put_together(names: list[str], seed: int) -> QuantumCircuit:
    """The pieces on random qubits, behind a layer of parameters that stops constant folding."""
    rng = np.random.default_rng(seed)
    lead = ParameterVector("lead", WIDTH)
    circuit = QuantumCircuit(WIDTH)
    for qubit, angle in enumerate(lead):
        circuit.ry(angle, qubit)
    for i, name in enumerate(names):
        piece = PIECES[name](Parameter(f"a{i}"), Parameter(f"b{i}"))
        if any("θ" in p.name or p.name.startswith("x[") for p in getattr(piece, "params", ())
               if isinstance(p, ParameterExpression) and p.is_symbol()):  # fmt: skip
            own = {p: Parameter(f"{p.name}_{i}") for p in piece.definition.parameters}
            piece = piece.definition.assign_parameters(own).to_gate()
        circuit.append(piece, rng.permutation(WIDTH)[: piece.num_qubits].tolist())
    return circuit


TOLERANCES = {"complex128": 1e-9, "complex64": 1e-5}


def assert_is_qiskits(
    circuit: QuantumCircuit, seed: int = 0, dtypes: tuple[str, ...] = ("complex64",)
) -> None:
    values = np.random.default_rng(seed).uniform(-2, 2, circuit.num_parameters)
    expected = Statevector(circuit.assign_parameters(values)).data
    for dtype in dtypes:
        actual = to_jax(circuit, dtype=dtype).statevector(values)
        np.testing.assert_allclose(actual, expected, atol=TOLERANCES[dtype])


def test_every_piece_of_the_library() -> None:
    names = list(PIECES)
    for part in range(3):
        assert_is_qiskits(put_together(names[part::3], part), part, ("complex64", "complex128"))


@settings(max_examples=4, deadline=None, derandomize=True)
@given(names=st.lists(st.sampled_from(sorted(PIECES)), min_size=2, max_size=6),
       seed=st.integers(0, 1000))  # fmt: skip
def test_pieces_at_random(names: list[str], seed: int) -> None:
    assert_is_qiskits(put_together(names, seed), seed, ("complex128",))


@pytest.mark.parametrize(
    "build",
    [
        lambda: library.QAOAAnsatz(SparsePauliOp.from_list([("ZZII", 1), ("IZZI", 0.5)]), reps=6),
        lambda: library.TwoLocal(4, ["ry", "rz"], "crx", reps=2),
        lambda: library.EvolvedOperatorAnsatz([SparsePauliOp("XXY"), SparsePauliOp("ZZZ")], reps=2),
        lambda: library.PauliFeatureMap(3, reps=2, paulis=["Z", "YX", "ZZZ"]),
        lambda: library.QFT(4, inverse=True, approximation_degree=1, insert_barriers=True),
        lambda: library.efficient_su2(3, reps=1).inverse().reverse_bits().power(2),
        lambda: library.unitary_overlap(
            library.efficient_su2(3, reps=1), library.real_amplitudes(3)),
    ],
    ids=["QAOA", "TwoLocal", "evolved", "Pauli", "QFT", "turned round", "overlap"],
)  # fmt: skip
def test_circuits_of_the_library(build: Callable[[], QuantumCircuit]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the classes among them
        assert_is_qiskits(build())


def test_parameters_are_sorted_as_qiskit_sorts_them() -> None:
    v, w = ParameterVector("b", 12), ParameterVector("a", 2)
    circuit = QuantumCircuit(2)
    for parameter in [*v, *w, Parameter("b2"), Parameter("A"), Parameter("γ")]:
        circuit.ry(parameter, 0)
        circuit.cx(0, 1)
        circuit.rx(parameter / 2, 1)
    assert_is_qiskits(circuit)
    assert to_jax(circuit).parameters == tuple(circuit.parameters)


LEAVES = st.sampled_from(["a", "b", "c"])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from(["sin", "cos", "arctan", "sign", "conjugate", "abs", "exp"]), inner),
        st.tuples(st.sampled_from(["+", "-", "*", "/", "**"]), inner, inner),
    ),
    max_leaves=6,
)  # fmt: skip


def written(tree: Any, of: dict[str, Any]) -> Any:
    """The expression that a tree stands for; divisors and powers are kept away from zero."""
    if isinstance(tree, str):
        return of[tree]
    first = written(tree[1], of)
    if len(tree) == 2:
        inner = first.sin() if tree[0] == "exp" else first
        return abs(first) if tree[0] == "abs" else getattr(inner, tree[0])()
    second = written(tree[2], of)
    if tree[0] in "/**" and tree[0] != "*":
        second = second.sin() + 2
        return first / second if tree[0] == "/" else (first.cos() + 2) ** second
    return {"+": first + second, "-": first - second, "*": first * second}[tree[0]]


@settings(max_examples=4, deadline=None, derandomize=True)
@given(trees=st.lists(EXPRESSIONS, min_size=4, max_size=4))
def test_expressions_and_their_gradients(trees: list[Any]) -> None:
    parameters = {name: Parameter(name) for name in "abc"}
    circuit = QuantumCircuit(2, global_phase=written(trees[0], parameters))
    circuit.h([0, 1])
    for tree in trees:
        circuit.crx(written(tree, parameters), 0, 1)
        circuit.rz(written(tree, parameters), 1)
        circuit.ry(sum(parameters.values()), 0)
    observable = SparsePauliOp.from_list([("XZ", 0.7), ("YI", -0.4), ("IZ", 0.2)])

    def by_qiskit(values: np.ndarray) -> float:
        return Statevector(circuit.assign_parameters(values)).expectation_value(observable).real

    values, f = np.array([0.37, -0.81, 1.3]), to_jax(circuit, dtype="complex128")
    value, slope = jax.value_and_grad(f.expectation)(jnp.asarray(values), observable)
    assert abs(value - by_qiskit(values)) < 1e-9
    steps = 1e-5 * np.eye(3)
    rule = [(by_qiskit(values + step) - by_qiskit(values - step)) / 2e-5 for step in steps]
    # Central differences of step h err by h**2 times a third derivative, here below 1e3.
    np.testing.assert_allclose(slope, rule, atol=1e-6)


def test_substituted_and_partly_bound_parameters() -> None:
    a, b, c = Parameter("a"), Parameter("b"), Parameter("c")
    circuit = QuantumCircuit(2, global_phase=a)
    circuit.ry(a * b + 1, 0)
    circuit.rz((a * b).sin().gradient(a), 1)
    circuit.cx(0, 1)
    circuit = circuit.assign_parameters({a: c**2 + 1})
    assert_is_qiskits(circuit)
    assert_is_qiskits(circuit.assign_parameters({b: 0.3}))
    assert_is_qiskits(circuit.assign_parameters({b: 0.3, c: -2}))


@pytest.mark.parametrize("qubits", [0, 1, 3])
def test_circuits_of_almost_nothing(qubits: int) -> None:
    assert_is_qiskits(QuantumCircuit(qubits, 2))
    assert_is_qiskits(QuantumCircuit(qubits, global_phase=2 * Parameter("a")))


def test_what_does_not_act_is_passed_over() -> None:
    circuit, b = QuantumCircuit(2, 2), Parameter("b")
    circuit.reset([0, 1])
    circuit.h(0)
    circuit.barrier()
    circuit.delay(Parameter("t"), 1, "s")
    circuit.ry(b, 1)
    circuit.id(0)
    bare = QuantumCircuit(2)
    bare.h(0)
    bare.ry(b, 1)
    with circuit.box():
        circuit.cx(0, 1)
    bare.cx(0, 1)
    circuit.measure([0, 1], [1, 0])
    f = to_jax(circuit, dtype="complex128")
    expected = Statevector(bare.assign_parameters([0.4])).data
    np.testing.assert_allclose(f.statevector({"b": 0.4, "t": 9.0}), expected, atol=1e-12)
    assert f.measured == ((0, 1), (1, 0))


def dynamic(kind: str) -> QuantumCircuit:
    circuit = QuantumCircuit(2, 1)
    if kind == "for_loop":
        with circuit.for_loop(range(3)):
            circuit.x(1)
    elif kind == "switch_case":
        circuit.measure(0, 0)
        with circuit.switch(circuit.clbits[0]) as case, case(0):
            circuit.x(1)
    elif kind == "store":
        circuit.add_var("flag", True)
    elif kind == "measure":  # written over by another measurement, but made
        circuit.measure([0, 1], [0, 0])
        circuit.x(0)
    return circuit


@pytest.mark.parametrize("kind", ["for_loop", "switch_case", "store", "measure"])
def test_more_dynamic_circuits_name_the_instruction(kind: str) -> None:
    with pytest.raises(CircuitError, match=rf"'{kind}'.*AerSimulator"):
        to_jax(dynamic(kind))


def test_gates_that_need_their_parameters_say_so() -> None:
    a, b = Parameter("a"), Parameter("b")
    turn, root = QuantumCircuit(1), QuantumCircuit(1)
    turn.append(library.RVGate(a, 0.2, 0.3), [0])
    root.append(AnnotatedOperation(library.UGate(a, b, 0.3), [PowerModifier(0.5)]), [0])
    with pytest.raises(CircuitError, match=r"'rv'.*Bind its parameters"):
        to_jax(turn)
    with pytest.raises(CircuitError, match=r"'u'.*Bind its parameters"):
        to_jax(root)
    imaginary = QuantumCircuit(1)
    imaginary.ry(abs(1j * a), 0)
    with pytest.raises(CircuitError, match="real"):
        to_jax(imaginary)


def test_values_that_belong_to_nothing_are_refused() -> None:
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("a"), 0)
    with pytest.raises(ArgumentError, match=r"also \['b'\]"):
        to_jax(circuit).statevector({"a": 0.1, "b": 0.2})
    with pytest.raises(ArgumentError, match="at least one"):
        to_jax(circuit).expectation([0.1], [])
