"""Qiskit's primitives on the JAX executor: whatever runs on V2 primitives runs on these."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import jax
import numpy as np
from qiskit.primitives import (
    BaseEstimatorV2,
    BaseSamplerV2,
    BitArray,
    DataBin,
    PrimitiveJob,
    PrimitiveResult,
    PubResult,
    SamplerPubResult,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import SparsePauliOp

from .cache import CircuitCache

__all__ = ["JaxEstimator", "JaxSampler"]


class JaxEstimator(BaseEstimatorV2):
    """Exact expectation values; with a precision, normal noise of that width is added.

    Args:
        default_precision: standard error of the estimates; 0 for exact values.
        dtype: "complex64" or "complex128", as for `to_jax`.
        seed: seed of the noise.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> bell = QuantumCircuit(2)
        >>> bell.h(0), bell.cx(0, 1)
        (...)
        >>> result = JaxEstimator().run([(bell, ["ZZ", "ZI"])]).result()
        >>> [round(float(value), 3) for value in result[0].data.evs]
        [1.0, 0.0]
    """

    def __init__(
        self, *, default_precision: float = 0.0, dtype: str = "complex64", seed: int | None = None
    ) -> None:
        self.default_precision = default_precision
        self._noise = np.random.default_rng(seed)
        self._circuits = CircuitCache(dtype)

    def run(
        self, pubs: Iterable[Any], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Estimate each (circuit, observables, parameter values, precision)."""
        wanted = self.default_precision if precision is None else precision
        job = PrimitiveJob(self._run, [EstimatorPub.coerce(pub, wanted) for pub in pubs])
        job._submit()
        return job

    def _run(self, pubs: list[EstimatorPub]) -> PrimitiveResult[PubResult]:
        return PrimitiveResult([self._run_pub(pub) for pub in pubs], metadata={"version": 2})

    def _run_pub(self, pub: EstimatorPub) -> PubResult:
        function = self._circuits.get(pub.circuit)
        values = pub.parameter_values.as_array(pub.circuit.parameters)
        shape = pub.parameter_values.shape
        flat = values.reshape(math.prod(shape), function.num_parameters)
        places = np.arange(len(flat)).reshape(shape)
        places, observables = np.broadcast_arrays(places, np.asarray(pub.observables))
        evs = np.zeros(observables.shape)
        for observable, at in _alike(observables):
            operator = SparsePauliOp(*map(list, zip(*observable.items(), strict=True)))
            evs[at] = np.asarray(function.expectation(flat[places[at]], operator))
        if pub.precision:
            evs = self._noise.normal(evs, pub.precision)
        data = DataBin(evs=evs, stds=np.zeros_like(evs), shape=evs.shape)
        metadata = {"target_precision": pub.precision, "circuit_metadata": pub.circuit.metadata}
        return PubResult(data, metadata=metadata)


def _alike(observables: np.ndarray) -> list[tuple[Any, Any]]:
    """Each distinct observable with the places that hold it."""
    groups: dict[Any, tuple[Any, list[Any]]] = {}
    for place in np.ndindex(*observables.shape):
        item: Any = observables[place]
        groups.setdefault(tuple(sorted(item.items())), (item, []))[1].append(place)
    return [(item, tuple(np.array(places, int).T)) for item, places in groups.values()]


class JaxSampler(BaseSamplerV2):
    """Shots from the exact probabilities of the measured bits.

    Args:
        default_shots: shots where none are asked for.
        dtype: "complex64" or "complex128", as for `to_jax`.
        seed: seed of the first run; later runs continue from it.
    """

    def __init__(
        self, *, default_shots: int = 1024, dtype: str = "complex64", seed: int = 0
    ) -> None:
        self.default_shots = default_shots
        self._key = jax.random.key(seed)
        self._circuits = CircuitCache(dtype)

    def run(
        self, pubs: Iterable[Any], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample each (circuit, parameter values, shots)."""
        wanted = self.default_shots if shots is None else shots
        job = PrimitiveJob(self._run, [SamplerPub.coerce(pub, wanted) for pub in pubs])
        job._submit()
        return job

    def _run(self, pubs: list[SamplerPub]) -> PrimitiveResult[SamplerPubResult]:
        return PrimitiveResult([self._run_pub(pub) for pub in pubs], metadata={"version": 2})

    def _run_pub(self, pub: SamplerPub) -> SamplerPubResult:
        function = self._circuits.get(pub.circuit)
        self._key, key = jax.random.split(self._key)
        values = pub.parameter_values.as_array(pub.circuit.parameters)
        samples = np.asarray(function.sample(values, key, pub.shots))
        qubit_of = dict(function.measured)
        registers = {
            register.name: _packed(
                samples, [qubit_of.get(pub.circuit.find_bit(bit).index) for bit in register]
            )
            for register in pub.circuit.cregs
        }
        metadata = {"shots": pub.shots, "circuit_metadata": pub.circuit.metadata}
        return SamplerPubResult(DataBin(**registers, shape=pub.shape), metadata=metadata)


def _packed(samples: np.ndarray, qubits: list[int | None]) -> BitArray:
    """The classical bits read from these qubits, in Qiskit's packed order; unset bits are 0."""
    bits = [np.zeros_like(samples) if q is None else samples >> q & 1 for q in reversed(qubits)]
    padding = [np.zeros_like(samples)] * (-len(bits) % 8)
    packed = np.packbits(np.stack([*padding, *bits], axis=-1).astype(np.uint8), axis=-1)
    return BitArray(packed, len(qubits))
