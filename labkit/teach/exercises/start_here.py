"""Exercises of notebook 00: the roofline in three questions."""

from __future__ import annotations

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

PEAK_FLOPS = 100e9
BANDWIDTH = 20e9


def _attainable(intensity: float) -> float:
    return min(PEAK_FLOPS, BANDWIDTH * intensity)


RIDGE_POINT = Exercise(
    name="start_here.ridge_point",
    prompt=(
        "A machine computes at most 100 GFLOP/s and moves at most 20 GB/s. From which "
        "arithmetic intensity on, in FLOP/B, can a kernel reach the full 100 GFLOP/s?"
    ),
    judge=judges.number(
        PEAK_FLOPS / BANDWIDTH,
        unit="FLOP/B",
        traps={
            0.2: "That is bytes per operation: the question asks for operations per byte.",
            80.0: "Rates are compared by their ratio, not by their difference.",
            2000.0: "Rates are compared by their ratio, not by their product.",
        },
    ),
    hints=(
        "At the ridge both limits give the same time.",
        "With F operations and B bytes, F / peak = B / bandwidth. Solve for F / B.",
    ),
    solution="100e9 / 20e9  # 5 FLOP per byte",
    praise="Left of the ridge memory is the limit, right of it arithmetic.",
)

ATTAINABLE = Exercise(
    name="start_here.attainable",
    prompt=(
        "Write a function of the arithmetic intensity (FLOP/B) that returns what the same "
        "machine (100 GFLOP/s, 20 GB/s) can reach at most, in FLOP/s."
    ),
    judge=judges.function(
        _attainable,
        [(0.25,), (1.0,), (5.0,), (8.0,), (1000.0,), (0.0,)],
        traps=[
            (lambda _: PEAK_FLOPS, "Memory limits kernels of low intensity."),
            (lambda intensity: BANDWIDTH * intensity, "No kernel computes faster than the peak."),
            (
                lambda intensity: max(PEAK_FLOPS, BANDWIDTH * intensity),
                "The lower of two limits holds, not the higher.",
            ),
            (lambda intensity: _attainable(intensity) / 1e9, "The answer is in FLOP/s."),
        ],
    ),
    hints=(
        "Two limits hold at once: one is flat, one grows with the intensity.",
        "Bytes per second times operations per byte is operations per second.",
    ),
    solution="def attainable(intensity):\n    return min(100e9, 20e9 * intensity)",
    praise="That minimum is the roofline.",
)

LIMIT_OF_ADD = Exercise(
    name="start_here.limit_of_add",
    prompt=(
        "Adding two long float32 vectors reads 8 bytes and writes 4 for each addition. On the "
        'same machine, is it limited by "memory" or by "compute"?'
    ),
    judge=judges.choice(
        "memory",
        among=("memory", "compute"),
        traps={"compute": "One operation for 12 bytes: compare that with the ridge point."},
    ),
    hints=(
        "How many operations are there for each byte moved?",
        "1 / 12 FLOP/B lies far to the left of the ridge point.",
    ),
    solution='"memory"',
    praise="A faster processor would not help it; a faster memory would.",
)

EXERCISES = (RIDGE_POINT, ATTAINABLE, LIMIT_OF_ADD)
