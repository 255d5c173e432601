"""What a circuit needs on a real quantum computer: gates, time, shots, success, money."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import CircuitInstruction
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import CouplingMap

from labkit.errors import ArgumentError, ResourceError
from labkit.quantum.hardware import QuantumHardware

__all__ = ["Resources", "resources", "shots_for_precision"]


@dataclass(frozen=True)
class Resources:
    """The needs of one circuit on one quantum computer.

    Attributes:
        hardware: the computer's name.
        qubits: how many qubits the circuit uses, helpers included.
        depth: layers after transpiling.
        one_qubit_gates: how many that take time (rz is free: a change of frame).
        two_qubit_gates: how many.
        circuit_s: one run through gates and readout, the layers as slow as their slowest gate.
        error_free_probability: the chance that no gate and no readout errs.
        shots: how often the circuit runs.
        run_s: all shots, with the pauses between them.
        price_usd: what the job costs.
    """

    hardware: str
    qubits: int
    depth: int
    one_qubit_gates: int
    two_qubit_gates: int
    circuit_s: float
    error_free_probability: float
    shots: int
    run_s: float
    price_usd: float


def resources(
    circuit: QuantumCircuit,
    target: QuantumHardware,
    *,
    shots: int = 1000,
    optimization_level: int = 1,
    seed: int = 0,
) -> Resources:
    """Transpile to the target's gates and couplings, then count, time and price the job.

    The duration is that of the critical path with one time per kind of gate; errors are
    taken as independent. Both are estimates from median calibrations, not a schedule.

    Args:
        circuit: with or without final measurements; without, all qubits are read out.
        target: from `quantum_hardware`.
        shots: how often to run; see `shots_for_precision`.
        optimization_level: 0 to 3, Qiskit's transpiler effort.
        seed: of the transpiler, whose placement and routing are randomised.

    Raises:
        ResourceError: if the circuit is wider than the computer.
        ArgumentError: if shots is not positive.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from labkit.quantum.hardware import quantum_hardware
        >>> bell = QuantumCircuit(2)
        >>> _ = bell.h(0), bell.cx(0, 1)
        >>> resources(bell, quantum_hardware("ibm_fez")).two_qubit_gates
        1
    """
    if shots < 1:
        raise ArgumentError("shots", required="at least 1", got=shots)
    if circuit.num_qubits > target.num_qubits:
        raise ResourceError(
            f"the circuit has {circuit.num_qubits} qubits, {target.name} {target.num_qubits}."
        )
    native = _native(circuit, target, optimization_level, seed)
    operations = [instruction for instruction in native.data if instruction.name != "barrier"]
    ones = sum(_gate_qubits(item) == 1 for item in operations)
    twos = sum(_gate_qubits(item) == 2 for item in operations)
    read = sum(item.name == "measure" for item in operations)
    circuit_s = _critical_path_s(native, target)
    run_s = shots * (circuit_s + target.shot_delay_s)
    return Resources(
        hardware=target.name,
        qubits=len({qubit for item in operations for qubit in item.qubits}),
        depth=native.depth(),
        one_qubit_gates=ones,
        two_qubit_gates=twos,
        circuit_s=circuit_s,
        error_free_probability=(1 - target.one_qubit_error) ** ones
        * (1 - target.two_qubit_error) ** twos
        * (1 - target.readout_error) ** read,
        shots=shots,
        run_s=run_s,
        price_usd=target.price_usd(
            run_s=run_s, one_qubit_gates=ones, two_qubit_gates=twos, shots=shots
        ),
    )


def shots_for_precision(observable: SparsePauliOp, precision: float) -> int:
    """Shots, summed over all terms, for a standard error of at most ``precision``.

    Each Pauli term c P is measured on its own with variance at most c², and the shots are
    shared in proportion to |c|, which gives (Σ|c| / precision)² in the worst state.
    The identity needs none.

    Raises:
        ArgumentError: if precision is not positive.

    Source:
        Wecker, Hastings and Troyer, Phys. Rev. A 92, 042303 (2015).

    Example:
        >>> shots_for_precision(SparsePauliOp(["ZZ", "XI", "II"], [1.0, 0.5, 7.0]), 0.01)
        22500
    """
    if not precision > 0:
        raise ArgumentError("precision", required="positive", got=precision)
    terms = zip(observable.paulis, observable.coeffs, strict=True)
    weight = sum(abs(coefficient) for pauli, coefficient in terms if any(pauli.x | pauli.z))
    return math.ceil(round((weight / precision) ** 2, 6))  # no shot more for a rounding error


def _native(
    circuit: QuantumCircuit, target: QuantumHardware, level: int, seed: int
) -> QuantumCircuit:
    measured = circuit.copy()
    if "measure" not in circuit.count_ops():
        measured.measure_all()
    coupling = (
        CouplingMap([*target.edges, *(edge[::-1] for edge in target.edges)])
        if (target.edges)
        else None
    )
    return transpile(
        measured,
        basis_gates=list(target.basis_gates),
        coupling_map=coupling,
        optimization_level=level,
        seed_transpiler=seed,
    )


def _gate_qubits(instruction: CircuitInstruction) -> int:
    """1 or 2 for a gate that takes time, 0 for rz, which is only a change of frame."""
    if instruction.name in ("measure", "rz", "id", "barrier"):
        return 0
    return len(instruction.qubits)


def _critical_path_s(circuit: QuantumCircuit, target: QuantumHardware) -> float:
    """The time at which the last qubit is done."""
    durations = (0.0, target.one_qubit_s, target.two_qubit_s)
    ready = dict.fromkeys(circuit.qubits, 0.0)
    for item in circuit.data:
        span = target.readout_s if item.name == "measure" else durations[_gate_qubits(item)]
        end = max(ready[qubit] for qubit in item.qubits) + span
        ready.update(dict.fromkeys(item.qubits, end))
    return max(ready.values())
