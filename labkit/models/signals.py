"""Networks for signals of one length: convolutions along time, or an LSTM from end to end."""

from __future__ import annotations

from dataclasses import dataclass

import jax
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from labkit.errors import ArgumentError
from labkit.models.checks import batch_of
from labkit.models.layers import Conv, Dense
from labkit.models.norms import BatchNorm
from labkit.models.recurrent import LSTM, Bidirectional
from labkit.types import Float

__all__ = ["SignalCNN", "SignalConfig", "SignalLSTM"]


@dataclass(frozen=True)
class SignalConfig:
    """What a network for signals looks like.

    Attributes:
        samples: length of a signal.
        num_classes: classes to tell apart.
        channels: leads of a signal.
        widths: maps of each convolution, or of the one layer of an LSTM each way.
        windows: samples that each convolution sees; one for each width.
    """

    samples: int
    num_classes: int
    channels: int = 1
    widths: tuple[int, ...] = (32, 64, 32)
    windows: tuple[int, ...] = (8, 5, 3)

    def __post_init__(self) -> None:
        """Refuse sizes that make no network."""
        sizes = (self.samples, self.num_classes, self.channels, *self.widths, *self.windows)
        if min(sizes) < 1 or len(self.widths) != len(self.windows):
            required = "made of sizes of at least 1, a window for each width"
            raise ArgumentError("SignalConfig", required=required, got=self)


class SignalCNN(nnx.Module):
    """Convolutions along time, each normalised and bent, then the mean over time.

    Args:
        config: its sizes.
        rngs: the random stream that the parameters are drawn from.

    Source: Wang, Yan and Oates 2017 (arXiv:1611.06455), the fully convolutional network, with
        narrower maps by default.

    Example:
        >>> model = SignalCNN(SignalConfig(140, 5), rngs=nnx.Rngs(0))
        >>> nnx.eval_shape(lambda m, x: m(x), model, jax.numpy.zeros((2, 140, 1))).shape
        (2, 5)
    """

    def __init__(self, config: SignalConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        ins = (config.channels, *config.widths)
        layers = list(zip(ins, config.widths, config.windows, strict=False))
        self.convs = nnx.List(
            [
                Conv(n, m, window=(1, size), padding="SAME", use_bias=False, rngs=rngs)
                for n, m, size in layers
            ]
        )
        self.norms = nnx.List([BatchNorm(m) for _, m, _ in layers])
        self.head = Dense(config.widths[-1], config.num_classes, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "b k"]:
        """Scores (logits) of each class for each signal (b t c)."""
        x = batch_of((self.config.samples, self.config.channels), inputs)[:, None]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = jax.nn.relu(norm(conv(x)))
        return self.head(x.mean((1, 2)))


class SignalLSTM(nnx.Module):
    """An LSTM that reads a signal both ways, and the mean of its states.

    Args:
        config: its sizes; the first of ``widths`` counts.
        rngs: the random stream that the parameters are drawn from.

    Example:
        >>> model = SignalLSTM(SignalConfig(140, 5), rngs=nnx.Rngs(0))
        >>> nnx.eval_shape(lambda m, x: m(x), model, jax.numpy.zeros((2, 140, 1))).shape
        (2, 5)
    """

    def __init__(self, config: SignalConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        self.layer = Bidirectional(LSTM, config.channels, config.widths[0], rngs=rngs)
        self.head = Dense(2 * config.widths[0], config.num_classes, rngs=rngs)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "b k"]:
        """Scores (logits) of each class for each signal (b t c)."""
        x = batch_of((self.config.samples, self.config.channels), inputs)
        return self.head(self.layer(x).mean(1))
