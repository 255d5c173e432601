"""Exercises of notebook 03: the chain rule, layer by layer, and what networks count."""

from __future__ import annotations

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

_RNG = np.random.default_rng(3)
_X, _DY = _RNG.normal(size=(5, 3)), _RNG.normal(size=(5, 2))
_LOGITS = [_RNG.normal(size=4), np.array([0.0, 0.0, 0.0]), np.array([9.0, -9.0])]


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - np.max(logits))
    return exponentials / exponentials.sum()


def _surprise_gradient(logits: np.ndarray, target: int) -> np.ndarray:
    return _softmax(logits) - np.eye(len(logits))[target]


SIGMOID_SLOPE = Exercise(
    name="backprop.sigmoid_slope",
    prompt=(
        "Backpropagation keeps the *outputs* of each layer. Write a function that returns the "
        "derivative of the sigmoid from its output $s$ alone (an array), without computing an "
        "exponential again."
    ),
    judge=judges.function(
        lambda s: s * (1 - s),
        [(np.array([0.5]),), (np.array([0.1, 0.9]),), (np.array([0.0, 1.0]),)],
        traps=[
            (lambda s: 1 - s**2, "That is the derivative of tanh from its output."),
            (lambda s: 1 - s, "One factor is missing: at s = 0 the slope must vanish too."),
            (lambda s: s, "One factor is missing: at s = 1 the slope must vanish too."),
            (
                lambda s: np.exp(-s) / (1 + np.exp(-s)) ** 2,
                "That takes s for the input of the sigmoid; s is its output.",
            ),
        ],
    ),
    hints=(
        "Write s = 1 / (1 + exp(-x)) and differentiate; what is exp(-x) in terms of s?",
        "The slope is largest, 1/4, at s = 1/2, and zero at both ends.",
    ),
    solution="def slope(s):\n    return s * (1 - s)",
    praise="At most 1/4: ten sigmoid layers shrink a gradient a million times.",
)

SURPRISE_GRADIENT = Exercise(
    name="backprop.surprise_gradient",
    prompt=(
        "Write a function of the logits of one example (an array) and its true class (a whole "
        "number) that returns the gradient of the cross-entropy with respect to the logits."
    ),
    judge=judges.function(
        _surprise_gradient,
        [(logits, target) for logits in _LOGITS for target in (0, 1)],
        rtol=1e-4,
        atol=1e-6,
        traps=[
            (lambda z, _: _softmax(z), "The true class must be pulled up, not pushed down."),
            (lambda z, t: -_surprise_gradient(z, t), "Look at the sign: a loss goes down."),
            (
                lambda z, t: -np.eye(len(z))[t] / _softmax(z)[t],
                "That is the gradient with respect to the probabilities: one link is missing.",
            ),
        ],
    ),
    hints=(
        "The loss is log(sum of exp(z)) - z[target]. Differentiate the two terms.",
        "The first term gives the softmax, the second minus one at the target.",
    ),
    solution=(
        "def gradient(logits, target):\n"
        "    p = np.exp(logits - logits.max())\n"
        "    p = p / p.sum()\n"
        "    p[target] -= 1\n"
        "    return p"
    ),
    praise="What was believed minus what is true: never larger than 1, whatever the logits.",
)

KERNEL_GRADIENT = Exercise(
    name="backprop.kernel_gradient",
    prompt=(
        "A dense layer computes `y = x @ kernel` for a batch (rows are examples). Write a "
        "function of `x` and of `dy`, the gradient of the loss with respect to `y`, that "
        "returns the gradient with respect to `kernel`."
    ),
    judge=judges.function(
        lambda x, dy: x.T @ dy,
        [(_X, _DY), (_X[:1], _DY[:1])],
        traps=[
            (lambda x, dy: dy.T @ x, "The shape must be that of the kernel: inputs by outputs."),
            (
                lambda x, dy: x.T @ dy / len(x),
                "The mean over the batch is in dy already, if the loss is a mean.",
            ),
        ],
    ),
    hints=(
        "Which product of x and dy, one of them transposed, has the kernel's shape?",
        "kernel[i, j] carries x[b, i] to y[b, j], in every example b: sum over b.",
    ),
    solution="def kernel_gradient(x, dy):\n    return x.T @ dy",
    praise="The batch is summed over by the product itself.",
)

LARGEST_RATE = Exercise(
    name="backprop.largest_rate",
    prompt=(
        "Gradient descent on $f(w) = 2 w^2$ repeats $w \\leftarrow w - \\eta f'(w)$. Above which "
        "learning rate $\\eta$ does it diverge from every start but 0?"
    ),
    judge=judges.number(
        0.5,
        traps={
            0.25: "At that rate it arrives in one step; a little above it still converges.",
            1.0: "Differentiate f first: its slope at w is 4 w.",
            4.0: "That is the curvature; the rate is bounded by something over it.",
            2.0: "Differentiate f first, then ask when w grows in size.",
        },
    ),
    hints=(
        "Each step multiplies w by the same factor. Which?",
        "The factor is 1 - 4 times the rate: when is its size above 1?",
    ),
    solution="2 / 4  # two over the curvature",
    praise="Two over the curvature: the steepest direction sets the rate for all others.",
)

CONV_PARAMETERS = Exercise(
    name="backprop.conv_parameters",
    prompt=(
        "How many parameters has a convolution with 3 × 3 windows from 32 to 64 channels, its "
        "bias included?"
    ),
    judge=judges.number(
        3 * 3 * 32 * 64 + 64,
        rel=1e-6,
        traps={
            3 * 3 * 32 * 64: "The bias is missing: one number for each output channel.",
            3 * 3 * 64 + 64: "Every output channel looks at all input channels.",
            3 * 3 * 32 * 64 + 32: "One bias for each channel that is produced.",
            3 * 3 * 32 * 65: "The bias is one number per output channel, not a channel of weights.",
        },
    ),
    hints=(
        "One output channel has a window of weights for each input channel.",
        "Weights of one output channel: 3 · 3 · 32. Then its bias. Then 64 such channels.",
    ),
    solution="(3 * 3 * 32 + 1) * 64  # 18496",
    praise="The size of the image does not enter: that is what sharing weights means.",
)


def _code_price(mean: np.ndarray, log_variance: np.ndarray) -> float:
    return float(np.sum(np.exp(log_variance) + mean**2 - 1 - log_variance) / 2)


CODE_PRICE = Exercise(
    name="backprop.code_price",
    prompt=(
        "A variational autoencoder encodes an image as normal distributions with the given `mean` "
        "and `log_variance` (arrays, one entry for each number of the code). Write a function of "
        "the two that returns the code's price in nats: the KL divergence from standard normal "
        "distributions, summed over the code."
    ),
    judge=judges.function(
        _code_price,
        [
            (np.array([0.5, -1.0]), np.array([-0.4, 0.3])),
            (np.array([2.0]), np.array([-3.0])),
            (np.zeros(3), np.zeros(3)),
        ],
        traps=[
            (lambda m, v: 2 * _code_price(m, v), "A factor of 1/2 is missing."),
            (lambda m, v: _code_price(m, 2 * v), "That takes `log_variance` for a log deviation."),
            (
                lambda m, _: np.sum(m**2) / 2,
                "A narrow distribution has its price, too.",
            ),
            (
                lambda m, v: _code_price(m, v) / len(m),
                "The numbers of a code are independent: their prices add up.",
            ),
            (lambda m, v: -_code_price(m, v), "Look at the sign: no code costs less than nothing."),
        ],
    ),
    hints=(
        "Take one number of the code. What must the price be at mean 0 and variance 1?",
        "For one: (variance + mean² - 1 - log variance) / 2. Which one is given as a logarithm?",
    ),
    solution=(
        "def price(mean, log_variance):\n"
        "    return (np.exp(log_variance) + mean**2 - 1 - log_variance).sum() / 2"
    ),
    praise="A code that is the same for every image costs nothing, and says nothing.",
)

EXERCISES = (
    SIGMOID_SLOPE,
    SURPRISE_GRADIENT,
    KERNEL_GRADIENT,
    LARGEST_RATE,
    CONV_PARAMETERS,
    CODE_PRICE,
)
