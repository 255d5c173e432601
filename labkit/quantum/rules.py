"""How Qiskit's gates are written in permutations, phases and real rotations.

Each rule receives an `Emitter`, the qubits and the gate's angles, and appends operations.
The identities used everywhere: ``RY(pi/2) Z RY(-pi/2) = X`` and ``S X S^-1 = Y``, so that any
function of X or Y is a phase between two rotations, and ``U(t, f, l) = P(f) RY(t) P(l)``.
A gate without a rule is lowered through its definition (see `lowering`).

Source: Nielsen and Chuang, Quantum Computation and Quantum Information, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from qiskit.circuit import library

from .affine import Angle
from .emitter import Emitter

__all__ = ["RULES"]

_PI = math.pi


Rule = Callable[[Emitter, Sequence[int], Sequence[Angle]], None]


def _phase(angle: float) -> Rule:
    return lambda out, qubits, _: out.all_ones(qubits, Angle(angle))


def _in_x_basis(rule: Rule) -> Rule:
    """The rule's gate, with the last qubit's Z turned into X."""

    def turned(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
        out.rotate(qubits[-1], -_PI / 2)
        rule(out, qubits, angles)
        out.rotate(qubits[-1], _PI / 2)

    return turned


def _in_y_basis(rule: Rule) -> Rule:
    """The rule's gate, with the last qubit's X turned into Y."""

    def turned(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
        out.all_ones([qubits[-1]], Angle(-_PI / 2))
        rule(out, qubits, angles)
        out.all_ones([qubits[-1]], Angle(_PI / 2))

    return turned


def _cx(out: Emitter, qubits: Sequence[int], _: Sequence[Angle]) -> None:
    out.controlled_x(qubits[:-1], qubits[-1])


def _p(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    out.all_ones(qubits, angles[0])


def _crz(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    quarter = angles[0] * 0.25
    out.parity(qubits, quarter)
    out.parity(qubits[-1:], -quarter)


def _pauli(label: str) -> Rule:
    return lambda out, qubits, angles: out.pauli_rotation(qubits, label, angles[0] * -0.5)


def _rx(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    """RX = S^-1 RY S: one rotation, where two would turn Z into X and back."""
    out.all_ones(qubits, Angle(_PI / 2))
    out.rotate(qubits[0], angles[0])
    out.all_ones(qubits, Angle(-_PI / 2))


def _u(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    theta, phi, lam = angles
    out.all_ones(qubits, lam)
    out.rotate(qubits[0], theta)
    out.all_ones(qubits, phi)


def _u2(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    _u(out, qubits, [Angle(_PI / 2), *angles])


def _cu(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    theta, phi, lam = angles[:3]
    out.all_ones(qubits, lam)
    _cry(out, qubits, [theta])
    out.all_ones(qubits, phi)
    if len(angles) == 4:
        out.all_ones(qubits[:1], angles[3])


def _r(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    theta, phi = angles
    out.all_ones(qubits, -phi)
    _rx(out, qubits, [theta])
    out.all_ones(qubits, phi)


def _ch(out: Emitter, qubits: Sequence[int], _: Sequence[Angle]) -> None:
    out.rotate(qubits[-1], -_PI / 4)
    out.all_ones(qubits, Angle(_PI))
    out.rotate(qubits[-1], _PI / 4)


def _root_of_x(sign: float) -> Rule:
    def rule(out: Emitter, qubits: Sequence[int], _: Sequence[Angle]) -> None:
        _rx(out, qubits, [Angle(sign * _PI / 2)])
        out.parity((), Angle(sign * _PI / 4))

    return rule


def _h(out: Emitter, qubits: Sequence[int], _: Sequence[Angle]) -> None:
    out.all_ones(qubits, Angle(_PI))
    out.rotate(qubits[0], _PI / 2)


def _iswap(out: Emitter, qubits: Sequence[int], _: Sequence[Angle]) -> None:
    out.permute(qubits, (0, 2, 1, 3))
    out.parity((), Angle(_PI / 4))
    out.parity(qubits, Angle(-_PI / 4))


def _cswap(out: Emitter, qubits: Sequence[int], _: Sequence[Angle]) -> None:
    control, left, right = qubits
    out.controlled_x([right], left)
    out.controlled_x([control, left], right)
    out.controlled_x([right], left)


def _table(image: Sequence[int]) -> Rule:
    return lambda out, qubits, _: out.permute(qubits, image)


def _nothing(out: Emitter, qubits: Sequence[int], angles: Sequence[Angle]) -> None:
    """The identity."""


def _global_phase(out: Emitter, _: Sequence[int], angles: Sequence[Angle]) -> None:
    out.parity((), angles[0])


_crx = _in_x_basis(_crz)
_cry = _in_y_basis(_crx)
_z, _s, _sdg = _phase(_PI), _phase(_PI / 2), _phase(-_PI / 2)
_csx = _in_x_basis(_s)

#: Rules by Qiskit class. A controlled gate is ruled for controls that are all one.
RULES: dict[type[Any], Rule] = {
    library.IGate: _nothing,
    library.GlobalPhaseGate: _global_phase,
    library.XGate: _cx, library.CXGate: _cx, library.CCXGate: _cx,
    library.C3XGate: _cx, library.C4XGate: _cx, library.MCXGate: _cx,
    library.YGate: _in_y_basis(_cx), library.CYGate: _in_y_basis(_cx),
    library.ZGate: _z, library.CZGate: _z, library.CCZGate: _z,
    library.SGate: _s, library.CSGate: _s,
    library.SdgGate: _sdg, library.CSdgGate: _sdg,
    library.TGate: _phase(_PI / 4), library.TdgGate: _phase(-_PI / 4),
    library.HGate: _h, library.CHGate: _ch,
    library.SXGate: _root_of_x(1.0), library.SXdgGate: _root_of_x(-1.0),
    library.CSXGate: _csx, library.C3SXGate: _csx,
    library.PhaseGate: _p, library.CPhaseGate: _p, library.MCPhaseGate: _p,
    library.U1Gate: _p, library.CU1Gate: _p, library.MCU1Gate: _p,
    library.U2Gate: _u2, library.U3Gate: _u, library.UGate: _u, library.RGate: _r,
    library.CUGate: _cu, library.CU3Gate: _cu,
    library.RXGate: _rx, library.RYGate: lambda out, q, a: out.rotate(q[0], a[0]),
    library.RZGate: _pauli("Z"),
    library.CRXGate: _crx, library.CRYGate: _cry, library.CRZGate: _crz,
    library.RXXGate: _pauli("XX"), library.RYYGate: _pauli("YY"), library.RZZGate: _pauli("ZZ"),
    library.RZXGate: _pauli("ZX"),
    library.SwapGate: _table((0, 2, 1, 3)),
    library.CSwapGate: _cswap,
    library.iSwapGate: _iswap,
    library.DCXGate: _table((0, 2, 3, 1)),
}  # fmt: skip
