"""Exercises of notebook 11: the ideal schedule, a price by hand, what a link allows, a split."""

from __future__ import annotations

import math

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

MAKESPAN = Exercise(
    name="cost_and_latency.makespan",
    prompt=(
        "Write a function of `tasks`, `task_s` and `devices` that returns the least time, in "
        "seconds, in which that many equal tasks can be done, one at a time on each device. A "
        "task cannot be divided."
    ),
    judge=judges.function(
        lambda tasks, task_s, devices: math.ceil(tasks / devices) * task_s,
        [(1000, 1.0, 100), (1001, 1.0, 100), (7, 2.0, 3), (1, 5.0, 8), (12, 0.5, 4)],
        traps=[
            (
                lambda tasks, task_s, devices: tasks * task_s / devices,
                "A task cannot be divided: the last round may leave devices idle.",
            ),
            (
                lambda tasks, task_s, _: tasks * task_s,
                "The devices work at the same time.",
            ),
            (
                lambda tasks, task_s, devices: tasks * task_s * devices,
                "More devices do not make it longer.",
            ),
            (
                lambda tasks, task_s, devices: (tasks // devices) * task_s,
                "What is left over after the full rounds has to be done, too.",
            ),
        ],
    ),
    hints=(
        "How many rounds are there, if each device does one task in each round?",
        "Tasks over devices, rounded up, times the seconds of one task.",
    ),
    solution=(
        "def makespan(tasks, task_s, devices):\n    return math.ceil(tasks / devices) * task_s"
    ),
    praise="1,000 tasks of a second on 100 devices take 10 seconds, not 2.78 hours.",
)

THOUSAND = Exercise(
    name="cost_and_latency.price_per_thousand",
    prompt=(
        "Two machines at 3 USD an hour each answer 50 requests a second together. What do a "
        "thousand requests cost, in USD?"
    ),
    judge=judges.number(
        2 * 3 / 3600 / 50 * 1000,
        unit="USD",
        traps={
            3 / 3600 / 50 * 1000: "Both machines are paid for.",
            2 * 3 / 3600 / 50: "That is one request.",
            2 * 3 / 3600 * 1000: "50 requests are answered in each second.",
            2 * 3 / 60 / 50 * 1000: "An hour has 3,600 seconds.",
            2 * 3 / 3600 / 100 * 1000: "50 a second is what both answer together.",
        },
    ),
    hints=(
        "What do both machines cost in a second, and how many requests is that?",
        "2 × 3 / 3600 USD a second, over 50 requests a second, times a thousand.",
    ),
    solution="2 * 3 / 3600 / 50 * 1000  # 0.0333 USD",
    praise="An idle machine costs the same: at half the load this doubles.",
)

RING = Exercise(
    name="cost_and_latency.ring",
    prompt=(
        "8 devices sum their gradients of 1 GB (1e9 bytes) around a ring of links of 25 GB/s. "
        "Each device sends and receives 2 × (8 - 1) shares of 1/8 of the gradient. Leave the "
        "latency out: how many milliseconds does it take?"
    ),
    judge=judges.number(
        2 * 7 / 8 * 1e9 / 25e9 * 1e3,
        unit="ms",
        traps={
            1e9 / 25e9 * 1e3: "Once over the link is not enough: the sums must come back.",
            2 * 7 * 1e9 / 25e9 * 1e3: "Each message is an eighth of the gradient.",
            7 / 8 * 1e9 / 25e9 * 1e3: "That is the way there; the sums go around once more.",
            2 * 7 / 8 * 1e9 / 25e9: "That is in seconds.",
            2 * 1e9 / 25e9 * 1e3: "A device keeps a share of its own: 7 of 8 are sent.",
        },
    ),
    hints=(
        "How many bytes leave each device in total?",
        "2 × 7 / 8 × 1e9 bytes, at 25e9 bytes a second.",
    ),
    solution="2 * 7 / 8 * 1e9 / 25e9 * 1e3  # 70 ms",
    praise="With 8,000 devices it is 80 ms: a ring's traffic hardly grows, its latency does.",
)

SERIAL = Exercise(
    name="cost_and_latency.serial_share",
    prompt=(
        "A run takes 100 minutes on one device and 18 minutes on 8. By Amdahl's law, which share "
        "of the work (0 to 1) is serial?"
    ),
    judge=judges.number(
        (18 / 100 - 1 / 8) / (1 - 1 / 8),
        rel=0.01,
        traps={
            1 - (100 / 18) / 8: "That is the loss of efficiency, not the serial share.",
            18 / 100: "In the 18 minutes there is parallel work as well.",
            1 - 18 / 100: "That is the time saved.",
            (100 / 18) / 8: "That is the efficiency.",
            18 / 100 - 1 / 8: "Solve for s: the parallel part is 1 - s, not 1.",
        },
    ),
    hints=(
        "Time on p devices over time on one: s + (1 - s) / p.",
        "s + (1 - s) / 8 = 0.18; bring the s to one side.",
    ),
    solution="(18 / 100 - 1 / 8) / (1 - 1 / 8)  # 0.0629",
    praise="So no number of devices would bring it below 6.3 minutes.",
)

EXERCISES = (MAKESPAN, THOUSAND, RING, SERIAL)
