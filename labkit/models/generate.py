"""Continue a sequence, token by token, from a causal transformer."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array, lax
from jax.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError
from labkit.models.predict import in_evaluation_mode
from labkit.models.transformer import Transformer
from labkit.types import PyTree

__all__ = ["generate"]


def generate(
    model: Transformer, prompt: ArrayLike, length: int, *, seed: int = 0, temperature: float = 1.0
) -> np.ndarray:
    """Draw ``length`` tokens after each prompt, the whole loop on the device.

    Args:
        model: causal.
        prompt: tokens (b t), at least one each.
        length: tokens to draw.
        seed: of the draws.
        temperature: below 1 sharpens the choice, above 1 flattens it; 0 always takes the likeliest.

    Returns:
        Tokens (b length).

    Raises:
        ShapeError: no prompt, or more positions than the model has.
        ArgumentError: a negative temperature.

    Example:
        >>> from labkit.models import TransformerConfig
        >>> config = TransformerConfig(5, 5, 12, width=8, heads=2, layers=1, causal=True)
        >>> model = Transformer(config, rngs=nnx.Rngs(0))
        >>> generate(model, np.array([[1, 2]]), 3).shape
        (1, 3)
    """
    tokens = np.asarray(prompt, np.int32)
    if tokens.ndim != 2 or not tokens.shape[1]:
        raise ShapeError("prompt", required="tokens (b t), at least one each", got=tokens.shape)
    if tokens.shape[1] + length > model.config.max_length:
        required = f"at most {model.config.max_length} positions with what is drawn"
        raise ShapeError("prompt", required=required, got=tokens.shape[1] + length)
    if temperature < 0:
        raise ArgumentError("temperature", required="at least 0", got=temperature)
    graphdef, state = nnx.split(in_evaluation_mode(model))
    key = jax.random.key(seed)
    return np.asarray(_draw(graphdef, state, tokens, key, temperature, length))


@functools.partial(jax.jit, static_argnums=(0, 5))
def _draw(
    graphdef: nnx.GraphDef,
    state: PyTree,
    prompt: Array,
    key: Array,
    temperature: Array,
    length: int,
) -> Array:
    def pick(logits: Array, key: Array) -> Array:
        drawn = jax.random.categorical(key, logits / jnp.maximum(temperature, 1e-6))
        return jnp.where(temperature > 0, drawn, logits.argmax(-1)).astype(jnp.int32)

    def step(carry: tuple, key: Array) -> tuple[tuple, Array]:
        logits, caches = carry
        token = pick(logits, key)
        logits, caches = nnx.merge(graphdef, state).extend(token[:, None], caches)
        return (logits[:, -1], caches), token

    model = nnx.merge(graphdef, state)
    logits, caches = model.extend(prompt, model.empty_caches(len(prompt)))
    _, tokens = lax.scan(step, (logits[:, -1], caches), jax.random.split(key, length))
    return tokens.T
