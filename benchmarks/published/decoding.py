"""One step of a language model that writes, token after token, as a demand on a device.

Sizes are those of the models' own ``config.json`` as published by their makers on the Hugging
Face hub (Qwen/Qwen3-*, openai/gpt-oss-*, deepseek-ai/DeepSeek-*; facts only, read 2026-11-21).
"""

from __future__ import annotations

from dataclasses import dataclass

from labkit.perf.demand import Demand, Kernel


@dataclass(frozen=True)
class Decoder:
    """A decoder's sizes.

    Attributes:
        layers, width, vocabulary: of the whole model.
        heads, kv_heads, head: of the attention, and numbers in each head.
        hidden: between the two dense layers of one expert, or of the only one.
        experts, chosen: experts of a layer, and how many each token is sent to.
        attention_width: weights of one layer's attention, where it is not the usual one.
        cache_width: numbers kept for each token and layer, where it is not the usual.
        window: tokens that every second layer looks back; 0 for all.
    """

    layers: int
    width: int
    vocabulary: int
    heads: int
    kv_heads: int
    head: int
    hidden: int
    experts: int = 1
    chosen: int = 1
    attention_weights: float = 0.0
    cache_width: float = 0.0
    window: int = 0

    @property
    def attention(self) -> float:
        """Weights of the attention of one layer: queries, keys, values, output."""
        usual = self.width * self.head * (2 * self.heads + 2 * self.kv_heads)
        return self.attention_weights or usual

    @property
    def kept(self) -> float:
        """Numbers kept for each token and layer."""
        return self.cache_width or 2 * self.kv_heads * self.head


DECODERS = {
    "Qwen/Qwen3-8B": Decoder(36, 4096, 151936, 32, 8, 128, 12288),
    "Qwen/Qwen3-14B": Decoder(40, 5120, 151936, 40, 8, 128, 17408),
    "Qwen/Qwen3-32B": Decoder(64, 5120, 151936, 64, 8, 128, 25600),
    "Qwen/Qwen3-30B-A3B-Thinking-2507": Decoder(48, 2048, 151936, 32, 4, 128, 768, 128, 8),
    "Qwen/Qwen3-235B-A22B-Thinking-2507": Decoder(94, 4096, 151936, 64, 4, 128, 1536, 128, 8),
    "Qwen/Qwen3-235B-A22B-Thinking-2507-FP8": Decoder(94, 4096, 151936, 64, 4, 128, 1536, 128, 8),
    "openai/gpt-oss-20b": Decoder(24, 2880, 201088, 64, 8, 64, 2880, 32, 4, window=128),
    "openai/gpt-oss-120b": Decoder(36, 2880, 201088, 64, 8, 64, 2880, 128, 4, window=128),
    "deepseek-ai/DeepSeek-R1-0528": Decoder(
        61, 7168, 129280, 128, 128, 128, 2048, 257, 9, attention_weights=1.87e8, cache_width=576
    ),
    "deepseek-ai/DeepSeek-V3.1": Decoder(
        61, 7168, 129280, 128, 128, 128, 2048, 257, 9, attention_weights=1.87e8, cache_width=576
    ),
}
#: Bytes of a weight: of the experts, and of all others. MXFP4 keeps 4 bits and a scale for 32.
WEIGHT_BYTES = {"bfloat16": (2.0, 2.0), "fp8": (1.0, 1.0), "mxfp4": (4.25 / 8, 2.0)}


def decoding_step(
    model: Decoder,
    *,
    precision: str,
    batch: float,
    context: float,
    devices: int,
    split_attention: bool,
) -> Demand:
    """What one device does to write one token for each of ``batch`` texts.

    Args:
        model: its sizes.
        precision: of the weights.
        batch: texts at once, on all devices together.
        context: tokens that each of them has behind it.
        devices: that share the work.
        split_attention: whether they split the attention's weights (tensor parallel), or its
            texts (expert parallel).
    """
    expert_bytes, other_bytes = WEIGHT_BYTES[precision]
    own = batch if split_attention else batch / devices
    share = 1 / devices if split_attention else 1.0
    dtype = {"fp8": "int8"}.get(precision, "bfloat16")
    untouched = (1 - model.chosen / model.experts) ** batch
    hit = max(model.experts * (1 - untouched), model.chosen) / devices
    expert = 3.0 * model.width * model.hidden

    def product(weights: float, rows: float, weight_bytes: float, times: float) -> Kernel:
        moved = weights * weight_bytes + 4 * rows * model.width
        return Kernel(dtype, 2 * weights * rows, moved, times)

    full = model.layers / 2 if model.window else model.layers
    seen = full * context + (model.layers - full) * min(model.window, context)
    kept = seen / model.layers * model.kept * own * (share if split_attention else 1.0)
    grown = 2 * kept * model.heads / model.kv_heads  # each head of a group reads the same
    rows_each = batch * model.chosen / devices / hit
    return Demand(
        (
            product(model.attention * share / 2, own, other_bytes, 2.0 * model.layers),
            Kernel("bfloat16", grown, 2 * kept, float(model.layers)),
            product(hit * expert * 2 / 3, rows_each, expert_bytes, float(model.layers)),
            product(hit * expert / 3, rows_each, expert_bytes, float(model.layers)),
            product(model.vocabulary * model.width / devices, batch, other_bytes, 1.0),
        ),
        other_bytes=12.0 * model.layers * own * model.width * 2,
        other_kernels=6.0 * model.layers,
    )
