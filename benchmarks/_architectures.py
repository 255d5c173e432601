"""One training step of ResNet-9, an LSTM and a Transformer: in labkit, and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

IMAGES, WIDTH = 64, 16
RECURRENT = (32, 64, 128)  # sequences, characters, width
TRANSFORMER = (16, 128, 128)
LAYERS, HEADS, TOKENS = 4, 4, 65


def _images() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    return draw.random((IMAGES, 32, 32, 3), np.float32), draw.integers(0, 10, IMAGES)


def _letters(batch: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(0).integers(0, TOKENS, (batch, length + 1))
    return drawn[:, :-1], drawn[:, 1:]


# ---------------------------------------------------------------- labkit
def _labkit(model: Any, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any, Any]:
    import jax.numpy as jnp
    import optax

    from labkit import train
    from labkit.train.loop import Examples, Program, initial_state
    from labkit.train.state import split_model

    graphdef, params, _, rest = split_model(model)
    program = Program(graphdef, optax.adam(1e-3), train.cross_entropy)
    return program, initial_state(program, params, rest), Examples(*map(jnp.asarray, (x, y)))


def _labkit_step(model: Any, x: np.ndarray, y: np.ndarray, steps: int = 1) -> Callable[[], Any]:
    """``steps`` steps on the same batch by the program that ``fit`` runs."""
    import jax
    import jax.numpy as jnp

    from labkit.train.loop import run_steps

    program, state, examples = _labkit(model, x, y)
    order = jnp.arange(len(x))[None].repeat(max(steps, 1), 0)
    box, key = [state], jax.random.key(0)

    def call() -> None:
        trace = jnp.zeros((max(steps, 1), 1))
        box[0], trace, _ = run_steps(program, box[0], trace, examples, order, key, 0, steps)
        jax.block_until_ready(trace)

    return call


def _resnet9() -> Any:
    from flax import nnx

    import labkit  # noqa: F401  (first, as a notebook does: its remedies come before JAX)
    from labkit import models

    return models.ResNet9(models.ResNet9Config((32, 32, 3), width=WIDTH), rngs=nnx.Rngs(0))


def labkit_resnet9() -> Callable[[], Any]:
    return _labkit_step(_resnet9(), *_images())


def labkit_resnet9_no_step() -> Callable[[], Any]:
    """The same call asked for no step: what coming from Python costs."""
    return _labkit_step(_resnet9(), *_images(), steps=0)


def labkit_lstm() -> Callable[[], Any]:
    from flax import nnx

    import labkit  # noqa: F401
    from labkit import models

    config = models.RecurrentConfig(TOKENS, TOKENS, width=RECURRENT[2])
    return _labkit_step(models.RecurrentNet(config, rngs=nnx.Rngs(0)), *_letters(*RECURRENT[:2]))


def labkit_transformer() -> Callable[[], Any]:
    from flax import nnx

    import labkit  # noqa: F401
    from labkit import models

    config = models.TransformerConfig.characters(TOKENS, TRANSFORMER[1])
    model = models.Transformer(config, rngs=nnx.Rngs(0))
    return _labkit_step(model, *_letters(*TRANSFORMER[:2]))


# ---------------------------------------------------------------- PyTorch
def _torch_step(model: Any, x: Any, y: Any, *, compiled: bool) -> Callable[[], Any]:
    import torch

    run = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    target = torch.from_numpy(y).reshape(-1)

    def call() -> None:
        optimizer.zero_grad(set_to_none=True)
        outputs = run(x)
        loss = torch.nn.functional.cross_entropy(outputs.reshape(-1, outputs.shape[-1]), target)
        loss.backward()
        optimizer.step()
        loss.item()

    return call


def _torch_resnet9(*, compiled: bool) -> Callable[[], Any]:
    import torch
    from torch import nn

    def part(n: int, m: int, *, pool: bool = False) -> Any:
        layers = [nn.Conv2d(n, m, 3, padding=1, bias=False), nn.BatchNorm2d(m), nn.ReLU()]
        return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if pool else []))

    class Residual(nn.Module):
        def __init__(self, n: int) -> None:
            super().__init__()
            self.parts = nn.Sequential(part(n, n), part(n, n))

        def forward(self, x: Any) -> Any:
            return x + self.parts(x)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            w = WIDTH
            layers = [part(3, w), part(w, 2 * w, pool=True), Residual(2 * w)]
            layers += [part(2 * w, 4 * w, pool=True), part(4 * w, 8 * w, pool=True)]
            self.body = nn.Sequential(*layers, Residual(8 * w))
            self.head = nn.Linear(8 * w, 10, bias=False)

        def forward(self, x: Any) -> Any:
            return self.head(self.body(x).amax((2, 3))) * 0.125

    x, y = _images()
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    return _torch_step(Net().to(memory_format=torch.channels_last), images, y, compiled=compiled)


def _torch_lstm(*, compiled: bool) -> Callable[[], Any]:
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            d = RECURRENT[2]
            self.embedding, self.head = nn.Embedding(TOKENS, d), nn.Linear(d, TOKENS)
            self.lstm = nn.LSTM(d, d, batch_first=True)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.lstm(self.embedding(tokens))[0])

    x, y = _letters(*RECURRENT[:2])
    return _torch_step(Net(), torch.from_numpy(x), y, compiled=compiled)


def _torch_transformer(*, compiled: bool) -> Callable[[], Any]:
    import torch
    from torch import nn

    _, t, d = TRANSFORMER

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
            self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
            self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

        def forward(self, x: Any) -> Any:
            b = len(x)
            joined = self.qkv(self.norm1(x)).reshape(b, t, 3, HEADS, -1)
            q, k, v = (joined[:, :, i].transpose(1, 2) for i in range(3))
            seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(seen.transpose(1, 2).reshape(b, t, d))
            inside = nn.functional.gelu(self.up(self.norm2(x)), approximate="tanh")
            return x + self.down(inside)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(TOKENS, d), nn.Embedding(t, d)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, TOKENS)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places.weight
            return self.head(self.norm(self.blocks(x)))

    x, y = _letters(*TRANSFORMER[:2])
    return _torch_step(Net(), torch.from_numpy(x), y, compiled=compiled)


def torch_resnet9() -> Callable[[], Any]:
    return _torch_resnet9(compiled=False)


def torch_resnet9_compiled() -> Callable[[], Any]:
    return _torch_resnet9(compiled=True)


def torch_lstm() -> Callable[[], Any]:
    return _torch_lstm(compiled=False)


def torch_lstm_compiled() -> Callable[[], Any]:
    return _torch_lstm(compiled=True)


def torch_transformer() -> Callable[[], Any]:
    return _torch_transformer(compiled=False)


def torch_transformer_compiled() -> Callable[[], Any]:
    return _torch_transformer(compiled=True)
