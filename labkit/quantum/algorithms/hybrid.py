"""A hybrid network: a circuit as one layer of a flax model, between two dense ones."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.flatten_util import ravel_pytree
from qiskit.quantum_info import SparsePauliOp

from labkit.quantum.algorithms.classifier import Logits, reuploading_circuit
from labkit.quantum.layer import QuantumLayer
from labkit.types import Float

__all__ = ["HybridNetwork", "hybrid_logits"]


class HybridNetwork(nnx.Module):
    """Dense, circuit, dense: features → angles, ⟨Z⟩ of every qubit → logit; all trained at once.

    Args:
        num_features: of an example.
        num_qubits: of the circuit between the dense layers.
        layers: of the re-uploading circuit.
        rngs: the stream ``params`` draws all weights.

    Source:
        Mari et al., Quantum 4, 340 (2020), the dressed quantum circuit.

    Example:
        >>> network = HybridNetwork(4, 2, 1, rngs=nnx.Rngs(0))
        >>> network(jnp.zeros((5, 4))).shape
        (5,)
    """

    def __init__(self, num_features: int, num_qubits: int, layers: int, *, rngs: nnx.Rngs) -> None:
        circuit, inputs, _ = reuploading_circuit(num_qubits, layers)
        signals = [
            SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0)], num_qubits)
            for qubit in range(num_qubits)
        ]
        self.encode = nnx.Linear(num_features, num_qubits, rngs=rngs)
        self.circuit = QuantumLayer(circuit, signals, input_params=inputs, rngs=rngs)
        self.decide = nnx.Linear(num_qubits, 1, rngs=rngs)

    def __call__(self, x: Float[Array, "... f"]) -> Float[Array, "..."]:
        """One logit for each row."""
        angles = jnp.tanh(self.encode(x)) * (jnp.pi / 2)
        return self.decide(self.circuit(angles))[..., 0]


def hybrid_logits(num_features: int, num_qubits: int, layers: int) -> tuple[Logits, int]:
    """The hybrid network as a function of a flat vector of its parameters, and their number.

    So it is trained like every other model here (`train_classifier`), many at a time.

    Example:
        >>> hybrid_logits(4, 2, 1)[1]  # 4 · 2 + 2, 2 · 2, 2 + 1
        17
    """
    network = HybridNetwork(num_features, num_qubits, layers, rngs=nnx.Rngs(0))
    structure, state = nnx.split(network)
    flat, unravel = ravel_pytree(state)

    def logits(parameters: jax.Array, inputs: jax.Array) -> jax.Array:
        return nnx.merge(structure, unravel(parameters))(inputs)

    return logits, flat.size
