"""Financial sentiment: preparation against leaks, the stream by hand, the analyst on bad input."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import f1_score

from labkit import models
from labkit.cases import readers, sentiment
from labkit.cases.readers import Labelled
from labkit.data.prepare import leakage
from labkit.data.prepare.text import alike_groups
from labkit.errors import ArgumentError
from labkit.evaluate import SurgeRule


@pytest.fixture(scope="module")
def sample() -> Labelled:
    return sentiment.without_copies(sentiment.headlines())[0]


@pytest.fixture(scope="module")
def sides(sample: Labelled) -> sentiment.Divided:
    return sentiment.divide(sample)


@pytest.fixture(scope="module")
def counted(sides: sentiment.Divided):
    return readers.count_words(sides.train)


@pytest.fixture
def analyst(sides: sentiment.Divided, counted) -> sentiment.Analyst:
    known = sentiment.known_words(sides.train.texts)
    return sentiment.Analyst(counted.predict_proba, known)


def test_labels_mean_the_same_in_every_set() -> None:
    found = sentiment.headlines()
    said = dict(zip(found.texts, found.labels, strict=True))
    assert sentiment.SENTIMENTS[said["$SAN: Deutsche Bank cuts to Hold"]] == "negative"
    assert Counter(found.labels.tolist()).most_common(1)[0][0] == 1
    with pytest.raises(ArgumentError, match="dataset must be one of twitter_financial_sample"):
        sentiment.headlines("banking77")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oil up https://t.co/abc #oil", "Oil up #oil"),
        ("cut… https://t", "cut"),
        ("S&amp;P&#39;s  “call”", 'S&P\'s "call"'),
        ("Änderung", "Änderung"),
        ("", ""),
    ],
)
def test_cleaning_takes_addresses_and_cut_marks(text: str, expected: str) -> None:
    assert sentiment.clean(text) == expected


def test_no_text_and_no_near_copy_stands_on_two_sides(sample, sides) -> None:
    parts = (sides.train, sides.validation, sides.test)
    assert sorted(text for part in parts for text in part.texts) == sorted(sample.texts)
    group_of = dict(zip(sample.texts, alike_groups(sample.texts), strict=True))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        groups = ([group_of[text] for text in parts[i].texts] for i in (one, other))
        leakage.check_groups(*groups)
    leakage.check_texts(sides.train.texts, sides.test.texts)
    shares = [np.bincount(part.labels) / len(part.labels) for part in parts]
    assert np.ptp(shares, axis=0).max() < 0.03


def test_a_division_by_chance_would_have_leaked(sample) -> None:
    groups = alike_groups(sample.texts)
    by_row = sentiment.divide(sample, groups=np.arange(len(groups)))
    group_of = dict(zip(sample.texts, groups, strict=True))
    with pytest.raises(leakage.LeakageError, match="in both train and test"):
        leakage.check_groups(*([group_of[t] for t in s.texts] for s in (by_row.train, by_row.test)))


def test_copies_go_and_contradictions_go_altogether() -> None:
    found = Labelled(["Up!", "up", "?!", "Down", "DOWN.", "..."], np.array([2, 2, 1, 0, 1, 1]))
    left, copies, disputed = sentiment.without_copies(found)
    assert (left.texts, left.labels.tolist()) == (["Up!", "?!", "..."], [2, 1, 1])
    assert (copies, disputed) == (1, 2)


def test_counted_words_beat_the_commonest_class(sides, counted) -> None:
    commonest = np.bincount(sides.test.labels).max() / len(sides.test.labels)
    assert counted.score(*sides.test) > commonest + 0.05


def test_the_strength_is_the_one_that_the_validation_part_speaks_for(sides) -> None:
    lexicon = models.DirectionLexicon.financial()
    tuned = sentiment.tune_words(sides, beside=lexicon.counts)
    assert len(tuned.scores) == len(sentiment.STRENGTHS)
    assert sentiment.STRENGTHS[int(np.argmax(tuned.scores))] == tuned.strength
    predicted = tuned.model.predict(sides.validation.texts)
    score = f1_score(sides.validation.labels, predicted, average="macro")
    assert max(tuned.scores) == pytest.approx(score)
    assert tuned.strength == tuned.model[-1].C


def test_invented_reports_are_their_own_kind() -> None:
    reports = sentiment.synthetic_reports(600, seed=1)
    assert reports.texts == sentiment.synthetic_reports(600, seed=1).texts
    assert np.bincount(reports.labels).min() > 50
    by_move = {"rose": 1, "fell": -1}
    for text, label in zip(reports.texts, reports.labels, strict=True):
        for word, move in by_move.items():
            if f" {word} " in text:
                burden = any(w in text.lower() for w in ("loss", "expenses", "impairment"))
                assert label == 1 + move * (-1 if burden else 1)
    with pytest.raises(ArgumentError, match="count"):
        sentiment.synthetic_reports(0)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Wedbush cuts Netflix, oil shares down", "analysts"),
        ("Q3 profit beats", "earnings"),
        ("Buyout of a small rival", "deals"),
        ("Opec+ meets", "energy"),
        ("Fed holds rates", "economy"),
        ("S&P 500 slips", "markets"),
        ("A boiling kettle", sentiment.OTHER),
        ("", sentiment.OTHER),
    ],
)
def test_a_topic_is_told_by_whole_words(text: str, topic: str) -> None:
    assert sentiment.topic_of(text) == topic
    assert topic in sentiment.topics()


@pytest.mark.parametrize("text", ["", "  \n", "?!", "42 % 7.5", "https://t.co/x"])
def test_a_text_without_words_is_not_judged(analyst, text: str) -> None:
    reading = analyst(text)
    assert (reading.sentiment, reading.confidence) == ("", 0.0)
    assert reading.note == "no words to judge"
    assert not reading.negative


@pytest.mark.parametrize(
    "text",
    [
        "Der Gewinn des Unternehmens ist im zweiten Quartal deutlich gestiegen",
        "Liikevoitto kasvoi selvästi toisella neljänneksellä",
        "该公司第二季度利润增长",
        "Прибыль компании выросла",
    ],
)
def test_another_language_is_not_judged(analyst, text: str) -> None:
    assert analyst(text).note.endswith("is it another language?")


def test_of_ten_thousand_words_the_beginning_is_read(analyst) -> None:
    long = "shares fall " * 5_000
    reading = analyst(long)
    assert reading.note == "only the beginning was read"
    short = analyst(long[: sentiment.LONGEST])
    assert (reading.sentiment, reading.confidence) == (short.sentiment, short.confidence)
    assert short.note == ""


def test_what_is_no_text_is_refused(analyst) -> None:
    for thing in (None, 42, b"oil", ["oil"]):
        with pytest.raises(ArgumentError, match="text must be a text"):
            analyst(thing)
    with pytest.raises(ArgumentError, match="least_known must be from 0 to 1"):
        sentiment.Analyst(lambda texts: np.eye(3)[:1], (), least_known=2)


def test_what_was_learned_is_known(analyst, sides) -> None:
    bad = [t for t, label in zip(*sides.train, strict=True) if label == 0]
    assert np.mean([analyst(text).negative for text in bad[:40]]) > 0.9


def test_the_lexicon_beside_the_words_helps_where_examples_are_few(sides, counted) -> None:
    lexicon = models.DirectionLexicon.financial()
    both = readers.count_words(sides.train, beside=lexicon.counts)
    assert both.score(*sides.test) > counted.score(*sides.test)
    assert both[0].transform(["Profit rose"]).shape[1] == counted[0].transform([""]).shape[1] + 2


def test_the_analysts_answer_is_the_models(analyst, counted) -> None:
    text = "Oil rises on hopes for a trade deal"
    chances = counted.predict_proba([text])[0]
    reading = analyst(text)
    assert reading.sentiment == sentiment.SENTIMENTS[chances.argmax()]
    assert reading.confidence == pytest.approx(chances.max())


@pytest.fixture(scope="module")
def news(sides) -> sentiment.News:
    return sentiment.News(sides.test, [sentiment.topic_of(text) for text in sides.test.texts])


def test_a_day_is_in_order_and_as_busy_as_asked(news) -> None:
    day = sentiment.news_day(news, per_day=2000, seed=3)
    times = np.array([event.time_s for event in day])
    assert abs(len(day) - 2000) < 5 * np.sqrt(2000)
    assert (np.diff(times) >= 0).all()
    assert 0 <= times[0] <= times[-1] < 86_400
    for event in day[:50]:
        assert (event.text, event.topic) == (news.pool.texts[event.row], news.topics[event.row])
    assert day == sentiment.news_day(news, per_day=2000, seed=3)


def test_a_surge_is_where_it_was_planted(news) -> None:
    surge = sentiment.Surge("markets", start_h=10, hours=3, share=0.7, pull=0.5)
    day = sentiment.news_day(news, per_day=6000, surge=surge, seed=1)
    plain = sentiment.news_day(news, per_day=6000, seed=1)

    def shares(events, inside):
        chosen = [e for e in events if (36_000 <= e.time_s < 46_800) == inside]
        of_topic = [e for e in chosen if e.topic == "markets"]
        bad = [e for e in of_topic if news.pool.labels[e.row] == 0]
        return len(of_topic) / len(chosen), len(bad) / len(of_topic)

    topic, bad = shares(day, inside=True)
    usual = np.mean([t == "markets" for t in news.topics])
    assert topic == pytest.approx(0.5 + 0.5 * usual, abs=0.08)
    assert bad == pytest.approx(0.7, abs=0.08)
    assert [e for e in day if e.time_s < 36_000] == [e for e in plain if e.time_s < 36_000]


def test_days_that_cannot_be_are_refused(news) -> None:
    with pytest.raises(ArgumentError, match="per_day"):
        sentiment.news_day(news, per_day=0)
    with pytest.raises(ArgumentError, match="surge must be a topic"):
        sentiment.news_day(news, surge=sentiment.Surge("weather", 1))
    with pytest.raises(ArgumentError, match="topics must be one for each"):
        sentiment.News(news.pool, ["markets"])
    with pytest.raises(ArgumentError, match="speed must be above 0"):
        next(sentiment.replay([], speed=0))


def test_the_monitor_follows_each_topic_by_its_rule() -> None:
    rule = SurgeRule(0.2, 0.6, gain=2, loss=1, threshold=4)
    rows = [("a", 1), ("b", 1), ("a", 0), ("c", 1), ("b", 1), ("a", 1), ("a", 1), ("b", 0)]
    events = [sentiment.Event(i, "bad" * n, topic, i) for i, (topic, n) in enumerate(rows)]
    heard = []

    def is_negative(text):
        heard.append(text)
        return text == "bad"

    monitor = sentiment.Monitor(is_negative, {"a": rule, "b": rule})
    assert [i for i, event in enumerate(events) if monitor(event)] == [4, 6]
    assert len(heard) == len(rows)
    for topic in "ab":
        alone = rule.watch([n for t, n in rows if t == topic])
        assert monitor.levels[topic] == alone.levels[-1] % rule.threshold


def test_a_replay_waits_for_what_is_due_and_counts_waiting_as_latency() -> None:
    events = [sentiment.Event(t, "bad", "a", 0) for t in (0.0, 1.0, 1.0)]
    rule = SurgeRule(0.2, 0.6, gain=1, loss=1, threshold=3)

    def slow(text):
        time.sleep(0.02)
        return True

    began = time.perf_counter()
    found = sentiment.watch(
        sentiment.replay(events, speed=20), sentiment.Monitor(slow, {"a": rule})
    )
    # They hold however busy the machine is: nothing is early, and the third waits for the second.
    assert time.perf_counter() - began >= 0.05 + 0.04
    assert (found.latency_s >= 0.02).all()
    assert found.latency_s[2] >= 0.04
    (alert,) = found.alerts
    assert (alert.topic, alert.time_s, alert.latency_s) == ("a", 1.0, found.latency_s[2])


def test_another_engine_gives_the_same_alerts(news) -> None:
    day = sentiment.news_day(news, per_day=500, seed=2)
    rule = SurgeRule.promising(0.1, 0.5, false_alarm_every=50)
    bad = {text for text, label in zip(*news.pool, strict=True) if label == 0}
    kept = []
    for arrivals in (sentiment.replay(day, speed=1e9), ((event, 0.0) for event in day)):
        rules = dict.fromkeys(sentiment.topics(), rule)
        found = sentiment.watch(arrivals, sentiment.Monitor(bad.__contains__, rules))
        kept.append([(alert.topic, alert.time_s) for alert in found.alerts])
    assert kept[0] == kept[1]
    assert kept[0]


def test_a_network_reads_texts_of_any_length_in_any_order(sides) -> None:
    few = sides.train.take(np.arange(0, len(sides.train.texts), 8))
    model = sentiment.train_scratch(few, epochs=1, seed=0)
    texts = ["", "oil", *sides.test.texts[:70]]
    found = model.probabilities(texts)
    np.testing.assert_allclose(found.sum(1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(model.probabilities(texts[::-1])[::-1], found, atol=1e-5)
    np.testing.assert_allclose(model.probabilities(texts[5:6])[0], found[5], atol=1e-5)
    assert model.predict(texts).tolist() == found.argmax(1).tolist()
    program, arguments = model.served("oil rises")
    assert program(*arguments).shape == (1, 3)
    assert model.size_bytes > 1000
