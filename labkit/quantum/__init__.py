"""The quantum room: Qiskit circuits as differentiable JAX functions; algorithms, noise, prices."""

from __future__ import annotations

from . import algorithms
from .bloch import bloch_vectors
from .executor import JaxCircuit, to_jax
from .fidelity import JaxFidelityKernel
from .files import load_qasm
from .gradients import JaxEstimatorGradient
from .hardware import QuantumHardware, hardware_names, quantum_hardware, read_hardware
from .layer import QuantumLayer
from .mitigation import (
    Extrapolation,
    expectation_from_counts,
    fold,
    mitigate_readout,
    readout_matrix,
    zero_noise_extrapolation,
)
from .noise import Noise, density_matrix, noisy_counts, trajectories
from .outcomes import outcome_probabilities
from .primitives import JaxEstimator, JaxSampler
from .resources import Resources, resources, shots_for_precision
from .ruler import (
    Cost,
    Crossover,
    crossover,
    execution_cost,
    search_crossover,
    simulation_cost,
)

__all__ = [
    "Cost",
    "Crossover",
    "Extrapolation",
    "JaxCircuit",
    "JaxEstimator",
    "JaxEstimatorGradient",
    "JaxFidelityKernel",
    "JaxSampler",
    "Noise",
    "QuantumHardware",
    "QuantumLayer",
    "Resources",
    "algorithms",
    "bloch_vectors",
    "crossover",
    "density_matrix",
    "execution_cost",
    "expectation_from_counts",
    "fold",
    "hardware_names",
    "load_qasm",
    "mitigate_readout",
    "noisy_counts",
    "outcome_probabilities",
    "quantum_hardware",
    "read_hardware",
    "readout_matrix",
    "resources",
    "search_crossover",
    "shots_for_precision",
    "simulation_cost",
    "to_jax",
    "trajectories",
    "zero_noise_extrapolation",
]
