"""The CIFAR-10 CNN (32-pool-64-pool-64-64-10, batch 64, Adam) as each library's users write it.

Every function makes one contender: a callable that takes one training step (or answers one
request) and waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

BATCH, STEPS_IN_LOOP = 64, 8


def batch(count: int = BATCH) -> tuple[np.ndarray, np.ndarray]:
    """Random pixels and labels: no arithmetic here depends on their values."""
    draw = np.random.default_rng(0)
    return draw.random((count, 32, 32, 3), np.float32), draw.integers(0, 10, count)


# ---------------------------------------------------------------- labkit
def _labkit() -> tuple[Any, Any, Any]:
    import optax
    from flax import nnx

    from labkit import models, train
    from labkit.train.loop import Program, initial_state
    from labkit.train.state import split_model

    model = models.CNN(models.CNNConfig.seed_cifar10(), rngs=nnx.Rngs(0))
    graphdef, params, _, rest = split_model(model)
    program = Program(graphdef, optax.adam(1e-3), train.cross_entropy)
    return program, initial_state(program, params, rest), graphdef


def labkit_step() -> Callable[[], Any]:
    import jax
    import jax.numpy as jnp

    import labkit  # noqa: F401  (first, as a notebook does: its remedies come before JAX)
    from labkit import kernels
    from labkit.train.loop import Examples, train_step

    program, state, _ = _labkit()
    x, y = map(jnp.asarray, batch())
    step = kernels.jit(lambda state, batch: train_step(program, state, batch), donate_argnums=0)
    examples = Examples(x, y)
    box = [state]

    def call() -> None:
        box[0], scores = step(box[0], examples)
        jax.block_until_ready(scores)

    return call


def labkit_epoch() -> Callable[[], Any]:
    """Eight steps in one program; divide the reading by `STEPS_IN_LOOP`."""
    import jax
    import jax.numpy as jnp

    from labkit.train.loop import Examples, run_steps

    program, state, _ = _labkit()
    x, y = map(jnp.asarray, batch(BATCH * STEPS_IN_LOOP))
    order = jnp.arange(len(x)).reshape(STEPS_IN_LOOP, BATCH)
    box = [state]
    first, last, key = jnp.asarray(0), jnp.asarray(STEPS_IN_LOOP), jax.random.key(0)

    def call() -> None:
        trace = jnp.zeros((STEPS_IN_LOOP, 1))
        box[0], trace, _ = run_steps(
            program, box[0], trace, Examples(x, y), order, key, first, last
        )
        jax.block_until_ready(trace)

    return call


def _labkit_answers(count: int) -> Callable[[], Any]:
    import jax.numpy as jnp
    from flax import nnx

    import labkit  # noqa: F401
    from labkit import kernels

    _, state, graphdef = _labkit()
    x = jnp.asarray(batch(count)[0])
    answer = kernels.jit(lambda params, x: nnx.merge(graphdef, params, state.rest)(x))
    return lambda: answer(state.params, x).block_until_ready()


def labkit_answer_1() -> Callable[[], Any]:
    return _labkit_answers(1)


def labkit_answer_64() -> Callable[[], Any]:
    return _labkit_answers(64)


# ---------------------------------------------------------------- idiomatic flax
def _flax_model() -> Any:
    import jax
    from flax import nnx

    class Net(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.c1 = nnx.Conv(3, 32, (3, 3), padding="VALID", rngs=rngs)
            self.c2 = nnx.Conv(32, 64, (3, 3), padding="VALID", rngs=rngs)
            self.c3 = nnx.Conv(64, 64, (3, 3), padding="VALID", rngs=rngs)
            self.d1, self.d2 = nnx.Linear(1024, 64, rngs=rngs), nnx.Linear(64, 10, rngs=rngs)

        def __call__(self, x: jax.Array) -> jax.Array:
            x = nnx.max_pool(nnx.relu(self.c1(x)), (2, 2), (2, 2))
            x = nnx.max_pool(nnx.relu(self.c2(x)), (2, 2), (2, 2))
            x = nnx.relu(self.c3(x)).reshape(x.shape[0], -1)
            return self.d2(nnx.relu(self.d1(x)))

    return Net(nnx.Rngs(0))


def flax_step() -> Callable[[], Any]:
    import jax
    import jax.numpy as jnp
    import optax
    from flax import nnx

    model = _flax_model()
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    x, y = map(jnp.asarray, batch())

    @nnx.jit
    def step(model: Any, optimizer: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        def loss(model: Any) -> jax.Array:
            return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

        value, gradients = nnx.value_and_grad(loss)(model)
        optimizer.update(model, gradients)
        return value

    return lambda: step(model, optimizer, x, y).block_until_ready()


def flax_answer_1() -> Callable[[], Any]:
    import jax.numpy as jnp
    from flax import nnx

    model, x = _flax_model(), jnp.asarray(batch(1)[0])
    answer = nnx.jit(lambda model, x: model(x))
    return lambda: answer(model, x).block_until_ready()


# ---------------------------------------------------------------- PyTorch
def _torch_model() -> Any:
    import torch
    from torch import nn

    layers = [nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU()]
    layers += [nn.MaxPool2d(2), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten()]
    model = nn.Sequential(*layers, nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10))
    return model.to(memory_format=torch.channels_last)


def _torch_images(count: int) -> Any:
    import torch

    x = torch.from_numpy(batch(count)[0]).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last)


def _torch_step(model: Any, **options: Any) -> Callable[[], Any]:
    import torch

    x, y = _torch_images(BATCH), torch.from_numpy(batch()[1])
    optimizer = torch.optim.Adam(model.parameters(), **options)

    def call() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        loss.item()

    return call


def torch_step() -> Callable[[], Any]:
    return _torch_step(_torch_model())


def torch_fused_step() -> Callable[[], Any]:
    return _torch_step(_torch_model(), fused=True)


def torch_compiled_step() -> Callable[[], Any]:
    import torch

    return _torch_step(torch.compile(_torch_model()), fused=True)


def _torch_answers(count: int, *, compiled: bool) -> Callable[[], Any]:
    import torch

    model, x = _torch_model().eval(), _torch_images(count)
    model = torch.compile(model) if compiled else model

    def call() -> Any:
        with torch.inference_mode():
            return model(x)

    return call


def torch_answer_1() -> Callable[[], Any]:
    return _torch_answers(1, compiled=False)


def torch_answer_64() -> Callable[[], Any]:
    return _torch_answers(64, compiled=False)


def torch_compiled_answer_64() -> Callable[[], Any]:
    return _torch_answers(64, compiled=True)


# ---------------------------------------------------------------- TensorFlow and Keras
def _keras_model() -> Any:
    from keras import Input, Sequential, layers

    parts = [Input((32, 32, 3)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D()]
    parts += [layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D()]
    parts += [layers.Conv2D(64, 3, activation="relu"), layers.Flatten()]
    return Sequential([*parts, layers.Dense(64, activation="relu"), layers.Dense(10)])


def tensorflow_step() -> Callable[[], Any]:
    """Run with KERAS_BACKEND=tensorflow."""
    import keras
    import tensorflow as tf

    model, (x, y) = _keras_model(), batch()
    x, y = tf.constant(x), tf.constant(y)
    optimizer = keras.optimizers.Adam()
    score = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = score(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return lambda: step().numpy()


def keras_jax_step() -> Callable[[], Any]:
    """Run with KERAS_BACKEND=jax: ``train_on_batch`` of a compiled model."""
    import keras

    model, (x, y) = _keras_model(), batch()
    score = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", score)
    return lambda: model.train_on_batch(x, y)


# ---------------------------------------------------------------- ONNX Runtime
def _onnx_answers(count: int) -> Callable[[], Any]:
    import io

    import onnxruntime
    import torch

    buffer = io.BytesIO()
    images = torch.from_numpy(batch(count)[0]).permute(0, 3, 1, 2).contiguous()
    torch.onnx.export(_torch_model().eval(), (images,), buffer, dynamo=False)
    session = onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])
    name, x = session.get_inputs()[0].name, images.numpy()
    return lambda: session.run(None, {name: x})


def onnx_answer_1() -> Callable[[], Any]:
    return _onnx_answers(1)


def onnx_answer_64() -> Callable[[], Any]:
    return _onnx_answers(64)
