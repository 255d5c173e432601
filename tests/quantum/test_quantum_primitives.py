"""Qiskit's primitives and algorithms on the JAX executor, against Qiskit's own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, ParameterVector, QuantumRegister
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.quantum_info import SparsePauliOp, Statevector
from sklearn.svm import SVC

from labkit.errors import ShapeError
from labkit.quantum import JaxEstimator, JaxEstimatorGradient, JaxFidelityKernel, JaxSampler

Z, ZX = SparsePauliOp("IZ"), SparsePauliOp.from_list([("ZX", 0.5), ("YY", -1.0)])


def rotations(count: int = 3) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    for i, angle in enumerate(ParameterVector("t", count)):
        circuit.ry(angle, i % 2)
        circuit.cx(0, 1)
    return circuit


def test_estimator_broadcasts_as_qiskits_does() -> None:
    values = np.random.default_rng(0).normal(size=(4, 1, 3))
    pubs = [(rotations(), [Z, ZX], values), (rotations(1), "XX", [0.3]), (QuantumCircuit(1), "Z")]
    ours = JaxEstimator().run(pubs).result()
    theirs = StatevectorEstimator().run(pubs).result()
    for one, other in zip(ours, theirs, strict=True):
        assert one.data.evs.shape == other.data.evs.shape
        np.testing.assert_allclose(one.data.evs, other.data.evs, atol=1e-6)


def test_estimator_adds_noise_of_the_precision_asked_for() -> None:
    values = np.zeros((2000, 3))
    noisy = JaxEstimator(seed=0).run([(rotations(), Z, values)], precision=0.1).result()
    # The standard error of a standard deviation of 2000 draws is 0.1 / sqrt(4000) = 0.0016.
    assert abs(np.std(noisy[0].data.evs) - 0.1) < 0.0064


def test_a_circuit_changed_since_is_compiled_again() -> None:
    estimator, circuit = JaxEstimator(), QuantumCircuit(1)
    circuit.x(0)
    before = estimator.run([(circuit, "Z")]).result()[0].data.evs
    circuit.x(0)
    after = estimator.run([(circuit, "Z")]).result()[0].data.evs
    assert (float(before), float(after)) == (-1.0, 1.0)


def test_sampler_fills_registers_as_qiskits_does() -> None:
    qubits = QuantumRegister(11, "q")
    first, second = ClassicalRegister(9, "first"), ClassicalRegister(2, "second")
    circuit = QuantumCircuit(qubits, first, second)
    circuit.x([0, 3, 10])
    circuit.measure(qubits[:9], reversed(first))
    circuit.measure(qubits[10], second[1])
    ours = JaxSampler(default_shots=5).run([circuit]).result()[0].data
    theirs = StatevectorSampler(default_shots=5).run([circuit]).result()[0].data
    assert ours.first.get_counts() == theirs.first.get_counts()
    assert ours.second.get_counts() == theirs.second.get_counts()


def test_sampler_takes_many_values_at_once() -> None:
    circuit = rotations(1)
    circuit.measure_all()
    result = JaxSampler(seed=1).run([(circuit, [[0.0], [np.pi]], 4000)]).result()[0]
    assert result.data.meas.shape == (2,)
    assert result.data.meas.get_counts(0) == {"00": 4000}
    assert result.data.meas.get_counts(1) == {"11": 4000}
    half = JaxSampler(seed=1).run([(circuit, [np.pi / 2], 4000)]).result()[0].data.meas
    # Four standard errors of a share of one half in 4000 shots.
    assert abs(half.get_counts()["11"] / 4000 - 0.5) < 0.032


def test_gradients_of_many_circuits_and_some_parameters() -> None:
    circuit, other = rotations(), rotations(2)
    points = np.random.default_rng(1).normal(size=(3, 3))
    result = (
        JaxEstimatorGradient()
        .run(
            [circuit, circuit, other],
            [ZX, ZX, Z],
            [points[0], points[1], points[2][:2]],
            [None, [circuit.parameters[2]], None],
        )
        .result()
    )
    for gradient, run, values in ((result.gradients[0], (circuit, ZX), points[0]),
                                  (result.gradients[2], (other, Z), points[2][:2])):  # fmt: skip
        shifted = [values + np.pi / 2 * s * e for e in np.eye(len(values)) for s in (1, -1)]
        evs = [Statevector(run[0].assign_parameters(v)).expectation_value(run[1]).real
               for v in shifted]  # fmt: skip
        rule = (np.array(evs[::2]) - np.array(evs[1::2])) / 2
        np.testing.assert_allclose(gradient, rule, atol=2e-6)
    assert result.gradients[1].shape == (1,)
    assert result.metadata[1]["parameters"] == [circuit.parameters[2]]
    with pytest.raises(ShapeError, match="one length"):
        JaxEstimatorGradient().run([circuit], [Z, Z], [points[0]])


def test_kernel_is_the_squared_overlap() -> None:
    circuit = rotations()
    circuit.rz(circuit.parameters[0] * circuit.parameters[1], 0)
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
    kernel = JaxFidelityKernel(circuit)
    states = [[Statevector(circuit.assign_parameters(row)).data for row in rows] for rows in (x, y)]
    expected = np.abs(np.array(states[0]).conj() @ np.array(states[1]).T) ** 2
    np.testing.assert_allclose(kernel.evaluate(x, y), expected, atol=1e-6)
    own = kernel.evaluate(x)
    np.testing.assert_array_equal(np.diag(own), 1.0)
    assert np.linalg.eigvalsh(own)[0] > -1e-12
    with pytest.raises(ShapeError, match="rows of 3"):
        kernel.evaluate(np.zeros((2, 4)))


def test_qiskit_machine_learning_runs_on_top() -> None:
    networks = pytest.importorskip("qiskit_machine_learning.neural_networks")
    circuit = rotations()
    network = networks.EstimatorQNN(
        circuit=circuit, observables=[Z, ZX], input_params=circuit.parameters[:1],
        weight_params=circuit.parameters[1:], estimator=JaxEstimator(), default_precision=0.0,
        gradient=JaxEstimatorGradient(), input_gradients=True,
    )  # fmt: skip
    own = networks.EstimatorQNN(
        circuit=circuit, observables=[Z, ZX], input_params=circuit.parameters[:1],
        weight_params=circuit.parameters[1:], estimator=StatevectorEstimator(),
        default_precision=0.0, input_gradients=True,
    )  # fmt: skip
    inputs, weights = np.array([[0.1], [0.4]]), np.array([0.3, -0.8])
    np.testing.assert_allclose(network.forward(inputs, weights), own.forward(inputs, weights),
                               atol=1e-6)  # fmt: skip
    for ours, theirs in zip(network.backward(inputs, weights), own.backward(inputs, weights),
                            strict=True):  # fmt: skip
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_a_quantum_support_vector_machine_takes_the_kernel() -> None:
    algorithms = pytest.importorskip("qiskit_machine_learning.algorithms")
    rng = np.random.default_rng(3)
    rows, kernel = rng.normal(size=(24, 3)), JaxFidelityKernel(rotations())
    classes = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    machine = algorithms.QSVC(quantum_kernel=kernel).fit(rows[:16], classes[:16])
    own = SVC(kernel="precomputed").fit(kernel.evaluate(rows[:16]), classes[:16])
    expected = own.predict(kernel.evaluate(rows[16:], rows[:16]))
    np.testing.assert_array_equal(machine.predict(rows[16:]), expected)


def test_a_sampler_network_runs_on_the_sampler() -> None:
    networks = pytest.importorskip("qiskit_machine_learning.neural_networks")
    circuit = rotations()
    network = networks.SamplerQNN(
        circuit=circuit, input_params=circuit.parameters[:1],
        weight_params=circuit.parameters[1:], sampler=JaxSampler(default_shots=20_000),
    )  # fmt: skip
    inputs, weights = np.array([[0.1], [0.4]]), np.array([0.3, -0.8])
    for row, found in zip(inputs, network.forward(inputs, weights), strict=True):
        bound = circuit.assign_parameters([*row, *weights])
        # Four standard errors of a share in 20,000 shots are at most 0.0142.
        np.testing.assert_allclose(found, Statevector(bound).probabilities(), atol=0.0142)


def test_qaoa_of_qiskit_runs_on_the_sampler() -> None:
    algorithms = pytest.importorskip("qiskit_algorithms")
    optimizers = pytest.importorskip("qiskit_algorithms.optimizers")
    operator = SparsePauliOp.from_list([("ZZI", 1.0), ("IZZ", 1.0), ("ZII", 0.3)])
    solver = algorithms.QAOA(JaxSampler(seed=4), optimizers.COBYLA(maxiter=20), reps=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Qiskit's, of its own parts
        best = solver.compute_minimum_eigenvalue(operator).best_measurement
    assert best["bitstring"] == "101"
    assert best["value"] == pytest.approx(np.diag(operator.to_matrix()).real.min())


@pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning")  # of options it passes on
def test_qiskit_algorithms_run_on_top() -> None:
    algorithms = pytest.importorskip("qiskit_algorithms")
    optimizers = pytest.importorskip("qiskit_algorithms.optimizers")
    operator = SparsePauliOp.from_list([("ZZ", -1.0), ("XI", -0.5), ("IX", -0.5)])
    vqe = algorithms.VQE(
        JaxEstimator(), rotations(6), optimizers.L_BFGS_B(), gradient=JaxEstimatorGradient(),
        initial_point=np.full(6, 0.3),
    )  # fmt: skip
    exact = np.linalg.eigvalsh(operator.to_matrix())[0]
    found = vqe.compute_minimum_eigenvalue(operator).eigenvalue.real
    # Single precision: energies near the minimum are equal to about 1e-6.
    assert 0 <= found - exact + 2e-6 < 1e-4
