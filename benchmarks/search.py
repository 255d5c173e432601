"""Sixteen configurations trained at once, against the same sixteen one after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import optax
from flax import nnx

from benchmarks._harness import Row, interleave, main
from labkit import data, models, train, tune

MEMBERS, EPOCHS, BATCH = 16, 4, 32
RATES = np.logspace(-4, -2, MEMBERS)
DECAYS = np.logspace(-5, -1, MEMBERS)

DIGITS = data.load("digits")
INPUTS, TARGETS = DIGITS.scaled(), DIGITS.targets
LEARNED, HELD_OUT = slice(0, 1152), slice(1152, None)


def mlp(seed: int) -> nnx.Module:
    return models.MLP(models.MLPConfig((8, 8, 1), (64,), 10), rngs=nnx.Rngs(seed))


def cnn(seed: int) -> nnx.Module:
    return models.CNN(models.CNNConfig.digits(), rngs=nnx.Rngs(seed))


def population(build: Callable[[int], nnx.Module], members: slice) -> np.ndarray:
    """The last validation loss of some of the configurations, trained at once."""
    trained = tune.train_population(
        build,
        INPUTS[LEARNED],
        TARGETS[LEARNED],
        validation=(INPUTS[HELD_OUT], TARGETS[HELD_OUT]),
        epochs=EPOCHS,
        batch_size=BATCH,
        hyperparameters={"learning_rate": RATES[members], "weight_decay": DECAYS[members]},
    )
    return trained.curves["validation_loss"][:, -1]


def one_by_one(build: Callable[[int], nnx.Module]) -> np.ndarray:
    """The same program with one member, sixteen times: compiled once, the strongest rival."""
    return np.concatenate([population(build, slice(i, i + 1)) for i in range(MEMBERS)])


def fit_one_by_one(build: Callable[[int], nnx.Module]) -> np.ndarray:
    """Sixteen calls of `fit`, each with an optimizer of its own, as one would write it down."""
    losses = []
    for rate, decay in zip(RATES.tolist(), DECAYS.tolist(), strict=True):
        result = train.fit(
            build(0),
            INPUTS[LEARNED],
            TARGETS[LEARNED],
            validation=(INPUTS[HELD_OUT], TARGETS[HELD_OUT]),
            epochs=EPOCHS,
            batch_size=BATCH,
            optimizer=optax.adamw(rate, weight_decay=decay),
            progress=False,
        )
        losses.append(result.history.curve("validation_loss")[-1])
    return np.array(losses)


def rows() -> Iterator[Row]:
    """The two models; `fit` is timed once, for it compiles sixteen programs."""
    for name, build in (("MLP", mlp), ("CNN", cnn)):
        together, apart = population(build, slice(None)), one_by_one(build)
        # The same search: equal to rounding, which the largest learning rates magnify step by step.
        np.testing.assert_allclose(np.median(np.abs(together / apart - 1)), 0, atol=1e-3)
        seconds = interleave(
            {
                "at once": lambda b=build: population(b, slice(None)),
                "one by one": lambda b=build: one_by_one(b),
            },
            repeats=7,
        )
        yield Row(
            f"16 configurations of the {name} on digits",
            "one after another, compiled once",
            seconds["one by one"] / seconds["at once"],
            goal=3.0,
            detail={f"{key} s": value for key, value in seconds.items()},
        )
    start = time.perf_counter()
    population(mlp_again, slice(None))
    middle = time.perf_counter()
    fit_one_by_one(mlp_again)
    cold_s, fit_s = middle - start, time.perf_counter() - middle
    yield Row(
        "16 configurations of the MLP on digits, compilation included",
        "one `fit` after another",
        fit_s / cold_s,
        detail={"at once s": cold_s, "one by one s": fit_s},
    )


def mlp_again(seed: int) -> nnx.Module:
    """A little wider, so that nothing is compiled yet."""
    return models.MLP(models.MLPConfig((8, 8, 1), (66,), 10), rngs=nnx.Rngs(seed))


if __name__ == "__main__":
    main(rows, title="Vectorised search", packages=("jax", "flax", "optax", "numpy"))
