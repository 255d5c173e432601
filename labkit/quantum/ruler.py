"""Quantum and classical on one ruler: operations, bytes, seconds, money, and who wins where."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.hw import DeviceSpec
from labkit.quantum.resources import Resources

__all__ = [
    "Cost",
    "Crossover",
    "crossover",
    "execution_cost",
    "search_crossover",
    "simulation_cost",
]


@dataclass(frozen=True)
class Cost:
    """What one job takes, on any machine.

    Attributes:
        operations: real floating-point operations, or gates times shots.
        moved_bytes: through memory, or read out of the qubits.
        memory_bytes: held at once.
        seconds: infinite where it does not fit.
        price_usd: at the machine's price.
    """

    operations: float
    moved_bytes: float
    memory_bytes: float
    seconds: float
    price_usd: float


@dataclass(frozen=True)
class Crossover:
    """Where two falling or rising lines meet.

    Attributes:
        size: of the problem.
        seconds: that both take there.
    """

    size: float
    seconds: float


def simulation_cost(
    num_qubits: int,
    gates: int,
    machine: DeviceSpec,
    *,
    merged_qubits: int = 1,
    usd_per_hour: float = 0.0,
    bytes_per_amplitude: int = 8,
) -> Cost:
    """A state vector on a classical machine: every gate reads and writes all 2^n amplitudes.

    The slower of arithmetic and memory decides (the roofline). Merging the gates on k qubits
    into one matrix makes fewer passes through memory, of 8 · 2^k − 2 real operations for each
    amplitude (2^k complex products and their sum). This is the straightforward simulation;
    circuits with little entanglement, few non-Clifford gates or low depth have cheaper ones
    (Pan and Zhang, Phys. Rev. Lett. 128, 030501 (2022), undid a claim of quantum advantage so),
    hence an advantage over it is not yet an advantage.

    Args:
        num_qubits: n.
        gates: how many; merged gates count once.
        merged_qubits: k, how many qubits a merged gate acts on.
        machine: with its peak in float32 and its bandwidth known.
        usd_per_hour: price of the machine.
        bytes_per_amplitude: 8 for complex64, 16 for complex128.

    Raises:
        ArgumentError: if the machine's peak, bandwidth or memory is not known.

    Example:
        >>> from labkit.hw import DeviceSpec
        >>> box = DeviceSpec("box", "cpu", memory_bytes=2**33, bandwidth_bytes_per_s=16e9,
        ...                  peak_flops={"float32": 1e12})
        >>> simulation_cost(20, 100, box).seconds, simulation_cost(31, 100, box).seconds
        (0.1048576, inf)
    """
    rate, peak, memory = _figures(machine)
    amplitudes = 2.0**num_qubits
    operations = (8.0 * 2**merged_qubits - 2) * amplitudes * gates
    moved = 2.0 * bytes_per_amplitude * amplitudes * gates
    held = bytes_per_amplitude * amplitudes
    seconds = max(operations / peak, moved / rate) if held <= memory else math.inf
    return Cost(operations, moved, held, seconds, seconds * usd_per_hour / 3600)


def execution_cost(needs: Resources, *, mitigated: bool = True) -> Cost:
    """The same figures for a run on a quantum computer.

    With ``mitigated`` the shots grow by 1/p², p the chance of an error-free run: if errors
    scale an expectation value down by p, scaling it back up scales its standard error too.

    Args:
        needs: from `resources`, with the shots that a noiseless computer would need.
        mitigated: pay for the noise in shots; else ignore the noise.

    Source:
        Cai et al., Rev. Mod. Phys. 95, 045005 (2023), section II.D (the sampling overhead).

    Example:
        >>> from labkit.quantum.algorithms import ghz
        >>> from labkit.quantum.hardware import quantum_hardware
        >>> from labkit.quantum.resources import resources
        >>> needs = resources(ghz(3), quantum_hardware("ibm_fez"), shots=1000)
        >>> execution_cost(needs).price_usd > execution_cost(needs, mitigated=False).price_usd
        True
    """
    factor = needs.error_free_probability**-2 if mitigated else 1.0
    gates = needs.one_qubit_gates + needs.two_qubit_gates
    return Cost(
        operations=factor * needs.shots * gates,
        moved_bytes=factor * needs.shots * needs.qubits / 8,
        memory_bytes=0.0,
        seconds=factor * needs.run_s,
        price_usd=factor * needs.price_usd,
    )


def crossover(sizes: ArrayLike, first: ArrayLike, second: ArrayLike) -> Crossover | None:
    """Where the first line goes below the second and stays there, on logarithmic seconds.

    Args:
        sizes: of the problem, rising.
        first: seconds, of the challenger.
        second: seconds, of the incumbent; infinite where it cannot run.

    Returns:
        None if the first is not below at the end, or is below from the start.

    Raises:
        ArgumentError: if the three differ in length.

    Example:
        >>> crossover([1, 2, 3], [8, 8, 8], [1, 16, 100]).size
        1.75
    """
    x, challenger, incumbent = (np.asarray(line, dtype=float) for line in (sizes, first, second))
    if not x.shape == challenger.shape == incumbent.shape:
        shapes = (x.shape, challenger.shape, incumbent.shape)
        raise ArgumentError("sizes, first, second", required="of one length", got=shapes)
    ahead = challenger < incumbent
    if not ahead[-1] or ahead.all():
        return None
    after = int(np.flatnonzero(~ahead)[-1]) + 1
    if math.isinf(incumbent[after]):  # it stops for want of memory, not of speed
        return Crossover(float(x[after]), float(challenger[after]))
    pair = slice(after - 1, after + 1)
    gaps = np.log(challenger[pair] / incumbent[pair])
    share = gaps[0] / (gaps[0] - gaps[1])
    weights = np.array([1 - share, share])
    return Crossover(float(weights @ x[pair]), math.exp(float(weights @ np.log(challenger[pair]))))


def search_crossover(quantum_call_s: float, classical_call_s: float) -> Crossover:
    """Where Grover's (π/4)√N quantum calls take as long as N/2 classical ones.

    Args:
        quantum_call_s: one call of the oracle on an error-corrected quantum computer.
        classical_call_s: one call on the classical machine, all its cores at work.

    Raises:
        ArgumentError: if a time is not positive.

    Source:
        Babbush et al., PRX Quantum 2, 010103 (2021), equation 1 and its discussion; Hoefler,
        Häner and Troyer, Commun. ACM 66(5), 82 (2023).

    Example:
        >>> search_crossover(1e-3, 1e-9).seconds > 3600
        False
    """
    for name, value in (("quantum_call_s", quantum_call_s), ("classical_call_s", classical_call_s)):
        if not value > 0:
            raise ArgumentError(name, required="positive", got=value)
    root = math.pi / 2 * quantum_call_s / classical_call_s
    return Crossover(root**2, math.pi / 4 * root * quantum_call_s)


def _figures(machine: DeviceSpec) -> tuple[float, float, float]:
    rate, peak = machine.bandwidth_bytes_per_s, machine.peak_flops.get("float32")
    if not rate or not peak or not machine.memory_bytes:
        raise ArgumentError(
            "machine", required="a device with known float32 peak, bandwidth and memory",
            got=machine.name, fix="Take one from hw.devices(), or measure with perf.calibrate().",
        )  # fmt: skip
    return rate, peak, machine.memory_bytes
