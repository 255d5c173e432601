"""This machine, held against what other programs say about it."""

from __future__ import annotations

import os

import jax
import psutil
import pytest

from labkit.hw import Cache, DeviceSpec, this_cpu, this_device
from labkit.hw.device import _count_list, _vector_bits


def test_the_cpu_is_described_as_the_system_describes_it():
    cpu = this_cpu()
    assert cpu.kind == "cpu"
    assert cpu.name
    assert 1 <= cpu.cores <= os.cpu_count()
    assert 0 < cpu.memory_bytes <= psutil.virtual_memory().total
    assert [c.level for c in cpu.caches] == sorted(c.level for c in cpu.caches)
    assert all(c.size_bytes > 0 and c.shared_by >= 1 for c in cpu.caches)


def test_the_device_is_the_one_jax_computes_on():
    assert this_device().kind == {"cuda": "gpu", "rocm": "gpu"}.get(
        jax.default_backend(), jax.default_backend()
    )


@pytest.mark.parametrize(
    ("flags", "bits"), [("sse2 avx avx2 avx512f", 512), ("avx2", 256), ("asimd", 128), ("", 128)]
)
def test_vector_width_follows_from_the_instruction_sets(flags, bits):
    assert _vector_bits(frozenset(flags.split())) == bits


@pytest.mark.parametrize(("ranges", "n"), [("0", 1), ("0-3", 4), ("0-1,8-9", 4), ("", 1)])
def test_lists_of_processors(ranges, n):
    assert _count_list(ranges) == n


def test_a_device_prints_as_a_sentence():
    spec = DeviceSpec(
        "X", "gpu", memory_bytes=2**30, peak_flops={"float32": 1e12}, bandwidth_bytes_per_s=1e12
    )
    assert str(spec) == "X (gpu): 1 GiB of memory, 1 TFLOP/s in float32, 1 TB/s"
    shared = DeviceSpec("Y", "cpu", cores=1, caches=(Cache(3, 2**20, 4),))
    assert str(shared) == "Y (cpu): 1 core, 1 MiB L3 cache for 4 threads"
