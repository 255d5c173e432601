"""Exercises of notebook 20: what a finding means, where to draw the line, whom to test on."""

from __future__ import annotations

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

PRECISION = Exercise(
    name="diagnosis.precision",
    prompt=(
        "A screening finds 80 % of the ill and leaves 90 % of the well alone. One person in 200 is "
        "ill. Of those whom it calls ill, what share is ill?"
    ),
    judge=judges.number(
        0.004 / (0.004 + 0.0995),
        rel=0.01,
        traps={
            0.8: "That is the share of the ill who are found, not of the found who are ill.",
            0.9: "That is the share of the well who are left alone.",
            0.889: "So it would be if the well were as few as the ill.",
            0.04: "That is the ratio of ill to well among the found; the share is of all found.",
        },
    ),
    hints=(
        "Think of 2,000 people. How many are ill, and how many of them are found?",
        "10 are ill, 8 are found. Of 1,990 well ones a tenth is alarmed.",
    ),
    solution="8 / (8 + 199)  # 0.0386: of 207 alarms 8 are right",
    praise="A positive finding makes the illness eight times as likely, and it is still rare.",
)

THRESHOLD = Exercise(
    name="diagnosis.threshold",
    prompt=(
        "Probabilities are calibrated. A missed illness costs 19 times as much as a false alarm, "
        "and right answers cost nothing. From which probability on should one call a person ill?"
    ),
    judge=judges.number(
        0.05,
        rel=0.002,
        traps={
            0.95: "Too strict: at 0.9 you would send home nine ill ones of ten.",
            1 / 19: "Nearly: compare p × 19 with (1 - p) × 1, not with 1.",
            0.5: "So it would be if both mistakes cost the same.",
        },
    ),
    hints=(
        "What does it cost on average to call someone ill who has the probability p? And well?",
        "Calling ill costs 1 - p, calling well 19 p. Where are they equal?",
    ),
    solution="1 / (1 + 19)  # 0.05",
    praise="The threshold is set by the costs alone; the data set what it does.",
)

SPLIT = Exercise(
    name="diagnosis.split",
    prompt=(
        "10,000 X-rays of 3,000 children, several of each, taken in one hospital. The model shall "
        "read X-rays of **children of other hospitals**. You have a second hospital's X-rays too. "
        "Which split gives the most honest test: `by image`, `by child` or `by hospital`?"
    ),
    judge=judges.choice(
        "by hospital",
        among=("by image", "by child", "by hospital"),
        traps={
            "by image": "Then a child has images on both sides, and is known.",
            "by child": "Better, but machine, markers and habits of the hospital are known.",
        },
    ),
    hints=(
        "What will be new when the model is in use?",
        "Children, and the machine that takes the image, and those who run it.",
    ),
    solution='"by hospital"',
    praise="Scores fall most between hospitals: what a model learns of one is often its machine.",
)


def _net_benefit(hits: float, alarms: float, people: float, threshold: float) -> float:
    return hits / people - alarms / people * threshold / (1 - threshold)


NET_BENEFIT = Exercise(
    name="diagnosis.net_benefit",
    prompt=(
        "Write a function `(hits, alarms, people, threshold)`: the net benefit of treating those "
        "who reach the threshold, in true positives per person. `hits` are treated and ill, "
        "`alarms` treated and well. Who treats from a probability p on holds `(1 - p) / p` "
        "needless treatments to be as bad as one missed illness."
    ),
    judge=judges.function(
        _net_benefit,
        [(30, 20, 100, 0.2), (5, 0, 50, 0.9), (0, 10, 40, 0.5), (8, 199, 2000, 0.05)],
        traps=[
            (
                lambda hits, alarms, people, p: (hits - alarms) / people,  # noqa: ARG005
                "Every alarm counts as one hit: at which threshold is that so?",
            ),
            (
                lambda hits, alarms, people, p: hits / people - alarms / people * (1 - p) / p,
                "The odds are upside down: at a low threshold an alarm is a small harm.",
            ),
            (
                lambda hits, alarms, people, p: hits - alarms * p / (1 - p),  # noqa: ARG005
                "Per person: divide by how many there are.",
            ),
        ],
    ),
    hints=(
        "How many hits is one alarm worth to a person who treats from 0.2 on?",
        "A quarter: p / (1 - p). Take that from the hits, and divide by the people.",
    ),
    solution=(
        "def net_benefit(hits, alarms, people, threshold):\n"
        "    return (hits - alarms * threshold / (1 - threshold)) / people"
    ),
    praise="In this currency a model can be compared with treating all, and with treating none.",
)

EXERCISES: tuple[Exercise, ...] = (PRECISION, THRESHOLD, SPLIT, NET_BENEFIT)
