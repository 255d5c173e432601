"""Exercises of notebook 13: a gradient by shifts, a cut, a kernel, a plateau."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]


def _shift_judge(answer: Any) -> str:
    """The answer must differentiate a·cos(x − b) + c from two evaluations, each a little noisy."""
    if not callable(answer):
        return "The answer is a function (its name, without parentheses)."
    for a, b, c, x in ((1.0, 0.0, 0.0, 0.3), (2.0, 0.7, 5.0, -1.1), (0.5, 2.0, -3.0, 2.5)):
        calls: list[float] = []

        def expectation(
            angle: float, a: float = a, b: float = b, c: float = c, calls: list[float] = calls
        ) -> float:
            calls.append(angle)
            return a * math.cos(angle - b) + c + 1e-5 * math.sin(1e6 * angle)

        slope, truth = float(answer(expectation, x)), -a * math.sin(x - b)
        if len(calls) > 2:
            return f"It runs the circuit {len(calls)} times; two runs are enough."
        if abs(slope - 2 * truth) < 1e-4:
            return "Twice too large: divide the difference by two."
        if abs(slope + truth) < 1e-4:
            return "The sign is wrong: subtract the value behind from the value ahead."
        if abs(slope - truth) > 1e-4:
            return (
                f"At x = {x} it returns {slope:.6g}, which is not the slope to four digits. A "
                "small step is not exact, and it magnifies the noise."
            )
    return ""


def _cut(weights: np.ndarray, bits: str) -> float:
    side = np.array([int(bit) for bit in reversed(bits)])
    return float((np.triu(weights, 1) * (side[:, None] != side[None])).sum())


_PATH = np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0]])
_DENSE = np.array([[0, 1, 4, 2], [1, 0, 3, 0], [4, 3, 0, 5], [2, 0, 5, 0]])


PARAMETER_SHIFT = Exercise(
    name="quantum_learning.parameter_shift",
    prompt=(
        "Write a function of `expectation` (itself a function of one angle) and `x` that returns "
        "the slope of the expectation value at `x`, for a rotation gate such as RY, from two runs "
        "of the circuit. Each run carries an error of 10⁻⁵; the slope must be right to 10⁻⁴."
    ),
    judge=_shift_judge,
    hints=(
        "Against a rotation's angle an expectation value is always a·cos(x − b) + c.",
        "Evaluate a quarter turn ahead and a quarter turn behind.",
    ),
    solution=(
        "import math\ndef slope(expectation, x):\n"
        "    quarter = math.pi / 2\n"
        "    return (expectation(x + quarter) - expectation(x - quarter)) / 2"
    ),
    praise="Exact with large shifts, where a finite difference would need small ones.",
)

CUT_VALUE = Exercise(
    name="quantum_learning.cut_value",
    prompt=(
        "Write a function of a symmetric weight matrix and a measured bit string (qubit 0 last, "
        "as Qiskit prints it) that returns the weight of the edges cut, each counted once."
    ),
    judge=judges.function(
        _cut,
        [(_PATH, "001"), (_DENSE, "0110"), (_DENSE, "1000"), (_PATH, "000"), (_DENSE, "0011")],
        traps=[
            (lambda w, bits: 2 * _cut(w, bits), "Each edge is counted twice."),
            (lambda w, bits: _cut(w, bits[::-1]), "Qubit 0 is the last letter, not the first."),
            (lambda w, bits: -_cut(w, bits), "That is QAOA's energy: the cut is its negative."),
            (
                lambda w, bits: float(np.triu(w, 1).sum()) - _cut(w, bits),
                "These are the edges that are not cut.",
            ),
        ],
    ),
    hints=("An edge is cut if its two ends are on different sides.", "Turn the text round first."),
    solution=(
        "import numpy as np\ndef cut(weights, bits):\n"
        "    side = np.array([int(bit) for bit in reversed(bits)])\n"
        "    return (np.triu(weights, 1) * (side[:, None] != side)).sum()"
    ),
    praise="QAOA minimises minus this number, averaged over what is measured.",
)

KERNEL_VALUE = Exercise(
    name="quantum_learning.kernel_value",
    prompt=(
        "A feature map applies RY(x) to |0⟩. Write a function of x and y that returns the "
        "fidelity kernel of the two points."
    ),
    judge=judges.function(
        lambda x, y: math.cos((x - y) / 2) ** 2,
        [(0.3, 1.1), (0.0, 3.0), (-2.0, 0.5), (1.0, 1.0), (5.0, -1.0)],
        traps=[
            (lambda x, y: math.cos((x - y) / 2), "That is the overlap: the kernel is its square."),
            (lambda x, y: math.cos(x - y) ** 2, "RY turns the amplitudes by half of the angle."),
            (lambda x, y: math.sin((x - y) / 2) ** 2, "A point is most similar to itself."),
        ],
    ),
    hints=(
        "RY(x)|0⟩ has the amplitudes cos(x/2) and sin(x/2).",
        "The overlap of two real states is the sum of products; then square it.",
    ),
    solution="import math\ndef kernel(x, y):\n    return math.cos((x - y) / 2) ** 2",
    praise="A cosine of the difference: computed classically in no time. So are many others.",
)

PLATEAU = Exercise(
    name="quantum_learning.plateau",
    prompt=(
        "The variance of a gradient entry is 2⁻ⁿ on n qubits. Estimated from shots, its standard "
        "error is 1/√shots. How many shots on 40 qubits until the standard error equals the "
        "gradient's typical size?"
    ),
    judge=judges.number(
        2.0**40,
        unit="shots",
        traps={
            2.0**20: "That is one over the gradient; the error falls with the root of the shots.",
            2.0**80: "The variance is already the square of the typical size.",
            40.0: "The variance halves with every qubit.",
        },
    ),
    hints=("The typical size is the root of the variance.", "Set 1/√shots equal to 2^(−n/2)."),
    solution="2**40  # about 10^12 shots, for one entry of one gradient",
    praise="At 250 µs a shot that is nearly nine years for one entry of the gradient.",
)

EXERCISES = (PARAMETER_SHIFT, CUT_VALUE, KERNEL_VALUE, PLATEAU)
