"""The table that ``method="auto"`` reads: measured, stored, found again, and obeyed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from labkit import kernels
from labkit.kernels import tuning
from labkit.kernels.tune import SHAPES, Shape


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tuning.forget()
    yield tuning.table_path()
    tuning.forget()


def line(shape: dict[str, int], method: str, forward: str) -> tuning.Choice:
    return tuning.Choice("conv3x3", shape, method, forward, {}, {})


def compiled(x: jax.Array, kernel: jax.Array) -> str:
    return jax.jit(kernels.conv2d).lower(x, kernel).as_text()


@pytest.mark.parametrize("processor", ["AMD EPYC", "Intel Xeon", "another"])
def test_the_packaged_tables_name_formulations_that_exist(
    cache: Path, processor, monkeypatch
) -> None:
    assert not cache.exists()
    monkeypatch.setattr(tuning, "this_cpu", lambda: SimpleNamespace(name=processor))
    named = {name for choice in tuning.choices() for name in (choice.method, choice.forward)}
    assert named <= set(kernels.CONV_METHODS)
    assert {choice.operation for choice in tuning.choices()} == {
        shape.operation for shape in SHAPES
    }


def test_the_most_similar_shape_decides(cache: Path) -> None:
    near, far = {"pixels": 1000, "channels": 4}, {"pixels": 1000, "channels": 64}
    table = [
        line(near, "im2col", "xla"),
        line(far, "taps", "taps"),
    ]
    tuning.write_choices(table, {}, cache)
    assert tuning.choose("conv3x3", pixels=900, channels=3) == ("im2col", "xla")
    assert tuning.choose("conv3x3", pixels=900, channels=40) == ("taps", "taps")
    assert tuning.choose("conv7x7", pixels=900, channels=40) == ("xla", "xla")


def test_auto_obeys_a_new_table(cache: Path) -> None:
    x, kernel = jnp.ones((1, 6, 6, 4)), jnp.ones((3, 3, 4, 4))
    for method, instruction in (("xla", True), ("im2col", False)):
        tuning.write_choices([line({"channels": 4}, "taps", method)], {}, cache)
        jax.clear_caches()
        assert ("stablehlo.convolution" in compiled(x, kernel)) is instruction


def test_tuning_keeps_the_fastest_of_all_candidates(cache: Path) -> None:
    shape = Shape("conv3x3", (1, 6, 6, 4), (3, 3, 4, 4))
    seen: list[tuning.Choice] = []
    (found,) = kernels.tune((shape,), report=seen.append)
    assert seen == [found]
    assert set(found.seconds) == set(found.forward_seconds) == set(kernels.CONV_METHODS)
    assert found.method == min(found.seconds, key=lambda name: found.seconds[name])
    chosen = tuning.choose("conv3x3", pixels=16, channels=4, outputs=4)
    assert chosen == (found.method, found.forward)


def test_options_are_only_those_that_this_version_knows() -> None:
    from labkit.kernels.compiling import _is_known

    assert not _is_known("xla_cpu_no_such_option", "1")
    double = kernels.jit(lambda x: 2 * x)
    assert double(jnp.ones(2)).tolist() == [2.0, 2.0]
