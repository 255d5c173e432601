"""What is learned again: a new head on a trained model, and which of its parts are trained."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

from labkit.errors import ArgumentError
from labkit.models.bert import Bert, mean_over_tokens
from labkit.models.layers import Dense
from labkit.types import Float, Int

__all__ = ["TextClassifier", "part", "with_head"]


def part(*names: str) -> Callable[[tuple, Any], bool]:
    """A filter for ``fit(trained=...)``: the parameters at or below these places in the model.

    Args:
        *names: places as `summary` names them, such as ``"head"`` or ``"blocks.3"``.

    Example:
        >>> chosen = part("head", "blocks.3")
        >>> chosen(("head", "bias"), None), chosen(("blocks", 3, "up", "kernel"), None)
        (True, True)
        >>> chosen(("blocks", 30, "up", "kernel"), None)
        False
    """
    if not names:
        raise ArgumentError("names", required="at least one place in the model", got=names)
    places = [tuple(name.split(".")) for name in names]

    def chosen(path: tuple, _value: Any) -> bool:
        steps = tuple(map(str, path))
        return any(steps[: len(place)] == place for place in places)

    return chosen


def with_head(model: Any, num_classes: int, *, rngs: nnx.Rngs) -> Any:
    """The model with a new last layer for other classes; the model given stays as it was.

    Args:
        model: any model of this room with a dense layer ``head``.
        num_classes: classes to tell apart from now on.
        rngs: the random stream that the new layer is drawn from.

    Raises:
        ArgumentError: the model has no dense head.

    Example:
        >>> from labkit.models import MLP, MLPConfig
        >>> model = with_head(MLP(MLPConfig.digits(), rngs=nnx.Rngs(0)), 3, rngs=nnx.Rngs(1))
        >>> model.config.num_outputs, model.head.kernel.shape
        (3, (128, 3))
    """
    head = getattr(model, "head", None)
    if not isinstance(head, Dense):
        raise ArgumentError(
            "model", required="one whose last layer is a dense `head`", got=type(model).__name__
        )
    result = nnx.clone(model)
    width, bias = head.kernel[...].shape[0], head.bias is not None
    result.head = Dense(width, num_classes, use_bias=bias, rngs=rngs)
    known = {field.name for field in dataclasses.fields(model.config)}
    changed = {"num_classes", "num_outputs"} & known
    result.config = dataclasses.replace(model.config, **dict.fromkeys(changed, num_classes))
    return result


class TextClassifier(nnx.Module):
    """An encoder, the mean of its vectors over the tokens of a text, and a dense head.

    Args:
        encoder: pretrained, from `load_bert`, or new.
        num_classes: classes to tell apart.
        lengths: a batch is computed on the first so many positions, the shortest of these lengths
            that holds every token of it; on all positions where none is given. The result is the
            same: what is saved is padding, in batches of short texts (``fit(..., alike=)``).
        rngs: the random stream that the head is drawn from.

    Example:
        >>> import jax.numpy as jnp
        >>> from labkit.models import BertConfig
        >>> encoder = Bert(BertConfig(11, 8, 8, 2, 1, 16), rngs=nnx.Rngs(0))
        >>> model = TextClassifier(encoder, 3, rngs=nnx.Rngs(1))
        >>> model(jnp.array([[5, 7, 2, 0], [4, 0, 0, 0]])).shape
        (2, 3)
    """

    def __init__(
        self, encoder: Bert, num_classes: int, *, lengths: tuple[int, ...] = (), rngs: nnx.Rngs
    ) -> None:
        self.encoder, self.lengths = encoder, tuple(sorted(lengths))
        self.head = Dense(encoder.config.width, num_classes, rngs=rngs)

    def __call__(self, tokens: Int[Array, "b t"]) -> Float[Array, "b k"]:
        """Scores (logits) of each class for each text; token 0 is padding."""
        return self.head(self.vectors(tokens))

    def vectors(self, tokens: Int[Array, "b t"]) -> Float[Array, "b d"]:
        """What the head sees: the mean of the encoder's vectors over the tokens of each text."""
        most = tokens.shape[1]
        sizes = [*(length for length in self.lengths if length < most), most]
        used = ((tokens != 0).any(0) * jnp.arange(1, most + 1)).max()
        chosen = (used > jnp.array(sizes[:-1], int)).sum()
        return lax.switch(chosen, [functools.partial(self._mean, size) for size in sizes], tokens)

    def _mean(self, length: int, tokens: Int[Array, "b t"]) -> Float[Array, "b d"]:
        """The mean over the first ``length`` positions, which hold every token."""
        tokens = tokens[:, :length]
        mask = (tokens != 0).at[:, 0].set(True)
        return mean_over_tokens(self.encoder(tokens, mask), mask)
