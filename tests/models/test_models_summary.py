from __future__ import annotations

import jax
import pytest
from flax import nnx

from labkit import perf
from labkit.models import CNN, MLP, CNNConfig, MLPConfig, summary

BATCH = 4


@pytest.fixture(scope="module")
def counted():
    return summary(CNN(CNNConfig.seed_cifar10(), rngs=nnx.Rngs(0)), (BATCH, 32, 32, 3))


def test_rows_are_the_calls_in_order(counted) -> None:
    names = [layer.name for layer in counted.layers]
    assert names == ["convs.0", "pool", "convs.1", "pool", "convs.2", "flatten", "hidden", "head"]
    assert [layer.output_shape[1:] for layer in counted.layers[:5]] == [
        (30, 30, 32),
        (15, 15, 32),
        (13, 13, 64),
        (6, 6, 64),
        (4, 4, 64),
    ]


def test_convolutions_and_products_cost_what_the_formula_says(counted) -> None:
    by_name = {layer.name: layer for layer in counted.layers}
    # 2 * places * window * channels in * channels out, and one addition of the bias per output.
    places = 13 * 13
    assert by_name["convs.1"].flops == BATCH * places * 64 * (2 * 9 * 32 + 1)
    assert by_name["hidden"].flops == BATCH * 64 * (2 * 1024 + 1)
    assert by_name["hidden"].moved_bytes == 4 * (BATCH * 1024 + 1024 * 64 + 64 + BATCH * 64)


def test_parts_sum_to_the_whole(counted) -> None:
    assert sum(layer.parameters for layer in counted.layers) == counted.parameters == 122_570
    assert counted.parameter_bytes == 4 * counted.parameters
    assert sum(layer.flops for layer in counted.layers) + counted.other_flops == counted.flops
    # Between the layers there are four rectifiers, one operation for each value.
    rectified = BATCH * (30 * 30 * 32 + 13 * 13 * 64 + 4 * 4 * 64 + 64)
    assert counted.other_flops == rectified


def test_total_is_what_perf_counts() -> None:
    model = MLP(MLPConfig.digits(), rngs=nnx.Rngs(0))
    graphdef, state = nnx.split(model)
    images = jax.ShapeDtypeStruct((BATCH, 8, 8, 1), "float32")
    whole = perf.count(lambda s, x: nnx.merge(graphdef, s)(x), state, images, compiled=False)
    assert whole.flops == summary(model, images).flops


def test_prints_aligned_columns_and_leaves_the_model_as_it_was() -> None:
    model = MLP(MLPConfig((4,), (16,), 2, dropout=0.5), rngs=nnx.Rngs(0))
    lines = str(summary(model, (2, 4))).splitlines()
    assert lines[0].split()[:3] == ["layer", "kind", "output"]
    assert lines[-1].split()[:2] == ["total", "114"]
    assert lines[2].startswith("hidden.0")
    assert len({line.index(cell) for line, cell in zip(lines[1:3], ("Fl", "De"), strict=True)}) == 1
    assert not model.dropout.deterministic
