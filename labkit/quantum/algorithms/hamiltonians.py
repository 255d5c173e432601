"""Hamiltonians that variational algorithms are tried on."""

from __future__ import annotations

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from labkit.errors import ArgumentError

__all__ = ["H2_NUCLEAR_REPULSION_HA", "ground_energy", "h2", "tfim"]

#: 1 / (0.735 Å in Bohr): what two protons add to the electrons' energy, in hartree.
H2_NUCLEAR_REPULSION_HA = 0.7199689944489797


def h2() -> SparsePauliOp:
    """The electrons of H₂ in the minimal basis STO-3G, on two qubits, in hartree.

    The distance is 0.735 Å. Orbitals are mapped by parity, and two qubits that symmetry fixes
    are removed. The nuclei's repulsion is not included.

    Source:
        Coefficients: qiskit-algorithms, test/minimum_eigensolvers/test_vqe.py at
        804ce0e6703b3cc066b32a7516fb94ac30d1040f (Apache-2.0); their lowest eigenvalue agrees
        with the Gaussian integrals of Szabo and Ostlund, Modern Quantum Chemistry (1989),
        appendix A, which the tests evaluate. Mapping: Bravyi et al., arXiv:1701.08213.

    Example:
        >>> print(f"{ground_energy(h2()) + H2_NUCLEAR_REPULSION_HA:.4f} Ha")
        -1.1373 Ha
    """
    return SparsePauliOp.from_list(
        [
            ("II", -1.052373245772859),
            ("IZ", 0.39793742484318045),
            ("ZI", -0.39793742484318045),
            ("ZZ", -0.01128010425623538),
            ("XX", 0.18093119978423156),
        ]
    )


def tfim(
    num_qubits: int, *, field: float = 1.0, coupling: float = 1.0, periodic: bool = True
) -> SparsePauliOp:
    """The transverse-field Ising model −J Σ Z_i Z_{i+1} − h Σ X_i; critical at h = J.

    Args:
        num_qubits: sites, at least 2 (3 on a ring).
        field: h.
        coupling: J.
        periodic: close the chain to a ring.

    Raises:
        ArgumentError: for too few sites.

    Source:
        Pfeuty, Ann. Phys. 57, 79 (1970).

    Example:
        >>> len(tfim(4)), len(tfim(4, periodic=False))
        (8, 7)
    """
    least = 3 if periodic else 2
    if num_qubits < least:
        raise ArgumentError("num_qubits", required=f"at least {least}", got=num_qubits)
    bonds = num_qubits if periodic else num_qubits - 1
    terms = [("ZZ", [i, (i + 1) % num_qubits], -coupling) for i in range(bonds)]
    terms += [("X", [i], -field) for i in range(num_qubits)]
    return SparsePauliOp.from_sparse_list(terms, num_qubits)


def ground_energy(hamiltonian: SparsePauliOp) -> float:
    """The lowest eigenvalue, by dense diagonalisation: the truth for up to about 12 qubits.

    Example:
        >>> round(ground_energy(tfim(2, field=0.0, periodic=False)), 6)
        -1.0
    """
    return float(np.linalg.eigvalsh(hamiltonian.to_matrix())[0])
