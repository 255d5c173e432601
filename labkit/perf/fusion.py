"""What is left to move between the products of a program once a compiler has fused the rest.

Products of matrices read and write memory. What happens between them, element by element, need
not: a compiler computes it while it reads what is there, and writes only what somebody needs. So
the traffic between products is that of the values that must exist in memory: the arguments and
results, what a product reads or writes, and what is summed over more than a row. Everything else
is computed again from those, unless that would read more than keeping it.

Source:
    The rules are those of XLA's loop and input fusion (openxla.org, "GPU architecture", fusion
    passes) in their simplest form; a kernel is one pass over one set of values.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from jax.extend.core import Jaxpr, JaxprEqn, Literal

from labkit.perf.arithmetic import array_bytes, traffic_bytes
from labkit.perf.operations import Operation, inner_jaxprs, live_equations

__all__ = ["Between", "between_products"]

MATRIX = frozenset({"dot_general", "conv_general_dilated"})
#: The same numbers in another shape; a transposition is folded into the product that reads it.
_ALIASES = frozenset(
    {"reshape", "squeeze", "expand_dims", "broadcast_in_dim", "transpose", "stop_gradient", "copy"}
)
#: They cannot be computed element by element from what they read.
_ALONE = frozenset(
    {
        "gather", "scatter", "scatter-add", "scatter_add", "sort", "reduce_window",
        "reduce_window_max", "reduce_window_min", "reduce_window_sum", "select_and_scatter",
        "select_and_scatter_add", "cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp",
        "dynamic_update_slice", "rng_bit_generator", "random_bits", "top_k", "fft",
    }
)  # fmt: skip
_MANY_READS = 3  # a value that takes more than so many times its size to compute again is kept


@dataclass(frozen=True)
class Between:
    """What runs between the products of a program.

    Attributes:
        kernels: passes over memory.
        moved_bytes: by all of them.
    """

    kernels: float
    moved_bytes: float


@dataclass
class _Value:
    """A value: its size, the stored values that it is computed from, and after how many passes.

    It is itself stored, or a constant, until something is computed.
    """

    n_bytes: int
    stored: frozenset[int] = frozenset()
    depth: int = 0
    computed: bool = False


@dataclass
class _Memory:
    """What has been stored, and by which passes over what."""

    sizes: list[int] = field(default_factory=list)
    passes: dict[tuple[int, frozenset[int]], int] = field(default_factory=dict)
    kernels: float = 0.0
    moved_bytes: float = 0.0

    def new(self, n_bytes: int, depth: int) -> _Value:
        self.sizes.append(n_bytes)
        return _Value(n_bytes, frozenset({len(self.sizes) - 1}), depth)

    def read_bytes(self, value: _Value) -> int:
        return sum(self.sizes[place] for place in value.stored)

    def store(self, value: _Value) -> _Value:
        """The value once it stands in memory: a pass over what it is computed from."""
        key = (value.depth, value.stored)
        self.passes[key] = self.passes.get(key, 0) + value.n_bytes
        return self.new(value.n_bytes, value.depth + 1)

    def total(self) -> Between:
        moved = sum(
            written + sum(self.sizes[place] for place in stored)
            for (_, stored), written in self.passes.items()
        )
        return Between(self.kernels + len(self.passes), self.moved_bytes + moved)


def between_products(jaxpr: Jaxpr) -> Between:
    """The passes that are left between products, and what they move.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> x = jnp.ones((64, 64))
        >>> closed = jax.make_jaxpr(lambda x: jnp.tanh(2 * x + 1) * x)(x)
        >>> between_products(closed.jaxpr)  # one pass: it reads x and writes the result
        Between(kernels=1.0, moved_bytes=32768.0)
    """
    memory = _Memory()
    given = [memory.new(array_bytes(v.aval), 0) for v in jaxpr.invars]
    results = _run(jaxpr, given, memory)
    for result in results:
        if result.computed:
            memory.store(result)
    return memory.total()


def _run(jaxpr: Jaxpr, given: list[_Value], memory: _Memory) -> list[_Value]:
    known: dict[Any, _Value] = dict(zip(jaxpr.invars, given, strict=True))

    def look(atom: Any) -> _Value:
        if isinstance(atom, Literal):
            return _Value(array_bytes(atom.aval))
        return known.get(atom) or known.setdefault(atom, memory.new(array_bytes(atom.aval), 0))

    for equation in live_equations(jaxpr):
        inputs = [look(atom) for atom in equation.invars]
        outputs, inputs = _apply(equation, inputs, memory)
        for atom, value in zip(equation.invars, inputs, strict=True):
            if not isinstance(atom, Literal):
                known[atom] = value
        known.update(zip(equation.outvars, outputs, strict=True))
    return [look(atom) for atom in jaxpr.outvars]


def _apply(
    equation: JaxprEqn, inputs: list[_Value], memory: _Memory
) -> tuple[list[_Value], list[_Value]]:
    """The outputs of one operation, and its inputs as they are after it."""
    name = equation.primitive.name
    sizes = [array_bytes(v.aval) for v in equation.outvars]
    depth = max((value.depth for value in inputs), default=0)
    if name in MATRIX:
        inputs = [memory.store(v) if v.computed else v for v in inputs]
        return [memory.new(n, max(v.depth for v in inputs) + 1) for n in sizes], inputs
    bodies = inner_jaxprs(equation)
    if name in ("scan", "while", "cond"):
        _repeat(equation, bodies, memory)
        return [memory.new(n, depth + 1) for n in sizes], inputs
    if bodies and name not in _ALONE and not name.startswith("reduce"):
        return _run(bodies[0], inputs[-len(bodies[0].invars) :], memory), inputs
    if name in _ALONE:
        operation = Operation(
            name,
            tuple(v.aval for v in equation.invars),
            tuple(v.aval for v in equation.outvars),
            equation.params,
        )
        memory.kernels += 1
        memory.moved_bytes += traffic_bytes(operation)
        return [memory.new(n, depth + 1) for n in sizes], inputs
    if name in _ALIASES:
        return [replace(inputs[0], n_bytes=sizes[0])], inputs
    value = _Value(max(sizes, default=0), frozenset().union(*(v.stored for v in inputs)), depth)
    outputs = [_Value(n, value.stored, depth, True) for n in sizes]
    if name.startswith(("reduce", "arg")) and not _along_rows(equation):
        return [memory.store(output) for output in outputs], inputs
    kept = memory.read_bytes(value) > _MANY_READS * value.n_bytes and len(value.stored) > 1
    if kept and value.n_bytes > max((memory.sizes[s] for s in value.stored), default=0) / 2:
        return [memory.store(output) for output in outputs], inputs
    return outputs, inputs


def _along_rows(equation: JaxprEqn) -> bool:
    """Whether each result needs one row only: then it is computed while the row is at hand."""
    rank = len(getattr(equation.invars[0].aval, "shape", ()))
    return tuple(equation.params.get("axes", ())) == (rank - 1,)


def _repeat(equation: JaxprEqn, bodies: list[Jaxpr], memory: _Memory) -> None:
    """A loop's body by itself: what it needs is in memory before, and after each round."""
    times = equation.params["length"] if equation.primitive.name == "scan" else 1
    inside = [between_products(body) for body in bodies]
    most = max(inside, key=lambda part: part.moved_bytes, default=Between(0, 0))
    memory.kernels += times * most.kernels
    memory.moved_bytes += times * most.moved_bytes
