"""A compiled program as the steps a device takes: what each computes, reads and writes.

A step is one kernel that XLA launches: a fused loop, a product of matrices, a
convolution. What is fused with what is read from the optimised program, not assumed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jax

from labkit.perf.hlo import Computation, HloArray, Instruction, Program, parse_hlo
from labkit.perf.products import Product, matrix_product

__all__ = ["Step", "compiled_steps", "program_steps"]

# They name or bundle arrays, and launch nothing.
_NAMING = frozenset(
    {"parameter", "constant", "get-tuple-element", "tuple", "bitcast", "after-all", "opt-barrier"}
)
# One vector instruction for a register full of elements.
_SIMPLE = frozenset(
    {
        "add", "subtract", "multiply", "maximum", "minimum", "compare", "select", "and", "or",
        "xor", "not", "negate", "abs", "sign", "clamp", "shift-left", "shift-right-logical",
        "shift-right-arithmetic", "floor", "ceil", "is-finite", "round-nearest-even",
    }
)  # fmt: skip
# Classes of work that XLA's own count of operations includes.
_COUNTED = ("simple", "divide", "convert", "reduce", "indexed", "sort", "remainder")
# Turning an array that no longer fits a core's cache misses it at nearly every step.
_NEAR_BYTES = 2**20
# Only part of the first operand is read.
_PICKING = frozenset({"slice", "dynamic-slice", "gather"})


@dataclass(frozen=True)
class Step:
    """One kernel of the program.

    Attributes:
        name: of the instruction.
        engine: ``"xla"`` for code XLA generated, ``"ynn"`` for its library of kernels.
        partitions: pieces that may run on different cores.
        times: runs in one call of the program.
        product: the matrix product in it, if it is one.
        work: elements computed, by class of operation (an HLO opcode, or ``"simple"``).
        reads: bytes read of each array, by the array's name.
        writes: likewise.
    """

    name: str
    engine: str
    partitions: int = 1
    times: float = 1.0
    product: Product | None = None
    work: Mapping[str, float] = field(default_factory=dict)
    reads: Mapping[str, int] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)

    def threads(self, cores: int) -> int:
        """Cores at work on it: as many as XLA cut it for; the library of kernels takes all."""
        return cores if self.engine == "ynn" else min(self.partitions, cores)

    @property
    def flops(self) -> float:
        """What XLA counts as operations of one run: no transcendentals, no movement of data."""
        counted = sum(n for kind, n in self.work.items() if kind.startswith(_COUNTED))
        return counted + (self.product.flops if self.product else 0.0)

    @property
    def moved_bytes(self) -> int:
        """Bytes read and written by one run."""
        return sum(self.reads.values()) + sum(self.writes.values())


def compiled_steps(fn: Callable[..., Any], *args: Any) -> tuple[tuple[Step, ...], float]:
    """The steps of ``fn(*args)`` once compiled, and the bytes of memory it uses."""
    jitted = fn if hasattr(fn, "lower") else jax.jit(fn)
    compiled = jitted.lower(*args).compile()
    memory = compiled.memory_analysis()
    footprint = (
        memory.argument_size_in_bytes + memory.output_size_in_bytes + memory.temp_size_in_bytes
        - memory.alias_size_in_bytes
    )  # fmt: skip
    return program_steps(parse_hlo(compiled.as_text())), float(footprint)


def program_steps(program: Program) -> tuple[Step, ...]:
    """The steps of a compiled program in the order they run.

    The body of a loop is listed twice: once for its first run, and once for all others,
    because the others find in the caches what the first one left there. A loop of unknown
    length counts as two runs.
    """
    return tuple(_computation_steps(program, program.entry, 1.0))


def _computation_steps(program: Program, part: Computation, times: float) -> Iterator[Step]:
    for instruction in part.instructions.values():
        bodies = [program.computations[name] for name in instruction.called]
        if instruction.opcode in _NAMING:
            continue
        if instruction.opcode == "while":
            yield Step(instruction.name, "loop", times=times * _trip_count(instruction))
            yield from _loop_steps(program, bodies, times, _trip_count(instruction))
        elif instruction.opcode == "conditional":
            choices = [tuple(_computation_steps(program, body, times)) for body in bodies]
            yield from max(choices, key=lambda steps: sum(step.moved_bytes for step in steps))
        elif instruction.opcode == "call":
            yield from _computation_steps(program, bodies[0], times)
        else:
            step = _kernel_step(program, part, instruction)
            yield replace(step, times=times)


def _loop_steps(
    program: Program, bodies: list[Computation], times: float, trips: int
) -> Iterator[Step]:
    for runs in (times, times * (trips - 1)):
        if runs:
            for body in bodies:
                yield from _computation_steps(program, body, runs)


def _trip_count(instruction: Instruction) -> int:
    found = re.search(r'"known_trip_count":\{"n":"(\d+)"\}', instruction.attributes)
    return int(found[1]) if found else 2


def _kernel_step(program: Program, part: Computation, instruction: Instruction) -> Step:
    """One instruction as a step; a fusion by what is fused in it."""
    fused = instruction.opcode == "fusion"
    inner = program.computations[instruction.called[0]] if fused else None
    lines = list(inner.instructions.values()) if inner else [instruction]
    scope = inner.instructions if inner else part.instructions
    work: Counter[str] = Counter()
    for line in lines:
        work.update(_work(line, scope))
    engine = "ynn" if "__ynn_fusion" in instruction.attributes else "xla"
    products = [p for line in lines if (p := matrix_product(line, scope, engine)) is not None]
    reads = {
        name: _read_bytes(instruction.opcode, place, name, part, inner)
        for place, name in enumerate(instruction.operands)
    }
    return Step(
        name=instruction.name,
        engine=engine,
        partitions=instruction.partitions,
        product=products[0] if products else None,
        work=dict(work),
        reads={name: n_bytes for name, n_bytes in reads.items() if n_bytes},
        writes={instruction.name: _written_bytes(instruction, part, inner)},
    )


def _work(line: Instruction, scope: Mapping[str, Instruction]) -> dict[str, float]:
    """Elements that one instruction computes, by class."""
    opcode, size = line.opcode, float(line.size)
    if opcode in _NAMING or opcode in ("broadcast", "iota", "dot", "convolution", "fusion"):
        return {}
    if opcode in _SIMPLE:
        return {"simple": size}
    source = scope[line.operands[0]] if line.operands and line.operands[0] in scope else line
    if opcode == "reduce":
        return {_reduction(line, source.outputs[0]): float(source.outputs[0].size)}
    if opcode in ("reduce-window", "select-and-scatter"):
        several = "indexed " if len(line.outputs) > 1 else ""  # the place of the maximum, too
        return {several + opcode: line.outputs[0].size * _window_size(line)}
    if opcode == "scatter":
        return {opcode: float(scope[line.operands[-1]].size)}
    if opcode == "sort":
        array = line.outputs[0]
        length = array.shape[line.axes("dimensions")[0]]
        return {opcode: array.size * math.log2(max(length, 2))}
    if opcode == "dynamic-update-slice":
        return {"copy": float(scope[line.operands[1]].size)}
    if opcode in ("transpose", "copy"):
        if not _turned(line, source):
            return {"copy": size}
        return {"transpose" if line.n_bytes <= _NEAR_BYTES else "far transpose": size}
    if opcode == "slice":
        strided = re.search(r":\d+:(?:[2-9]|\d\d)", line.attributes)
        return {"strided slice" if strided else "slice": size}
    return {opcode: size}


def _reduction(line: Instruction, source: HloArray) -> str:
    """Sums along the contiguous axis are a chain; across it they fill vectors."""
    along = source.minor_to_major and source.minor_to_major[0] in line.axes("dimensions")
    return "reduce rows" if along else "reduce columns"


def _turned(line: Instruction, source: Instruction) -> bool:
    """Whether the contiguous axis of the result is another one than that of the source."""
    before, after = source.outputs[0], line.outputs[0]
    if not before.minor_to_major or not after.minor_to_major:
        return False
    axis = after.minor_to_major[0]
    axes = line.axes("dimensions")
    return (axes[axis] if axes else axis) != before.minor_to_major[0] and after.minor > 1


def _window_size(line: Instruction) -> int:
    found = re.search(r"window=\{size=([\dx]+)", line.attributes)
    return math.prod(int(n) for n in found[1].split("x")) if found else 1


def _read_bytes(
    opcode: str, place: int, name: str, part: Computation, inner: Computation | None
) -> int:
    """Bytes of one operand that are read: all of it, unless it is only picked from."""
    whole = part.instructions[name].n_bytes if name in part.instructions else 0
    if inner is None:
        return 0 if opcode == "dynamic-update-slice" and place == 0 else whole
    parameter = next(
        line.name
        for line in inner.instructions.values()
        if line.opcode == "parameter" and line.arguments == str(place)
    )
    users = [line for line in inner.instructions.values() if parameter in line.operands]
    if users and all(line.opcode in _PICKING and line.operands[0] == parameter for line in users):
        return min(whole, sum(line.n_bytes for line in users))
    if users and all(
        line.opcode == "dynamic-update-slice" and line.operands[0] == parameter for line in users
    ):
        return 0
    return whole


def _written_bytes(instruction: Instruction, part: Computation, inner: Computation | None) -> int:
    """Bytes written: the result, or of an update in place only what is new."""
    root, scope = (inner.instructions[inner.root], inner) if inner else (instruction, part)
    if root.opcode == "dynamic-update-slice":
        return scope.instructions[root.operands[1]].n_bytes
    return instruction.n_bytes
