"""What a simulation will hold in memory, said before it is tried."""

from __future__ import annotations

import psutil

from labkit.errors import ResourceError

__all__ = ["LARGEST", "refuse_if_too_large", "simulation_bytes"]

#: Places are indexed by 32-bit integers.
LARGEST = 30

_FORWARD_STATES = 6  # state, its successor, phase, cosine and sine, places, result
_ADJOINT_STATES = 14  # the same for the pair of state and derivative
_BACKPROP_STATES_PER_STEP = 5  # what JAX keeps of each step


def simulation_bytes(
    num_qubits: int, real_bytes: int, *, steps: int = 0, gradient: str | None = None
) -> int:
    """An upper estimate of the bytes that a run holds at once.

    Args:
        num_qubits: qubits; a state is 2 * 2**n real numbers.
        real_bytes: 4 for complex64, 8 for complex128.
        steps: steps of the compiled circuit; matters to "backprop" only.
        gradient: None for a forward run, or "adjoint" or "backprop".

    Example:
        >>> simulation_bytes(24, 4) / 2**30
        0.75
    """
    state = 2 * real_bytes << num_qubits
    if gradient == "adjoint":
        return _ADJOINT_STATES * state
    if gradient == "backprop":
        return (_FORWARD_STATES + _BACKPROP_STATES_PER_STEP * steps) * state
    return _FORWARD_STATES * state


def refuse_if_too_large(what: str, num_qubits: int, needed: int) -> None:
    """Raise before memory runs out.

    Raises:
        ResourceError: the estimate is above what this machine has free now.
    """
    if num_qubits > LARGEST:
        raise ResourceError(
            f"{what} of {num_qubits} qubits is estimated to need {needed / 2**30:,.1f} GiB, and "
            f"places are indexed by 32-bit integers: at most {LARGEST} qubits can be simulated."
        )
    free = psutil.virtual_memory().available
    if needed > free:
        raise ResourceError(
            f"{what} of {num_qubits} qubits is estimated to need {needed / 2**30:.1f} GiB, but "
            f"{free / 2**30:.1f} GiB are free. Use fewer qubits, a smaller batch, or complex64; "
            "a gradient needs least with diff_method='adjoint'."
        )
