"""The networks of the published tables: as large, and as much work, as their papers say."""

from __future__ import annotations

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from labkit.perf import count

sys.path.append(str(Path(__file__).parents[2]))  # benchmarks are no part of the package

from benchmarks.published.decoding import DECODERS, decoding_step
from benchmarks.published.networks import (
    NETWORKS,
    Weights,
    bert,
    parameters,
    resnet50,
    weight_shapes,
)

IMAGE = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)


def test_resnet50_has_its_parameters_and_operations():
    # torchvision's ResNet-50: 25,557,032 parameters, one of them a bias for each of 1,000 classes.
    assert parameters(resnet50, IMAGE) == 25_557_032 - 1000
    shapes = [jax.ShapeDtypeStruct(s, jnp.float32) for s in weight_shapes(resnet50, IMAGE)]
    counted = count(lambda w, x: resnet50(Weights(list(w)), x), shapes, IMAGE, compiled=False)
    products = {p.name: p.flops for p in counted.by_operation}
    # 4.09 billion multiply-adds; padding's are not counted here.
    assert products["conv_general_dilated"] == pytest.approx(2 * 4.09e9, rel=0.04)


@pytest.mark.parametrize(("name", "millions"), [("base", 110), ("large", 340)])
def test_bert_has_its_parameters(name, millions):
    sizes = {"base": (12, 768, 12), "large": (24, 1024, 16)}[name]
    tokens = jax.ShapeDtypeStruct((1, 512), jnp.int32)
    assert parameters(bert(*sizes), tokens) == pytest.approx(millions * 1e6, rel=0.02)


def test_every_lambda_network_is_known():
    assert {"resnet50", "ssd", "bert_base_squad", "transformerxlbase"} <= set(NETWORKS)


@pytest.mark.parametrize(
    ("name", "billions", "active"),
    [("Qwen/Qwen3-8B", 8.2, 8.2), ("Qwen/Qwen3-30B-A3B-Thinking-2507", 30.5, 3.3)],
)
def test_a_step_of_decoding_reads_the_weights_that_are_active(name, billions, active):
    model = DECODERS[name]

    def read_bytes(batch):
        step = decoding_step(
            model,
            precision="bfloat16",
            batch=batch,
            context=0,
            devices=1,
            split_attention=True,
        )
        return sum(kernel.times * kernel.moved_bytes for kernel in step.products)

    table = model.vocabulary * model.width  # the table to look words up in is not read
    assert read_bytes(1) == pytest.approx(2 * (active * 1e9 - table), rel=0.06)
    assert read_bytes(200) == pytest.approx(2 * (billions * 1e9 - table), rel=0.12)
