"""Planted answers for labkit/teach/exercises/circuits.py."""

from __future__ import annotations

import math

from qiskit import QuantumCircuit


def _chain(size: int = 4, *, hadamards: int = 1, links: int = 3) -> QuantumCircuit:
    circuit = QuantumCircuit(size)
    circuit.h(range(hadamards))
    for qubit in range(links):
        circuit.cx(qubit, qubit + 1)
    return circuit


def _star() -> QuantumCircuit:
    circuit = QuantumCircuit(4, 4)
    circuit.ry(math.pi / 2, 2)
    circuit.cx([2, 2, 2], [0, 1, 3])
    circuit.measure(range(4), range(4))
    return circuit


WRONG = {
    "circuits.probability": ["", 0.25, 0.866, 0.567, 120, [0.75], 0.5],
    "circuits.ghz": [
        "",
        "0000 and 1111",
        QuantumCircuit(4),
        _chain(3, links=2),
        _chain(links=2),
        _chain(hadamards=4, links=0),
        _chain(hadamards=2),
    ],
    "circuits.grover_steps": ["", 804, 201, 2**18, 512, 20, True],
    "circuits.survival": [
        "",
        173,
        lambda error: 1 / error,
        lambda error: 0.5 / error,
        lambda error: math.log(2) / error,
        lambda error: round(math.log(0.5) / math.log(1 - error), -2),
        lambda error: -math.log(0.5) / math.log(1 - error),
    ],
}

RIGHT = {
    "circuits.probability": [0.75, math.sin(math.pi / 3) ** 2],
    "circuits.ghz": [_chain(), _star(), _chain],
    "circuits.grover_steps": [402, math.pi / 4 * 512, 401],
    "circuits.survival": [
        lambda error: math.log(0.5) / math.log(1 - error),
        lambda error: -1 / math.log2(1 - error),
    ],
}
