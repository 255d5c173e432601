"""Planted answers for labkit/teach/exercises/cost_and_latency.py."""

from __future__ import annotations

import math

import numpy as np

WRONG = {
    "cost_and_latency.makespan": [
        "",
        10.0,  # a number, not a function
        lambda tasks, task_s, devices: tasks * task_s / devices,
        lambda tasks, task_s, devices: tasks * task_s,
        lambda tasks, task_s, devices: tasks * task_s * devices,
        lambda tasks, task_s, devices: (tasks // devices) * task_s,
        lambda tasks, task_s, devices: math.ceil(tasks / devices),
    ],
    "cost_and_latency.price_per_thousand": ["", 0.0167, 3.33e-5, 1.67, 2.0, 6.0, -0.0333],
    "cost_and_latency.ring": ["", 40.0, 560.0, 35.0, 0.07, 80.0, 70_000.0],
    "cost_and_latency.serial_share": ["", 0.306, 0.18, 0.82, 0.694, 0.055, 6.29],
}

RIGHT = {
    "cost_and_latency.makespan": [
        lambda tasks, task_s, devices: math.ceil(tasks / devices) * task_s,
        lambda tasks, task_s, devices: -(-tasks // devices) * task_s,
        lambda tasks, task_s, devices: float(np.ceil(tasks / devices)) * task_s,
    ],
    "cost_and_latency.price_per_thousand": [0.0333, 1 / 30, 6 / 3600 * 20],
    "cost_and_latency.ring": [70.0, 70, 1.75e9 / 25e6],
    "cost_and_latency.serial_share": [0.0629, 0.44 / 7, (8 * 0.18 - 1) / 7],
}
