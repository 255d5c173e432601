"""Walking a jaxpr: every primitive operation that runs, and how many times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var

__all__ = ["Operation", "inner_jaxprs", "live_equations", "operations"]

# The jaxpr among their parameters says how to combine two values; it is not run by itself.
_WITH_COMBINER = frozenset(
    {
        "reduce", "reduce_window", "select_and_scatter", "scatter", "scatter-add", "scatter_add",
        "scatter_mul", "scatter-mul", "scatter_min", "scatter_max", "sort",
    }
)  # fmt: skip
# Jaxprs that are only kept at hand: a loop's condition, the rules of a custom derivative.
_NOT_RUN = frozenset({"cond_jaxpr", "fwd_jaxpr", "bwd_jaxpr", "fwd_jaxpr_thunk", "jvp_jaxpr_fun"})


class Operation(NamedTuple):
    """One primitive operation of a jaxpr.

    Attributes:
        name: the primitive, such as ``"dot_general"``.
        inputs, outputs: abstract values: they have ``shape``, ``size`` and ``dtype``.
        params: the equation's parameters.
        times: how often it runs, for an operation inside loops of known length.
    """

    name: str
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    params: Mapping[str, Any]
    times: int = 1


def operations(jaxpr: Jaxpr, times: int = 1) -> Iterator[Operation]:
    """Every operation that the result depends on; calls are opened, loops multiplied.

    Of a ``cond`` the branch with most operations stands for all. A ``while`` loop, whose
    length is known only when it runs, is yielded itself, and its body once.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> closed = jax.make_jaxpr(lambda x: jnp.sin(x) + 1)(1.0)
        >>> [operation.name for operation in operations(closed.jaxpr)]
        ['sin', 'add']
    """
    for equation in live_equations(jaxpr):
        name, params = equation.primitive.name, equation.params
        bodies = inner_jaxprs(equation)
        if name == "cond":
            bodies = [max(bodies, key=lambda body: sum(1 for _ in operations(body)))]
        if name == "while" or not bodies:
            inputs = tuple(v.aval for v in equation.invars)
            outputs = tuple(v.aval for v in equation.outvars)
            yield Operation(name, inputs, outputs, params, times)
        length = params["length"] if name == "scan" else 1
        for body in bodies:
            yield from operations(body, times * length)


def live_equations(jaxpr: Jaxpr) -> list[JaxprEqn]:
    """The equations that the outputs depend on, in order; a compiler drops the others."""
    needed = {v for v in jaxpr.outvars if isinstance(v, Var)}
    kept = []
    for equation in reversed(jaxpr.eqns):
        if equation.effects or not needed.isdisjoint(equation.outvars):
            kept.append(equation)
            needed |= {v for v in equation.invars if not isinstance(v, Literal)}
    return kept[::-1]


def inner_jaxprs(equation: JaxprEqn) -> list[Jaxpr]:
    """What an equation runs: the function it calls, a loop's body, the branches of a choice."""
    return [] if equation.primitive.name in _WITH_COMBINER else list(_bodies(equation.params))


def _bodies(params: Mapping[str, Any]) -> Iterator[Jaxpr]:
    for key, value in params.items():
        if key in _NOT_RUN:
            continue
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, ClosedJaxpr):
                yield item.jaxpr
            elif isinstance(item, Jaxpr):
                yield item
