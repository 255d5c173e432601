"""Published measurements as rows: what ran, where, how long it took, and its demand.

Not every column of every table can be predicted from what is published beside it. Left out:

- Lambda: ``ncf`` (values such as 13,346,091,200 samples a second are no measurements), ``gnmt``
  and ``tacotron2`` (the lengths of their sentences are not published), ``waveglow`` (its fp16 and
  fp32 rows are the same, so the flag never reached it), and rows of 0.
- MLPerf: all but ResNet and BERT, whose examples to convergence are published as reference
  convergence points; accelerators that the catalogue does not know.
- ML.ENERGY: Nemotron, whose layers are not attention.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp

from benchmarks.published.decoding import DECODERS, decoding_step
from benchmarks.published.networks import traced
from labkit.hw import DeviceSpec, get_device
from labkit.perf.demand import Demand, demand
from labkit.perf.elsewhere import Efficiency
from labkit.perf.parallel import parallel_s


@dataclass(frozen=True)
class Way:
    """One way in which a measurement may have been made: a step, so many times."""

    asked: Demand
    steps: float = 1.0
    exchanged_bytes: float = 0.0
    exchanges: int = 1
    overlap: float = 0.0


@dataclass(frozen=True)
class Published:
    """One published measurement.

    Attributes:
        table, workload: where it stands, and what ran.
        device, devices: on what.
        seconds: measured.
        ways: how it may have been run; the fastest is taken, as those who measure do.
    """

    table: str
    workload: str
    device: str
    devices: int
    seconds: float
    ways: tuple[Way, ...]

    def predict(self, reached: Efficiency | None = None) -> float:
        """Seconds by the model."""
        spec = get_device(self.device)
        return min(way.steps * _way_s(way, spec, self.devices, reached) for way in self.ways)


def _way_s(way: Way, spec: DeviceSpec, devices: int, reached: Efficiency | None) -> float:
    return parallel_s(
        way.asked,
        spec,
        devices,
        exchanged_bytes=way.exchanged_bytes,
        exchanges=way.exchanges,
        overlap=way.overlap,
        reached=reached,
    ).seconds


# ---------------------------------------------------------------- Vidur: kernels

VIDUR = {"a100": "NVIDIA A100 SXM4 80 GB", "h100": "NVIDIA H100 SXM5 80GB"}


def _half(*shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.float16)


def _norm(x: jax.Array, scale: jax.Array, shift: jax.Array) -> jax.Array:
    return jax.nn.standardize(x.astype(jnp.float32)).astype(x.dtype) * scale + shift


def _turn(x: jax.Array, sines: jax.Array) -> jax.Array:
    half = x.shape[-1] // 2
    turned = jnp.concatenate([-x[..., half:], x[..., :half]], -1)
    return x * sines[0] + turned * sines[1]


def vidur_kernels(tokens: int, width: int, hidden: int, vocabulary: int) -> dict[str, Demand]:
    """The kernels of one layer of Phi-2, each by itself."""
    x, wide = _half(tokens, width), _half(tokens, hidden)
    number = jax.ShapeDtypeStruct((tokens,), jnp.int32)
    product = jnp.matmul
    return {
        "emb": demand(lambda table, i: table[i], _half(vocabulary, width), number),
        "input_layernorm": demand(_norm, x, _half(width), _half(width)),
        "attn_pre_proj": demand(product, x, _half(width, 3 * width)),
        "attn_rope": demand(_turn, _half(2, tokens, width), _half(2, tokens, width)),
        "attn_post_proj": demand(product, x, _half(width, width)),
        "mlp_up_proj": demand(product, x, _half(width, hidden)),
        "mlp_act": demand(jax.nn.gelu, wide),
        "mlp_down_proj": demand(product, wide, _half(hidden, width)),
        "add": demand(jnp.add, x, x),
    }


def vidur(folder: Path) -> Iterator[Published]:
    """Times of single kernels on A100 and H100."""
    known: dict[tuple[int, ...], dict[str, Demand]] = {}
    for path in sorted((folder / "vidur").glob("*__mlp.csv")):
        device = VIDUR.get(path.name.split("__")[0])
        for row in _rows(path) if device else ():
            if int(row["num_tensor_parallel_workers"]) != 1:
                continue
            names = ("num_tokens", "n_embd", "n_expanded_embd", "vocab_size")
            sizes = tuple(int(row[name]) for name in names)
            if sizes not in known:
                known[sizes] = vidur_kernels(*sizes)
            for name, asked in known[sizes].items():
                seconds = float(row[f"time_stats.{name}.median"]) * 1e-3
                yield Published("Vidur kernels", name, str(device), 1, seconds, (Way(asked),))


# ---------------------------------------------------------------- Lambda: training

LAMBDA_DEVICES = {
    "Quadro RTX 8000": "NVIDIA Quadro RTX 8000",
    "V100 16GB": "NVIDIA Tesla V100 SXM2 16 GB",
    "RTX 3090": "NVIDIA GeForce RTX 3090",
    "A10": "NVIDIA A10 PCIe",
    "A100 40GB PCIe": "NVIDIA A100 PCIe 40 GB",
    "A100 80GB PCIe": "NVIDIA A100 PCIe 80 GB",
    "A100 80GB SXM4": "NVIDIA A100 SXM4 80 GB",
    "RTX 6000 Ada": "NVIDIA RTX 6000 Ada Generation",
    "RTX A6000": "NVIDIA RTX A6000",
    "RTX 4090": "NVIDIA GeForce RTX 4090",
    "H100 80GB PCIe Gen5": "NVIDIA H100 PCIe",
    "H100 80GB SXM5": "NVIDIA H100 SXM5 80GB",
}
#: What a row counts for each example: images, sequences, or tokens.
LAMBDA_UNITS = {
    "resnet50": 1,
    "ssd": 1,
    "bert_base_squad": 1,
    "bert_large_squad": 1,
    "transformerxlbase": 192,
    "transformerxllarge": 384,
}


def lambda_training(folder: Path, precision: str) -> Iterator[Published]:
    """Training throughput of six networks on one to eight devices."""
    where = folder / "lambda"
    sizes = {row["name_gpu"]: row for row in _rows(where / f"pytorch-train-bs-{precision}.csv")}
    for row in _rows(where / f"pytorch-train-throughput-{precision}.csv"):
        name = row["name_gpu"]
        device = next((d for end, d in LAMBDA_DEVICES.items() if name.endswith(end)), None)
        devices = int(float(row["num_gpu"]))
        for workload, unit in LAMBDA_UNITS.items():
            throughput, batch = float(row[workload]), float(sizes[name][workload])
            if device is None or not throughput:
                continue
            own = round(batch / devices)
            step, gradient = traced(workload, own, precision == "fp16")
            seconds = own * devices * unit / throughput
            ways = (Way(step, 1.0, gradient, overlap=2 / 3),)
            table = f"Lambda training, {precision}"
            yield Published(table, workload, device, devices, seconds, ways)


# ---------------------------------------------------------------- MLPerf: time to train

#: MLCommons' reference convergence points: batch -> examples until the target is reached
#: (mlcommons/logging, mlperf_logging/rcp_checker/training_2.0.0, Apache-2.0, read 2026-11-21;
#: means of the runs listed there; ResNet's are epochs of 1,281,167 images).
RESNET_EPOCHS = {
    1632: 34.9, 3264: 35.2, 4096: 40.0, 8192: 42.0, 13056: 45.4, 32768: 56.0, 49152: 68.0,
    65536: 84.4,
}  # fmt: skip
BERT_EXAMPLES = {
    256: 2.55e6, 448: 2.62e6, 1536: 2.77e6, 3072: 2.76e6, 4608: 2.77e6, 6912: 3.61e6, 8704: 4.28e6,
    12288: 4.46e6,
}  # fmt: skip
#: Half of the 512 places of BERT's examples are padding, which all submitters skip (Krell et al.
#: 2021, arXiv:2107.02027, section 1).
BERT_PACKING = 2.0
MLPERF_DEVICES = {
    "A100-SXM4-80GB": "NVIDIA A100 SXM4 80 GB",
    "A100-SXM-80GB": "NVIDIA A100 SXM4 80 GB",
    "A100-SXM4-40GB": "NVIDIA A100 SXM4 40 GB",
    "A100-SXM-40GB": "NVIDIA A100 SXM4 40 GB",
    "A100-PCIE-80GB": "NVIDIA A100 PCIe 80 GB",
    "A100-PCIE-40GB": "NVIDIA A100 PCIe 40 GB",
    "H100-SXM5-80GB": "NVIDIA H100 SXM5 80GB",
    "H100-SXM-80GB": "NVIDIA H100 SXM5 80GB",
    "H100-PCIE": "NVIDIA H100 PCIe",
    "A30": "NVIDIA A30",
    "A40": "NVIDIA A40 PCIe",
    "L40": "NVIDIA L40",
    "L4": "NVIDIA L4",
    "RTX A5000": "NVIDIA RTX A5000",
    "TPU-V4": "Google TPU v4",
}


def mlperf_ways(model: str, devices: int) -> tuple[Way, ...]:
    """Every reference batch that gives each device whole examples, at most 512 of them."""
    points = RESNET_EPOCHS if model == "resnet" else BERT_EXAMPLES
    ways = []
    for batch, needed in points.items():
        examples = needed * 1_281_167 if model == "resnet" else needed / BERT_PACKING
        packed = batch if model == "resnet" else batch / BERT_PACKING
        own = round(packed / devices)
        if 1 <= own <= (512 if model == "resnet" else 64):
            name = "resnet50" if model == "resnet" else "bert_pretraining"
            step, gradient = traced(name, own, True)
            ways.append(Way(step, examples / (own * devices), gradient, overlap=2 / 3))
    return tuple(ways)


def mlperf(folder: Path) -> Iterator[Published]:
    """Minutes to train ResNet and BERT to the target, closed division."""
    for row in _rows(folder / "mlperf" / "training_v1.0-v3.0_aggregated.csv"):
        devices = int(row["accelerators_count"])
        chip = row["accelerator_model_name"].upper()
        device = next((d for key, d in MLPERF_DEVICES.items() if key in chip), None)
        if row["Model_ID"] not in ("resnet", "bert") or row["division"] != "closed":
            continue
        if device is None or not devices or get_device(device).interconnect_bytes_per_s is None:
            continue
        if devices > 8 and get_device(device).network_bytes_per_s is None:
            continue
        ways = mlperf_ways(row["Model_ID"], devices)
        if ways:
            seconds = float(row["Result"]) * 60
            yield Published("MLPerf training", row["Model_ID"], device, devices, seconds, ways)


# ---------------------------------------------------------------- ML.ENERGY: language models

ENERGY_DEVICES = {"H100": "NVIDIA H100 SXM5 80GB", "B200": "NVIDIA B200"}


def ml_energy(folder: Path) -> Iterator[Published]:
    """Time between tokens of language models that answer questions."""
    found = json.loads((folder / "mlenergy" / "gpqa.json").read_text(encoding="utf-8"))
    for row in found["configurations"]:
        model = DECODERS.get(row["model_id"])
        if model is None:
            continue
        devices, batch = int(row["num_gpus"]), float(row["avg_batch_size"])
        split = int(row["tensor_parallel"]) > 1 or devices == 1
        step = decoding_step(
            model,
            precision=row["weight_precision"],
            batch=batch,
            context=row["avg_output_len"] / 2,
            devices=devices,
            split_attention=split,
        )
        way = Way(step, 1.0, batch * model.width * 2, exchanges=2 * model.layers)
        device, seconds = ENERGY_DEVICES[row["gpu_model"]], row["median_itl_ms"] * 1e-3
        workload = row["model_id"].split("/")[1]
        yield Published("ML.ENERGY decoding", workload, device, devices, seconds, (way,))


def published(folder: Path) -> list[Published]:
    """All rows of all tables below ``LABKIT_DATA/groundtruth``."""
    rows = [*vidur(folder), *ml_energy(folder), *mlperf(folder)]
    for precision in ("fp16", "fp32"):
        rows += lambda_training(folder, precision)
    return rows


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
