"""Noise as a device makes it: depolarising gates, relaxation in time, wrong readout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import DensityMatrix, average_gate_fidelity
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error, thermal_relaxation_error
from qiskit_aer.noise.errors import QuantumError

from labkit.errors import ArgumentError
from labkit.quantum.hardware import QuantumHardware

__all__ = ["Noise", "density_matrix", "noisy_counts", "trajectories"]

_ONE_QUBIT_GATES = ("sx", "x", "h", "ry", "rx")
_TWO_QUBIT_GATES = ("cz", "cx", "rxx")
_BASIS = ("rz", *_ONE_QUBIT_GATES, *_TWO_QUBIT_GATES)


@dataclass(frozen=True)
class Noise:
    """Three kinds of noise; what is 0 is absent.

    Attributes:
        one_qubit_error: average infidelity of a one-qubit gate (rz is exact: it is virtual).
        two_qubit_error: average infidelity of a two-qubit gate.
        readout_error: chance that a measured bit is flipped, the same for 0 and 1.
        t1_s: energy relaxation time; infinite for none.
        t2_s: coherence time, at most 2 · t1_s.
        one_qubit_s: duration of a one-qubit gate, over which a qubit relaxes.
        two_qubit_s: duration of a two-qubit gate.

    Raises:
        ArgumentError: for an error outside [0, 1) or t2_s above 2 · t1_s.

    Example:
        >>> Noise(two_qubit_error=0.01).model().noise_instructions
        ['cx', 'cz', 'rxx']
    """

    one_qubit_error: float = 0.0
    two_qubit_error: float = 0.0
    readout_error: float = 0.0
    t1_s: float = float("inf")
    t2_s: float = float("inf")
    one_qubit_s: float = 0.0
    two_qubit_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("one_qubit_error", "two_qubit_error", "readout_error"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise ArgumentError(name, required="in [0, 1)", got=value)
        if not 0 < self.t2_s <= 2 * self.t1_s:
            raise ArgumentError("t2_s", required="in (0, 2 · t1_s]", got=self.t2_s)

    @classmethod
    def of_hardware(cls, hardware: QuantumHardware, *, factor: float = 1.0) -> Noise:
        """The median noise of a device, its errors and rates multiplied by ``factor``.

        Example:
            >>> from labkit.quantum.hardware import quantum_hardware
            >>> Noise.of_hardware(quantum_hardware("ibm_fez"), factor=2.0).readout_error
            0.015136
        """
        return cls(
            one_qubit_error=hardware.one_qubit_error * factor,
            two_qubit_error=hardware.two_qubit_error * factor,
            readout_error=hardware.readout_error * factor,
            t1_s=hardware.t1_s / factor,
            t2_s=hardware.t2_s / factor,
            one_qubit_s=hardware.one_qubit_s,
            two_qubit_s=hardware.two_qubit_s,
        )

    def model(self) -> NoiseModel:
        """The same noise as a Qiskit Aer model, on every qubit.

        The depolarising part is what is missing after relaxation, so that the average
        infidelity of a gate is the one asked for, or that of relaxation where it is larger.
        """
        model = NoiseModel(basis_gates=list(_BASIS))
        one = _gate_error(self._relaxation(self.one_qubit_s), self.one_qubit_error, 2)
        slow = self._relaxation(self.two_qubit_s)
        both = None if slow is None else slow.tensor(slow)
        two = _gate_error(both, self.two_qubit_error, 4)
        if one is not None:
            model.add_all_qubit_quantum_error(one, list(_ONE_QUBIT_GATES))
        if two is not None:
            model.add_all_qubit_quantum_error(two, list(_TWO_QUBIT_GATES))
        if self.readout_error:
            right, wrong = 1 - self.readout_error, self.readout_error
            model.add_all_qubit_readout_error(ReadoutError([[right, wrong], [wrong, right]]))
        return model

    def _relaxation(self, duration_s: float) -> QuantumError | None:
        if not duration_s or (np.isinf(self.t1_s) and np.isinf(self.t2_s)):
            return None
        return thermal_relaxation_error(self.t1_s, self.t2_s, duration_s)


def _gate_error(
    relaxation: QuantumError | None, infidelity: float, dimension: int
) -> QuantumError | None:
    """Relaxation followed by the depolarising noise that brings the gate to ``infidelity``.

    Depolarising with probability p turns an average fidelity F into (1 − p) F + p/d.
    """
    fidelity = 1.0 if relaxation is None else average_gate_fidelity(relaxation)
    probability = dimension * (fidelity - (1 - infidelity)) / (dimension * fidelity - 1)
    if probability <= 1e-15:
        return relaxation
    depolarizing = depolarizing_error(probability, {2: 1, 4: 2}[dimension])
    return depolarizing if relaxation is None else relaxation.compose(depolarizing)


def density_matrix(circuit: QuantumCircuit, noise: Noise) -> DensityMatrix:
    """The exact mixed state after the noisy circuit: 4^n numbers, so n up to about 12.

    Readout noise is not in it: a state has not been read.

    Args:
        circuit: without measurements.
        noise: applied after every gate of the transpiled circuit.

    Example:
        >>> from labkit.quantum.algorithms import bell
        >>> state = density_matrix(bell(), Noise(two_qubit_error=0.03))
        >>> round(float(state.purity().real), 3)
        0.941
    """
    simulator = AerSimulator(method="density_matrix", noise_model=noise.model())
    prepared = _prepared(circuit)
    prepared.save_density_matrix()
    return DensityMatrix(simulator.run(prepared).result().data()["density_matrix"])


def trajectories(circuit: QuantumCircuit, noise: Noise, *, samples: int, seed: int) -> np.ndarray:
    """The same state's populations by Monte Carlo: each run draws its errors, 2^n numbers.

    Args:
        circuit: without measurements.
        noise: as for `density_matrix`; readout noise is left out here too.
        samples: how many noisy runs; the standard error falls as 1/√samples.
        seed: of the draws.

    Returns:
        The average probability of each basis state, of shape (2^n,).

    Raises:
        ArgumentError: if samples is not positive.

    Source:
        Mølmer, Castin and Dalibard, J. Opt. Soc. Am. B 10, 524 (1993).
    """
    if samples < 1:
        raise ArgumentError("samples", required="at least 1", got=samples)
    simulator = AerSimulator(method="statevector", noise_model=noise.model(), seed_simulator=seed)
    prepared = _prepared(circuit)
    prepared.save_probabilities(pershot=False)
    result = simulator.run(prepared, shots=samples).result()
    return np.asarray(result.data()["probabilities"])


def noisy_counts(circuit: QuantumCircuit, noise: Noise, *, shots: int, seed: int) -> dict[str, int]:
    """Counts as a device with this noise, readout included, would give them.

    Args:
        circuit: with measurements; without, all its qubits are measured.
        noise: what goes wrong.
        shots: how often the circuit runs.
        seed: of the draws.

    Example:
        >>> from labkit.quantum.algorithms import ghz
        >>> counts = noisy_counts(ghz(3), Noise(readout_error=0.1), shots=1000, seed=1)
        >>> sum(counts.values()), len(counts)
        (1000, 8)
    """
    measured = circuit.copy()
    if "measure" not in circuit.count_ops():
        measured.measure_all()
    simulator = AerSimulator(noise_model=noise.model(), seed_simulator=seed)
    return dict(simulator.run(_prepared(measured), shots=shots).result().get_counts())


def _prepared(circuit: QuantumCircuit) -> QuantumCircuit:
    """In gates that the noise model knows, none of them merged or cancelled away."""
    return transpile(circuit, basis_gates=list(_BASIS), optimization_level=0)
