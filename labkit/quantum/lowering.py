"""From a Qiskit circuit to a list of elementary operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    Barrier,
    BoxOp,
    ControlFlowOp,
    ControlledGate,
    Delay,
    Measure,
    Parameter,
    Reset,
    Store,
    library,
)
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford, Operator, Statevector

from labkit.errors import CircuitError

from .angles import AngleTable
from .annotated import plain_gate
from .emitter import Emitter
from .evolution import lower_evolution, lower_hamiltonian
from .operations import Operation, Permute
from .rules import RULES

__all__ = ["Lowered", "lower"]

_LARGEST_MATRIX = 12  # qubits of a gate that is known only by its matrix


@dataclass(frozen=True)
class Lowered:
    """A circuit as elementary operations.

    Attributes:
        num_qubits: qubits of the circuit.
        operations: in the order in which they act.
        angles: the slots that the operations' angles refer to.
        starts: pairs (qubits, amplitudes) of qubits that do not begin in zero.
        measured: for each classical bit that is written at the end, (clbit, qubit).
    """

    num_qubits: int
    operations: tuple[Operation, ...]
    angles: AngleTable
    starts: tuple[tuple[tuple[int, ...], np.ndarray], ...]
    measured: tuple[tuple[int, int], ...]


def lower(circuit: QuantumCircuit, parameters: Sequence[Parameter]) -> Lowered:
    """Lower a circuit; final measurements are noted and set aside.

    Args:
        circuit: the circuit.
        parameters: its parameters, in the order in which their values will come.

    Raises:
        CircuitError: the circuit holds something that is not a fixed unitary: a measurement
            that is not final, a reset, control flow, an instruction without a definition.
    """
    walker = _Walker(AngleTable(parameters), circuit.num_qubits)
    walker.circuit(circuit, range(circuit.num_qubits), range(circuit.num_clbits))
    return Lowered(
        circuit.num_qubits,
        tuple(walker.out.operations),
        walker.angles,
        tuple(walker.starts),
        tuple(sorted(walker.measured.items())),
    )


class _Walker:
    """Walks a circuit and its definitions, appending operations."""

    def __init__(self, angles: AngleTable, num_qubits: int) -> None:
        self.angles = angles
        self.out = Emitter(num_qubits)
        self.starts: list[tuple[tuple[int, ...], np.ndarray]] = []
        self.touched: set[int] = set()
        self.measured: dict[int, int] = {}
        self.read: set[int] = set()

    def circuit(self, body: QuantumCircuit, qubits: Sequence[int], clbits: Sequence[int]) -> None:
        self.out.parity((), self.angles.angle(body.global_phase))
        for item in body.data:
            here = [qubits[body.find_bit(bit).index] for bit in item.qubits]
            bits = [clbits[body.find_bit(bit).index] for bit in item.clbits]
            self.instruction(item.operation, here, bits)

    def instruction(self, operation: Any, qubits: Sequence[int], clbits: Sequence[int]) -> None:
        if isinstance(operation, Barrier | Delay) or operation.name.startswith("save_"):
            return
        if isinstance(operation, Measure):
            self.measured[clbits[0]] = qubits[0]
            self.read.add(qubits[0])
            return
        if isinstance(operation, BoxOp):  # entered always, and once: no control flow
            self.circuit(operation.body, qubits, clbits)
            return
        if isinstance(operation, ControlFlowOp | Store):
            raise _dynamic(operation.name, "control flow")
        if isinstance(operation, Reset):
            self._fresh(operation.name, qubits, "a reset of a qubit already in use")
            return
        self._not_measured(operation, qubits)
        if isinstance(operation, library.Initialize):
            self._fresh(operation.name, qubits, "an initialisation of a qubit already in use")
            self.starts.append((tuple(qubits), _initial_amplitudes(operation)))
        else:
            self._unitary(operation, qubits, clbits)
        self.touched.update(qubits)

    def _not_measured(self, operation: Any, qubits: Sequence[int]) -> None:
        for qubit in self.read.intersection(qubits):
            raise _dynamic("measure", f"on qubit {qubit}, which {operation.name!r} uses afterwards")

    def _fresh(self, name: str, qubits: Sequence[int], what: str) -> None:
        if (self.touched | self.read).intersection(qubits):
            raise _dynamic(name, what)

    def _unitary(self, operation: Any, qubits: Sequence[int], clbits: Sequence[int]) -> None:
        if isinstance(operation, AnnotatedOperation):
            self.instruction(plain_gate(operation), qubits, clbits)
        elif self._by_rule(operation, qubits) or self._by_class(operation, qubits):
            pass
        elif (definition := _definition(operation)) is not None:
            self.circuit(definition, qubits, clbits)
        else:
            self.out.dense(qubits, _matrix(operation))

    def _by_rule(self, operation: Any, qubits: Sequence[int]) -> bool:
        rule = RULES.get(getattr(operation, "base_class", type(operation)))
        if rule is None:
            return False
        angles = [self.angles.angle(value) for value in operation.params]
        zeros = _zero_controls(operation, qubits)
        for qubit in zeros:
            self.out.permute([qubit], (1, 0))
        rule(self.out, qubits, angles)
        for qubit in zeros:
            self.out.permute([qubit], (1, 0))
        return True

    def _by_class(self, operation: Any, qubits: Sequence[int]) -> bool:
        """Gates that carry an array, or whose matrix is not that of their definition."""
        if isinstance(operation, library.UnitaryGate):
            self.out.dense(qubits, operation.to_matrix())
        elif isinstance(operation, library.PermutationGate):
            _relabel(self.out, qubits, operation.params[0])
        elif isinstance(operation, library.DiagonalGate):
            self.out.diagonal(qubits, np.angle(operation.params), self.angles.angle(1.0))
        elif isinstance(operation, library.PauliEvolutionGate):
            lower_evolution(self.out, operation, qubits, self.angles.angle(operation.params[0]))
        elif isinstance(operation, library.HamiltonianGate):
            lower_hamiltonian(self.out, operation, qubits, self.angles.angle(operation.params[1]))
        else:
            return False
        return True


def _zero_controls(operation: Any, qubits: Sequence[int]) -> list[int]:
    if not isinstance(operation, ControlledGate):
        return []
    return [
        qubits[k] for k in range(operation.num_ctrl_qubits) if not operation.ctrl_state >> k & 1
    ]


def _definition(operation: Any) -> QuantumCircuit | None:
    """The circuit that an operation stands for, where it has one."""
    if isinstance(operation, Clifford):
        return operation.to_circuit()
    try:
        return getattr(operation, "definition", None)
    except (QiskitError, TypeError, ValueError) as error:
        raise CircuitError(
            f"Instruction {operation.name!r} cannot run as a JAX function: {error}. Bind its "
            "parameters first, or write it in gates whose parameters may stay free."
        ) from error


def _relabel(out: Emitter, qubits: Sequence[int], pattern: Iterable[Any]) -> None:
    """Qubit ``pattern[k]`` moves to place ``k``, as a product of swaps."""
    held = list(range(len(qubits)))
    for place, wanted in enumerate(pattern):
        at = held.index(int(wanted))
        if at != place:
            out.operations.append(Permute((qubits[place], qubits[at]), (0, 2, 1, 3)))
            held[place], held[at] = held[at], held[place]


def _initial_amplitudes(operation: library.Initialize) -> np.ndarray:
    values = operation.params
    if all(isinstance(value, str) for value in values):
        return Statevector.from_label("".join(values)).data
    if len(values) == 1:
        return np.eye(1, 1 << operation.num_qubits, int(np.real(values[0])), dtype=complex)[0]
    return np.asarray(values, complex)


def _matrix(operation: Any) -> np.ndarray:
    """The constant matrix of a gate that has no definition."""
    if getattr(operation, "num_qubits", 0) <= _LARGEST_MATRIX:
        try:
            return Operator(operation).data
        except (QiskitError, TypeError, ValueError, AttributeError):
            pass
    raise CircuitError(
        f"Instruction {operation.name!r} cannot run as a JAX function: it has neither a "
        "definition nor a constant matrix. Give it one, or run the circuit on "
        "qiskit_aer.AerSimulator if Aer knows it."
    )


def _dynamic(name: str, why: str) -> CircuitError:
    return CircuitError(
        f"Instruction {name!r} cannot run as a JAX function: {why}. A statevector function holds "
        "fixed unitaries and final measurements only; run this circuit on "
        "qiskit_aer.AerSimulator, which handles it."
    )
