from __future__ import annotations

import numpy as np
import optax
import pytest
from flax import nnx

from labkit.models import MLP, MLPConfig, part
from labkit.perf import Calibration
from labkit.perf.products import Product
from labkit.train import step_cost


def test_state_is_counted_by_hand_and_frozen_parameters_need_no_memory_of_adam() -> None:
    model = MLP(MLPConfig((10,), (20,), 5), rngs=nnx.Rngs(0))
    x, y = np.ones((8, 10), np.float32), np.zeros(8, int)
    everything = step_cost(model, x, y, optimizer=optax.sgd(0.1), budget_s=0.01)
    head = step_cost(model, x, y, optimizer=optax.adam(0.1), trained=part("head"), budget_s=0.01)
    assert everything.state_bytes == 4 * (10 * 20 + 20 + 20 * 5 + 5)
    assert head.state_bytes == 4 * (3 * (20 * 5 + 5) + 1)
    assert everything.seconds > 0


@pytest.mark.parametrize("layers", [1, 4])
def test_temporaries_hold_at_least_what_the_backward_pass_reads(layers: int) -> None:
    model = MLP(MLPConfig((64,), (256,) * layers, 2), rngs=nnx.Rngs(0))
    x, y = np.ones((512, 64), np.float32), np.zeros(512, int)
    cost = step_cost(model, x, y, budget_s=0.01)
    assert cost.temporary_bytes >= layers * 512 * 256 * 4  # one hidden value of each unit


def machine(times: float) -> Calibration:
    """A machine made up by hand, so many times slower than another."""
    call, rate = 1e-6 * times, 1e9 / times
    return Calibration(
        machine="by hand",
        call_s=10 * call,
        cheap_call_s=5 * call,
        start_s=8 * call,
        wake_s=4 * call,
        argument_s=call,
        result_s=call,
        step_s=call,
        fork_s=2 * call,
        loop_s=call,
        bandwidth=((1e6, 100 * rate), (1e8, 10 * rate)),
        work_s={"xla:simple": 1e-10 * times, "xla:exponential": 1e-9 * times},
        products=((Product("xla", "nn", "f32", 1, 100, 100, 100), 2e6 / (50 * rate)),),
        spread=0.2,
    )


def test_the_time_is_foretold_from_the_machines_constants_alone() -> None:
    model = MLP(MLPConfig((10,), (20,), 5), rngs=nnx.Rngs(0))
    x, y = np.ones((8, 10), np.float32), np.zeros(8, int)
    assert step_cost(model, x, y, budget_s=0.01).predicted_s is None
    fast, slow = (
        step_cost(model, x, y, budget_s=0.01, calibration=machine(times)).predicted_s
        for times in (1.0, 3.0)
    )
    assert slow == pytest.approx(3 * fast)
