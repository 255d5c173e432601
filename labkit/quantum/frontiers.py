"""The order in which operations may act: as early as the qubits they share allow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from .operations import Dense, Operation, Phase, Rotate

__all__ = ["frontiers"]


def frontiers(
    operations: Sequence[Operation],
) -> Iterator[Operation | list[Rotate | Dense]]:
    """Yield operations as soon as their qubits allow, and lists of rotations that must wait."""
    waiting = [0] * len(operations)
    followers: list[list[int]] = [[] for _ in operations]
    last: dict[int, int] = {}
    for i, operation in enumerate(operations):
        before = {last[q] for q in _qubits(operation) if q in last}
        waiting[i] = len(before)
        for j in before:
            followers[j].append(i)
        last.update(dict.fromkeys(_qubits(operation), i))
    ready = deque(i for i, count in enumerate(waiting) if count == 0)
    held: list[tuple[int, Rotate | Dense]] = []

    def release(i: int) -> None:
        for j in followers[i]:
            waiting[j] -= 1
            if waiting[j] == 0:
                ready.append(j)

    while ready or held:
        while ready:
            i = ready.popleft()
            operation = operations[i]
            if isinstance(operation, Rotate | Dense):
                held.append((i, operation))
            else:
                yield operation
                release(i)
        matrices = [item for item in held if isinstance(item[1], Dense)]
        taken = [item for item in held if isinstance(item[1], Rotate)] + matrices[:1]
        held = matrices[1:]
        if taken:
            yield [operation for _, operation in taken]
        for i, _ in taken:
            release(i)


def _qubits(operation: Operation) -> tuple[int, ...]:
    if isinstance(operation, Rotate):
        return (operation.qubit,)
    if isinstance(operation, Phase):
        everything = 0
        for mask, _ in operation.terms:
            everything |= mask
        return tuple(q for q in range(everything.bit_length()) if everything >> q & 1)
    return operation.qubits
