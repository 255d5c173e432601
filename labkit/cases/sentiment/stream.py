"""Headlines as they come: a day of them, replayed, read one by one, watched topic by topic."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np

from labkit.cases.readers import Labelled
from labkit.errors import ArgumentError
from labkit.evaluate import SurgeRule
from labkit.serve import simulate as sim

__all__ = ["Alert", "Event", "Monitor", "News", "Surge", "Watch", "news_day", "replay", "watch"]


class Event(NamedTuple):
    """A headline and when it came.

    Attributes:
        time_s: since the stream began.
        text: of the headline.
        topic: of the headline.
        row: of the pool that it was drawn from.
    """

    time_s: float
    text: str
    topic: str
    row: int


@dataclass(frozen=True)
class Surge:
    """Bad news of one topic, planted in a day.

    Attributes:
        topic: of which.
        start_h, hours: from when on, for how long.
        share: of the topic's headlines that are negative then.
        pull: share of all headlines that turn to the topic then.
    """

    topic: str
    start_h: float
    hours: float = 3.0
    share: float = 0.7
    pull: float = 0.3


@dataclass(frozen=True)
class News:
    """Headlines with their sentiment and topic, to draw a day from."""

    pool: Labelled
    topics: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.topics) != len(self.pool.texts):
            got = (len(self.topics), len(self.pool.texts))
            raise ArgumentError("topics", required="one for each text of the pool", got=got)


def news_day(
    news: News, *, per_day: int = 2_400, surge: Surge | None = None, seed: int = 0
) -> list[Event]:
    """A day of headlines: the texts are real where the pool's are, the times are not.

    Arrivals are a Poisson process with a quiet and a busy half of the day; each brings a headline
    drawn from the pool, with replacement. A surge changes which are drawn while it lasts.

    Args:
        news: what is drawn from.
        per_day: headlines on an average day.
        surge: planted in it.
        seed: of all draws.

    Raises:
        ArgumentError: fewer than one headline a day, or a surge in a topic of which the pool has
            no negative or no other headline.
    """
    if per_day < 1:
        raise ArgumentError("per_day", required="at least 1", got=per_day)
    gaps = sim.diurnal(jax.random.key(seed), per_day / 86_400, 2 * per_day + 50)
    times = np.cumsum(np.asarray(gaps, np.float64)[:, 0])
    times = times[times < 86_400]
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, len(news.pool.texts), len(times))
    if surge is not None:
        rows = _with_surge(news, times, rows, surge, generator)
    texts, topics = news.pool.texts, news.topics
    return [
        Event(float(t), texts[row], topics[row], int(row))
        for t, row in zip(times, rows, strict=True)
    ]


def _with_surge(
    news: News, times: np.ndarray, rows: np.ndarray, surge: Surge, generator: np.random.Generator
) -> np.ndarray:
    """The rows of a day, drawn anew where the surge decides."""
    topics = np.asarray(news.topics)
    bad = np.flatnonzero((topics == surge.topic) & (news.pool.labels == 0))
    rest = np.flatnonzero((topics == surge.topic) & (news.pool.labels != 0))
    if not (len(bad) and len(rest)):
        required = "a topic of which the pool has negative and other headlines"
        raise ArgumentError("surge", required=required, got=surge.topic)
    inside = (times >= 3600 * surge.start_h) & (times < 3600 * (surge.start_h + surge.hours))
    pulled = generator.random(len(times)) < surge.pull
    chosen = inside & (pulled | (topics[rows] == surge.topic))
    is_bad = generator.random(len(times)) < surge.share
    drawn = np.where(is_bad, generator.choice(bad, len(times)), generator.choice(rest, len(times)))
    return np.where(chosen, drawn, rows)


class Monitor:
    """Reads each headline and follows, for each topic, whether bad news surge.

    Args:
        is_negative: of a headline's text.
        rules: by topic; headlines of other topics are read and not followed.
    """

    def __init__(self, is_negative: Callable[[str], bool], rules: Mapping[str, SurgeRule]) -> None:
        self._is_negative, self._rules = is_negative, dict(rules)
        self.levels = dict.fromkeys(rules, 0)

    def __call__(self, event: Event) -> bool:
        """Take note of a headline; true where its topic alerts."""
        negative = self._is_negative(event.text)
        if event.topic not in self._rules:
            return False
        level, alert = self._rules[event.topic].step(self.levels[event.topic], negative)
        self.levels[event.topic] = level
        return alert


class Alert(NamedTuple):
    """An alert.

    Attributes:
        topic: of which.
        time_s: when the headline came that tipped it.
        latency_s: from that headline's arrival to the alert, measured.
    """

    topic: str
    time_s: float
    latency_s: float


@dataclass(frozen=True)
class Watch:
    """What became of a stream.

    Attributes:
        alerts: in order.
        latency_s: ``[n]`` from the arrival of each headline to the end of its handling, waiting
            included, measured.
    """

    alerts: tuple[Alert, ...]
    latency_s: np.ndarray


def replay(events: Iterable[Event], *, speed: float = 1.0) -> Iterator[tuple[Event, float]]:
    """Each event when it is due, and the moment it was due, by the clock of `time.perf_counter`.

    A consumer that is late gets the next event at once, with the moment that it was due at: the
    wait counts as latency, as it would where headlines do not wait for their reader.

    Args:
        events: in order of time.
        speed: seconds of the stream to one of the clock.

    Raises:
        ArgumentError: a speed that is not positive.
    """
    if not speed > 0:
        raise ArgumentError("speed", required="above 0", got=speed)
    start = time.perf_counter()
    for event in events:
        due = start + event.time_s / speed
        if (early := due - time.perf_counter()) > 0:
            time.sleep(early)
        yield event, due


def watch(arrivals: Iterable[tuple[Event, float]], monitor: Monitor) -> Watch:
    """Handle a stream, one headline after another, and measure from arrival to alert.

    Args:
        arrivals: events with the moment of their arrival by `time.perf_counter`; from `replay`, or
            from any stream engine that a generator can be written for.
        monitor: of the stream.
    """
    alerts, latencies = [], []
    for event, due in arrivals:
        alert = monitor(event)
        latencies.append(time.perf_counter() - due)
        if alert:
            alerts.append(Alert(event.topic, event.time_s, latencies[-1]))
    return Watch(tuple(alerts), np.array(latencies))
