"""Quantum algorithms, one per file, each with its textbook reference.

The circuits are Qiskit's, so they draw, transpile and run like any other; what can be
trained (VQE, QAOA, classifiers, kernels) runs on the room's JAX executor.
"""

from labkit.quantum.algorithms.amplitude_estimation import (
    amplitude_error_bound,
    amplitude_estimation,
    amplitude_from_outcome,
)
from labkit.quantum.algorithms.ansatz import (
    hardware_efficient,
    product_ansatz,
    tfim_variational,
)
from labkit.quantum.algorithms.barren import GradientDecay, gradient_decay
from labkit.quantum.algorithms.bell import bell
from labkit.quantum.algorithms.bernstein_vazirani import bernstein_vazirani
from labkit.quantum.algorithms.classifier import (
    Classifier,
    dense_logits,
    reuploading_circuit,
    train_classifier,
    variational_logits,
)
from labkit.quantum.algorithms.descent import Descent, descend
from labkit.quantum.algorithms.deutsch_jozsa import (
    balanced_oracle,
    constant_oracle,
    deutsch_jozsa,
)
from labkit.quantum.algorithms.ghz import ghz
from labkit.quantum.algorithms.grover import (
    diffuser,
    grover,
    optimal_iterations,
    phase_oracle,
    success_probability,
)
from labkit.quantum.algorithms.hamiltonians import (
    H2_NUCLEAR_REPULSION_HA,
    ground_energy,
    h2,
    tfim,
)
from labkit.quantum.algorithms.hhl import HHLSolution, hhl, solve_hhl
from labkit.quantum.algorithms.hybrid import HybridNetwork, hybrid_logits
from labkit.quantum.algorithms.ising import IsingProblem, anneal, maxcut, portfolio, random_graph
from labkit.quantum.algorithms.kernels import fidelity_kernel, kernel_svm_accuracy, zz_feature_map
from labkit.quantum.algorithms.phase_estimation import phase_distribution, phase_estimation
from labkit.quantum.algorithms.qaoa import QAOAResult, qaoa, qaoa_circuit
from labkit.quantum.algorithms.qft import qft
from labkit.quantum.algorithms.shor import factors_from_order, order_finding, order_from_outcome
from labkit.quantum.algorithms.simon import simon, simon_oracle, solve_simon
from labkit.quantum.algorithms.superdense import superdense
from labkit.quantum.algorithms.teleportation import teleportation
from labkit.quantum.algorithms.vqe import VQEResult, vqe

__all__ = [
    "H2_NUCLEAR_REPULSION_HA",
    "Classifier",
    "Descent",
    "GradientDecay",
    "HHLSolution",
    "HybridNetwork",
    "IsingProblem",
    "QAOAResult",
    "VQEResult",
    "amplitude_error_bound",
    "amplitude_estimation",
    "amplitude_from_outcome",
    "anneal",
    "balanced_oracle",
    "bell",
    "bernstein_vazirani",
    "constant_oracle",
    "dense_logits",
    "descend",
    "deutsch_jozsa",
    "diffuser",
    "factors_from_order",
    "fidelity_kernel",
    "ghz",
    "gradient_decay",
    "ground_energy",
    "grover",
    "h2",
    "hardware_efficient",
    "hhl",
    "hybrid_logits",
    "kernel_svm_accuracy",
    "maxcut",
    "optimal_iterations",
    "order_finding",
    "order_from_outcome",
    "phase_distribution",
    "phase_estimation",
    "phase_oracle",
    "portfolio",
    "product_ansatz",
    "qaoa",
    "qaoa_circuit",
    "qft",
    "random_graph",
    "reuploading_circuit",
    "simon",
    "simon_oracle",
    "solve_hhl",
    "solve_simon",
    "success_probability",
    "superdense",
    "teleportation",
    "tfim",
    "tfim_variational",
    "train_classifier",
    "variational_logits",
    "vqe",
    "zz_feature_map",
]
