"""The vocabulary that gates are lowered in: each method appends elementary operations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np

from .affine import Angle
from .operations import Dense, Diagonal, Operation, Permute, Phase, Rotate

__all__ = ["Emitter"]

_LARGEST_WALSH = 4  # bits of an "all ones" phase that is expanded into parities
_LARGEST_TABLE = 12  # qubits of a circuit whose permutations may be tables of all places


class Emitter:
    """Collects operations; its methods are the vocabulary that the rules are written in."""

    def __init__(self, num_qubits: int) -> None:
        self.operations: list[Operation] = []
        self.may_tabulate = num_qubits <= _LARGEST_TABLE

    def permute(self, qubits: Sequence[int], image: Iterable[int]) -> None:
        """Local basis state i of ``qubits`` becomes ``image[i]``."""
        self.operations.append(Permute(tuple(qubits), tuple(int(i) for i in image)))

    def rotate(self, qubit: int, angle: Angle | float) -> None:
        """RY(angle)."""
        angle = Angle() + angle
        if angle != Angle():
            self.operations.append(Rotate(qubit, angle))

    def parity(self, qubits: Sequence[int], angle: Angle) -> None:
        """exp(1j * angle * Z...Z); with no qubit, a global phase."""
        if angle != Angle():
            self.operations.append(Phase(((_mask(qubits), angle),)))

    def all_ones(self, qubits: Sequence[int], angle: Angle) -> None:
        """exp(1j * angle) where all of ``qubits`` are one: P, CP, CCP, ..."""
        if len(qubits) > _LARGEST_WALSH:
            self.diagonal(qubits, np.eye(1, 1 << len(qubits), (1 << len(qubits)) - 1)[0], angle)
            return
        share = angle * (0.5 ** len(qubits))
        subsets = itertools.chain.from_iterable(
            itertools.combinations(qubits, size) for size in range(len(qubits) + 1)
        )
        terms = tuple((_mask(some), share * (-1.0) ** len(some)) for some in subsets)
        self.operations.append(Phase(terms))

    def diagonal(self, qubits: Sequence[int], values: np.ndarray, angle: Angle) -> None:
        """exp(1j * angle * values[i]) on local basis state i."""
        self.operations.append(Diagonal(tuple(qubits), np.asarray(values, float), angle))

    def dense(self, qubits: Sequence[int], matrix: np.ndarray) -> None:
        """A constant matrix; on one qubit it becomes U(t, f, l) and a global phase."""
        if len(qubits) == 1:
            self.euler(qubits[0], *_euler_angles(matrix))
        else:
            self.operations.append(Dense(tuple(qubits), np.asarray(matrix, complex)))

    def euler(self, qubit: int, theta: float, phi: float, lam: float, phase: float) -> None:
        """exp(1j * phase) U(theta, phi, lam) with constant angles."""
        self.all_ones([qubit], Angle(lam))
        self.rotate(qubit, theta)
        self.all_ones([qubit], Angle(phi))
        self.parity((), Angle(phase))

    def controlled_x(self, controls: Sequence[int], target: int) -> None:
        """X on the target where all controls are one."""
        qubits = (*controls, target)
        if len(controls) > 1 and not self.may_tabulate:
            self.rotate(target, -math.pi / 2)
            self.all_ones(qubits, Angle(math.pi))
            self.rotate(target, math.pi / 2)
            return
        image = np.arange(1 << len(qubits))
        ones = (1 << len(controls)) - 1
        image[(image & ones) == ones] ^= 1 << len(controls)
        self.permute(qubits, image.tolist())

    def pauli_rotation(self, qubits: Sequence[int], label: str, angle: Angle) -> None:
        """exp(1j * angle * P) for the Pauli string P; ``label[k]`` acts on ``qubits[k]``."""
        active = [(q, letter) for q, letter in zip(qubits, label, strict=True) if letter != "I"]
        for qubit, letter in active:
            if letter == "Y":
                self.all_ones([qubit], Angle(-math.pi / 2))
            if letter != "Z":
                self.rotate(qubit, -math.pi / 2)
        self.parity([qubit for qubit, _ in active], angle)
        for qubit, letter in active:
            if letter != "Z":
                self.rotate(qubit, math.pi / 2)
            if letter == "Y":
                self.all_ones([qubit], Angle(math.pi / 2))


def _mask(qubits: Sequence[int]) -> int:
    return sum(1 << qubit for qubit in qubits)


def _euler_angles(matrix: np.ndarray) -> tuple[float, float, float, float]:
    """(theta, phi, lam, phase) with ``matrix = exp(1j phase) P(phi) RY(theta) P(lam)``."""
    (a, b), (c, d) = np.asarray(matrix, complex)
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) >= abs(c):
        phase = float(np.angle(a))
        total = float(np.angle(d)) - phase  # phi + lam
        phi = float(np.angle(c)) - phase if abs(c) > 0 else 0.0
        return theta, phi, total - phi, phase
    # exp(1j (phase + phi)) sin and -exp(1j (phase + lam)) sin: a may be zero.
    phase = float(np.angle(a)) if abs(a) > 0 else 0.0
    return theta, float(np.angle(c)) - phase, float(np.angle(-b)) - phase, phase
