"""``jit`` with the compiler options that this version of XLA knows and this lab has measured."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["cpu_options", "jit"]

# Which operations XLA hands to YNNPACK. It is fast for products of whole numbers (8 x at 1024^3)
# and slow for convolutions without padding (half the speed of Eigen) and for thin products.
_YNNPACK = "xla_cpu_experimental_ynn_fusion_type"


def jit(function: Callable[..., Any], *, int8: bool = False, **options: Any) -> Callable[..., Any]:
    """``jax.jit``, on CPUs with the measured options, chosen when it is first called.

    Args:
        function: what to compile.
        int8: whether it multiplies eight-bit matrices, which want another setting.
        options: as in ``jax.jit``.

    Returns:
        A function that compiles at its first call; ``.lower`` as on ``jax.jit``.

    Example:
        >>> float(jit(lambda x: x + 1)(1.0))
        2.0
    """

    @functools.cache
    def compiled() -> Any:
        chosen = cpu_options(int8=int8) if jax.default_backend() == "cpu" else {}
        return jax.jit(function, compiler_options=chosen or None, **options)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return compiled()(*args, **kwargs)

    call.lower = lambda *args, **kwargs: compiled().lower(*args, **kwargs)  # type: ignore[attr-defined]
    return call


def cpu_options(*, int8: bool = False) -> dict[str, str]:
    """The options for XLA on a CPU, without those that this version does not know.

    Example:
        >>> set(cpu_options()) <= {"xla_cpu_experimental_ynn_fusion_type"}
        True
    """
    wanted = {_YNNPACK: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT" if int8 else ""}
    return {name: value for name, value in wanted.items() if _is_known(name, value)}


@functools.cache
def _is_known(option: str, value: str) -> bool:
    """Flags come and go between versions: try it on a program of one instruction."""
    try:
        jax.jit(jnp.negative, compiler_options={option: value}).lower(0.0).compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True
