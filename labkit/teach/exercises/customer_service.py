"""Exercises of notebook 22: a threshold, when to hand over, what a conversation costs."""

from __future__ import annotations

import numpy as np

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

_CONFIDENCE = tuple(
    tuple(np.random.default_rng(seed).beta(5, 2, 40).round(3).tolist()) for seed in range(3)
)

THRESHOLD = Exercise(
    name="customer_service.threshold",
    prompt=(
        "A desk answers where its confidence reaches a threshold. Write a function of "
        "`confidence`, the confidences on validation questions of known kinds, and `kept`, the "
        "share of such questions that the desk is to answer. It returns the threshold, as "
        "`np.quantile` reckons it."
    ),
    judge=judges.function(
        lambda confidence, kept: np.quantile(confidence, 1 - kept),
        [(_CONFIDENCE[0], 0.9), (_CONFIDENCE[1], 0.95), (_CONFIDENCE[2], 0.5)],
        traps=[
            (
                lambda confidence, kept: np.quantile(confidence, kept),
                "That threshold keeps the share that was to be refused.",
            ),
            (
                lambda _confidence, kept: kept,
                "A share of questions is not a confidence: the two only look alike.",
            ),
            (
                lambda confidence, kept: kept * np.mean(confidence),
                "Scaling the mean says nothing about how many lie below.",
            ),
        ],
    ),
    hints=(
        "How many of the confidences are to lie below the threshold?",
        "A share 1 - kept of them: which function finds the value with a given share below it?",
    ),
    solution="lambda confidence, kept: np.quantile(confidence, 1 - kept)",
    praise="No unknown question was needed, and none would have helped: the next is of a new kind.",
)

HAND_OVER = Exercise(
    name="customer_service.hand_over",
    prompt=(
        "An answer of the desk is right with probability `p`. A right answer costs nothing, a "
        "wrong one 5 USD in trouble, and handing over to a person costs 2 USD, always. Below which "
        "`p` is handing over cheaper?"
    ),
    judge=judges.number(
        0.6,
        rel=0.005,
        traps={
            0.4: "That is the probability of a wrong answer at which both cost the same.",
            0.5: "More often right than wrong is no reason: compare the two costs.",
            0.714: "The person costs the same whether the answer would have been right or not.",
        },
    ),
    hints=(
        "What does an answer of the desk cost on average, given p?",
        "(1 - p) * 5 against 2.",
    ),
    solution="1 - 2 / 5",
    praise="The threshold follows from the two costs alone, if the confidence is a probability.",
)


def _conversation(
    messages: float, hits: float, thousand_usd: float, handed: float, person_usd: float
) -> float:
    return messages * (1 - hits) * thousand_usd / 1000 + handed * person_usd


CONVERSATION = Exercise(
    name="customer_service.conversation",
    prompt=(
        "A conversation has `messages` messages. A share `hits` of them is answered from the "
        "cache, at no cost; a thousand computed ones cost `thousand_usd`. A share `handed` of the "
        "conversations goes to a person in the end, whose time costs `person_usd`. Write a "
        "function of these five, in this order, that returns the mean cost of a conversation "
        "in USD."
    ),
    judge=judges.function(
        _conversation,
        [(4, 0.4, 0.01, 0.1, 5.0), (6, 0.0, 2.0, 0.0, 5.0), (1, 1.0, 3.0, 0.25, 8.0)],
        traps=[
            (
                lambda messages, hits, thousand_usd, handed, person_usd: (
                    messages * hits * thousand_usd / 1000 + handed * person_usd
                ),
                "What the cache answers is what is not computed.",
            ),
            (
                lambda messages, hits, thousand_usd, handed, person_usd: (
                    messages * (1 - hits) * thousand_usd + handed * person_usd
                ),
                "The price is for a thousand messages.",
            ),
            (
                lambda messages, hits, thousand_usd, handed, person_usd: (
                    messages * ((1 - hits) * thousand_usd / 1000 + handed * person_usd)
                ),
                "A person takes over a conversation, not each of its messages.",
            ),
        ],
    ),
    hints=(
        "How many messages of a conversation are computed?",
        "To the price of those add the person's, as often as one is needed.",
    ),
    solution=(
        "def cost(messages, hits, thousand_usd, handed, person_usd):\n"
        "    return messages * (1 - hits) * thousand_usd / 1000 + handed * person_usd"
    ),
    praise="The person's term is the larger by far: the threshold is where the money is.",
)

EXERCISES = (THRESHOLD, HAND_OVER, CONVERSATION)
