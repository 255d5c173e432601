"""The operations that AI computing is made of: each fast, each explained, each with a slow truth.

Every kernel is a plain function of arrays: jit, grad and vmap work on it. Where several
formulations exist, ``method="auto"`` takes the one for the platform the program is compiled for;
any of them can be named. `labkit.kernels.reference` says in NumPy what each one means.
"""

from __future__ import annotations

from labkit.kernels.adam import AdamState, adam_init, adam_update
from labkit.kernels.attention import ATTENTION_METHODS, KVCache, attention, cached_attention
from labkit.kernels.compiling import cpu_options, jit
from labkit.kernels.conv import conv2d, depthwise_conv2d
from labkit.kernels.conv_block import conv2d_block
from labkit.kernels.conv_methods import CONV_METHODS
from labkit.kernels.dense import dense
from labkit.kernels.embedding import EMBEDDING_METHODS, embedding
from labkit.kernels.geometry import Padding, Pair, Window, output_size, resolve_window
from labkit.kernels.gru import gru
from labkit.kernels.lstm import LSTMState, lstm
from labkit.kernels.matmul import MATMUL_METHODS, matmul
from labkit.kernels.norm import BatchNorm, batch_norm, layer_norm, rms_norm
from labkit.kernels.pool import POOL_METHODS, avg_pool2d, max_pool2d
from labkit.kernels.quantized import Int8, int8_matmul, quantize_int8
from labkit.kernels.recurrent import RECURRENT_METHODS
from labkit.kernels.softmax import LOG_SUM_EXP_METHODS, log_sum_exp, softmax
from labkit.kernels.tune import tune
from labkit.kernels.tuning import Choice

__all__ = [
    "ATTENTION_METHODS",
    "CONV_METHODS",
    "EMBEDDING_METHODS",
    "LOG_SUM_EXP_METHODS",
    "MATMUL_METHODS",
    "POOL_METHODS",
    "RECURRENT_METHODS",
    "AdamState",
    "BatchNorm",
    "Choice",
    "Int8",
    "KVCache",
    "LSTMState",
    "Padding",
    "Pair",
    "Window",
    "adam_init",
    "adam_update",
    "attention",
    "avg_pool2d",
    "batch_norm",
    "cached_attention",
    "conv2d",
    "conv2d_block",
    "cpu_options",
    "dense",
    "depthwise_conv2d",
    "embedding",
    "gru",
    "int8_matmul",
    "jit",
    "layer_norm",
    "log_sum_exp",
    "lstm",
    "matmul",
    "max_pool2d",
    "output_size",
    "quantize_int8",
    "resolve_window",
    "rms_norm",
    "softmax",
    "tune",
]
