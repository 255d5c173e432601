"""Exercises of notebook 12: a probability, a circuit, a search, a survival."""

from __future__ import annotations

import math
from typing import Any

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]


def _ghz_judge(answer: Any) -> str:
    """The outcomes of the circuit decide, not the gates it is made of."""
    from labkit.quantum import outcome_probabilities

    circuit = answer() if callable(answer) else answer
    if getattr(circuit, "num_qubits", None) != 4:
        return "The answer is a QuantumCircuit of four qubits."
    outcomes = {bits: round(p, 6) for bits, p in outcome_probabilities(circuit).items()}
    if outcomes == {"0000": 0.5, "1111": 0.5}:
        return ""
    if len(outcomes) == 16:
        return "These four qubits are undecided each on its own: nothing ties them together."
    return f"This circuit gives the outcomes {', '.join(outcomes)}."


PROBABILITY = Exercise(
    name="circuits.probability",
    prompt="RY(90°) acts on |0⟩, then RY(30°). With which probability is 1 measured?",
    judge=judges.number(
        math.sin(math.radians(60)) ** 2,
        traps={
            math.sin(math.radians(120)) ** 2: "The state turns by half of the angle.",
            math.sin(math.radians(60)): "That is the amplitude: probabilities are squares.",
            0.5 + math.sin(math.radians(15)) ** 2: "Amplitudes add up, not probabilities.",
            math.cos(math.radians(60)) ** 2: "That is the probability of a 0.",
        },
    ),
    hints=(
        "Two turns about the same axis are one turn by the sum of the angles.",
        "The probability of a 1 after RY(θ) is the square of sin(θ/2).",
    ),
    solution="import math\nmath.sin(math.radians(120 / 2)) ** 2  # 0.75",
    praise="Turns add; probabilities come at the very end, by squaring.",
)

GHZ = Exercise(
    name="circuits.ghz",
    prompt=(
        "Build a `QuantumCircuit` of four qubits that is measured as 0000 in half of all runs "
        "and as 1111 in the other half. No measurement is needed in it."
    ),
    judge=_ghz_judge,
    hints=(
        "One Hadamard makes one qubit undecided; the other three must follow it.",
        "circuit.cx(a, b) flips b if a is 1.",
    ),
    solution=(
        "circuit = QuantumCircuit(4)\ncircuit.h(0)\n"
        "for qubit in range(3):\n    circuit.cx(qubit, qubit + 1)"
    ),
    praise="Any circuit with this result counts: a chain and a star of CNOTs both do it.",
)

GROVER_STEPS = Exercise(
    name="circuits.grover_steps",
    prompt=(
        "Four marked items among 2²⁰. How many Grover steps bring the probability of finding "
        "one of them nearest to 1? (Within 1 %.)"
    ),
    judge=judges.number(
        math.pi / 4 * math.sqrt(2**18),
        unit="steps",
        traps={
            math.pi / 4 * 2**10: "That is for one marked item; four are found sooner.",
            math.pi / 16 * 2**10: "Four items make the angle twice as large, not four times.",
            2.0**18: "That is about what a classical search needs.",
            2.0**9: "Nearly: the state turns by an angle, so π/4 comes in.",
            math.pi / 2 * 2**9: "Each step turns by 2θ, not by θ.",
        },
    ),
    hints=(
        "A step turns the state by 2θ, with sin²θ = M/N.",
        "(2k + 1)θ should be 90°; for small θ that is k ≈ (π/4) √(N/M).",
    ),
    solution="import math\nmath.floor(math.pi / (4 * math.asin(math.sqrt(4 / 2**20))))  # 402",
    praise="402 calls instead of some 200,000: a quadratic gain, and no more than that.",
)

SURVIVAL = Exercise(
    name="circuits.survival",
    prompt=(
        "Write a function of the two-qubit gate error that returns how many two-qubit gates a "
        "circuit may have so that it runs without an error with probability 1/2 (not rounded)."
    ),
    judge=judges.function(
        lambda error: math.log(0.5) / math.log(1 - error),
        [(0.01,), (0.001,), (0.1,), (0.5,), (0.004,)],
        rtol=1e-6,
        traps=[
            (lambda error: 1 / error, "That many gates leave e⁻¹ ≈ 0.37, not one half."),
            (lambda error: 0.5 / error, "Error probabilities do not add up: survivals multiply."),
            (
                lambda error: math.log(2) / error,
                "Nearly: that is the limit of small errors; at 0.1 it is off.",
            ),
        ],
    ),
    hints=("g gates survive with probability (1 − error) to the power g.", "Take logarithms."),
    solution=("import math\ndef gates(error):\n    return math.log(0.5) / math.log(1 - error)"),
    praise="At an error of 0.4 % that is 173 gates: this is what limits today's devices.",
)

EXERCISES = (PROBABILITY, GHZ, GROVER_STEPS, SURVIVAL)
