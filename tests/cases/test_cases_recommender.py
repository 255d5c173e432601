"""Recommendation: divisions against loops, rankers on a known structure, the shelf on bad input."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from labkit import models
from labkit.cases import recommender
from labkit.errors import ArgumentError, ShapeError


@pytest.fixture(scope="module")
def ratings() -> recommender.Ratings:
    return recommender.synthetic(120, 160, per_user=20)


@pytest.fixture(scope="module")
def division(ratings) -> recommender.Division:
    return recommender.by_time(ratings)


def test_generated_ratings_have_the_structure_that_is_told(ratings) -> None:
    genre = ratings.genres.argmax(axis=1)
    assert ratings.genres.sum(axis=1).tolist() == [1] * 160
    early, late = [], []
    for user in range(ratings.num_users):
        seen = genre[ratings.items[ratings.users == user]]
        home = np.bincount(seen[:8], minlength=8).argmax()
        early.append((seen[:8] == home).mean())
        late.append((seen[-8:] == (home + 1) % 8).mean())
    # Of 6 in 7 films of two genres: 8 in 10 of home early, 8 in 10 of next late; 1 in 7 by appeal.
    assert np.mean(early) > 0.6
    assert np.mean(late) > 0.5
    pairs = set(zip(ratings.users.tolist(), ratings.items.tolist(), strict=True))
    assert len(pairs) == len(ratings.users) == 120 * 20
    assert (np.diff(ratings.times_s) >= 0).all()
    assert "synthetic" in ratings.about


def test_the_same_seed_gives_the_same_ratings_and_another_does_not() -> None:
    one, same, other = (recommender.synthetic(10, 80, per_user=10, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.items, same.items)
    assert not np.array_equal(one.items, other.items)
    with pytest.raises(ArgumentError, match="per_user must be 5 to 10"):
        recommender.synthetic(10, 80, per_user=11)


def test_by_time_asks_for_each_users_latest(ratings) -> None:
    division = recommender.by_time(ratings, asked=0.2)
    for user in range(0, ratings.num_users, 17):
        mine = ratings.users == user
        assert division.known[mine].sum() == 16
        assert division.asked[mine].sum() == 4
        latest_known = ratings.times_s[mine & division.known].max()
        assert (ratings.times_s[mine & division.asked] >= latest_known).all()


def test_to_choose_is_to_leave_the_end_out(ratings, division) -> None:
    choosing = recommender.by_time(ratings, choosing=0.1)
    assert not (choosing.known & division.asked).any()
    assert not (choosing.asked & division.asked).any()
    assert ((choosing.known | choosing.asked) == division.known).all()


def test_by_date_is_one_date_for_all(ratings) -> None:
    division = recommender.by_date(ratings)
    assert ratings.times_s[division.known].max() < ratings.times_s[division.asked].min()
    assert (division.known | division.asked).all()
    assert len(division.new_users) > 0
    assert not division.seen[division.new_users].any()


def test_at_random_asks_for_as_many_but_others(ratings, division) -> None:
    mixed = recommender.by_user_at_random(ratings)
    assert mixed.asked.sum() == division.asked.sum()
    assert (mixed.asked != division.asked).any()
    assert np.bincount(ratings.users[mixed.asked]).tolist() == [4] * 120


def test_tables_and_sequences_are_what_a_loop_makes(ratings, division) -> None:
    seen = np.zeros((120, 160), bool)
    likes: list[list[int]] = [[] for _ in range(120)]
    rows = zip(ratings.users, ratings.items, ratings.stars, division.known, strict=True)
    for user, item, stars, known in rows:
        if known:
            seen[user, item] = True
            if stars >= 4:
                likes[user].append(item)
    np.testing.assert_array_equal(division.seen, seen)
    assert [sequence.tolist() for sequence in division.sequences] == likes
    assert division.history.sum() == sum(map(len, likes))
    assert not (division.relevant & division.seen).any()


@pytest.mark.parametrize("shares", [(0.0, 0.0), (1.0, 0.0), (0.5, 0.5), (0.2, -0.1)])
def test_shares_that_leave_nothing_are_refused(ratings, shares) -> None:
    with pytest.raises(ArgumentError, match="shares above 0"):
        recommender.by_time(ratings, asked=shares[0], choosing=shares[1])


def by_genre(division: recommender.Division) -> np.ndarray:
    """No learning: the share of a user's likes in an item's genres, popularity breaking ties."""
    genres = division.ratings.genres.astype(np.float32)
    genres /= np.maximum(genres.sum(axis=1, keepdims=True), 1.0)
    taste = division.history.astype(np.float32) @ genres
    taste /= np.maximum(taste.sum(axis=1, keepdims=True), 1.0)
    counts = division.history.sum(axis=0)
    return taste @ genres.T + 1e-3 * counts / max(counts.max(), 1)


@pytest.fixture(scope="module")
def scored(division) -> dict[str, recommender.Scored]:
    quick = {
        "popularity": recommender.popularity,
        "genre": by_genre,
        "item kNN": recommender.item_knn,
        "recent kNN": recommender.recent_knn,
        "item regression": recommender.item_regression,
        "successors": recommender.successors,
        "blend": recommender.blend,
        "ALS": lambda d: recommender.least_squares(d, factors=8),
        "pairwise SGD": lambda d: recommender.pairwise(d, factors=8, epochs=10),
        "two-tower": lambda d: recommender.two_tower(
            d, d.ratings.genres.astype(np.float32), epochs=5
        ),
        "sequence": lambda d: recommender.next_item(d, width=16, epochs=4),
    }
    return {name: recommender.score(rank(division), division) for name, rank in quick.items()}


def test_every_ranker_scores_each_user_and_offers_nothing_known(scored, division) -> None:
    for each in scored.values():
        assert each.top.shape == (len(division.users), 10)
        assert not np.take_along_axis(division.seen[division.users], each.top, axis=1).any()
        assert 0 <= each.interval().low <= each.ndcg.mean() <= each.interval().high <= 1
        assert 0 < each.coverage <= 1


def test_what_knows_tastes_beats_popularity_where_there_are_tastes(scored) -> None:
    for name in (
        "genre",
        "item kNN",
        "recent kNN",
        "item regression",
        "successors",
        "blend",
        "ALS",
        "two-tower",
    ):
        assert recommender.gain(scored[name], scored["popularity"]).low > 0, name


def test_a_gain_is_paired_and_against_itself_is_none(scored) -> None:
    assert recommender.gain(scored["ALS"], scored["ALS"]) == (0.0, 0.0, 0.0)
    one = recommender.gain(scored["ALS"], scored["item kNN"])
    other = recommender.gain(scored["item kNN"], scored["ALS"])
    np.testing.assert_allclose([one.value, one.low], [-other.value, -other.high])


def test_popular_lists_are_the_least_novel_and_cover_the_least(scored) -> None:
    popular = scored["popularity"]
    for name in ("item kNN", "ALS", "genre"):
        assert popular.novelty_bits.mean() < scored[name].novelty_bits.mean()
        assert popular.coverage < scored[name].coverage
        assert popular.popularity_lift.mean() > scored[name].popularity_lift.mean()


def test_fading_likes_are_what_a_loop_weighs(division) -> None:
    plain = recommender.recent_knn(division, decay=1.0)
    np.testing.assert_allclose(plain, recommender.item_knn(division), rtol=1e-4, atol=1e-5)
    faded = recommender.recent_knn(division, decay=0.5, neighbours=160, shrinkage=0.0)
    alike = recommender.item_knn(dataclasses.replace(division), neighbours=160, shrinkage=0.0)
    assert np.abs(faded - alike).max() > 0
    history = division.history.astype(float)
    both = history.T @ history
    size = np.sqrt(np.diag(both))
    cosine = both / np.maximum(np.outer(size, size), 1e-9)
    np.fill_diagonal(cosine, 0.0)
    likes = division.sequences[0]
    by_hand = sum(0.5 ** (len(likes) - 1 - i) * cosine[item] for i, item in enumerate(likes))
    np.testing.assert_allclose(faded[0], by_hand, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def shelf(division) -> recommender.Shelf:
    return recommender.Shelf(recommender.least_squares(division, factors=8), division)


def test_a_known_user_gets_a_list_of_ten_new_titles(shelf, division) -> None:
    offered = shelf(3)
    assert offered.personal
    assert len(set(offered.titles)) == 10
    seen = {division.ratings.titles[i] for i in np.flatnonzero(division.seen[3])}
    assert not seen & {*offered.titles}
    assert shelf(np.int64(3)) == offered


@pytest.mark.parametrize("user", [-1, 120, 10**9])
def test_an_unknown_user_gets_what_most_like(shelf, division, user: int) -> None:
    offered = shelf(user)
    assert not offered.personal
    counts = division.history.sum(axis=0)
    best = division.ratings.titles[int(counts.argmax())]
    assert offered.titles[0] == best


def test_a_row_of_missing_scores_and_a_user_who_saw_everything(ratings, division) -> None:
    scores = recommender.least_squares(division, factors=4).copy()
    scores[5] = np.nan
    scores[6, 0] = np.inf
    shelf = recommender.Shelf(scores, division)
    assert not shelf(5).personal
    assert shelf(6).personal
    everything = dataclasses.replace(division)
    everything.__dict__["seen"] = np.ones_like(division.seen)
    assert recommender.Shelf(scores, everything)(3) == recommender.Offered((), personal=False)


@pytest.mark.parametrize("user", ["ann", 1.5, None, True])
def test_what_is_no_number_of_a_user_is_refused(shelf, user) -> None:
    with pytest.raises(ArgumentError, match="user must be a whole number"):
        shelf(user)


def test_scores_of_other_users_are_refused(division) -> None:
    with pytest.raises(ShapeError, match="scores must be of shape"):
        recommender.Shelf(np.zeros((2, 3)), division)
    with pytest.raises(ArgumentError, match="none on both"):
        recommender.Division(division.ratings, division.known, division.known)


def test_hidden_items_are_known_to_nobody_and_texts_still_rank_them(division) -> None:
    new, items = recommender.hide_items(division, 0.25)
    assert len(items) == 40
    assert not new.seen[:, items].any()
    np.testing.assert_array_equal(new.relevant, division.relevant)
    others = np.setdiff1d(np.arange(160), items)
    np.testing.assert_array_equal(new.seen[:, others], division.seen[:, others])
    vectors = models.WordSpace(division.ratings.texts, width=8)(division.ratings.texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-4)
    towers = recommender.two_tower(new, vectors, epochs=5)
    learned = recommender.score_new_items(towers, new, items)
    blind = recommender.score_new_items(np.zeros_like(towers), new, items)
    assert learned.mean() > 1.3 * blind.mean()
    with pytest.raises(ArgumentError, match="hides some items"):
        recommender.hide_items(division, 0.0)


def test_a_text_is_title_and_genres(ratings) -> None:
    title, kind = ratings.titles[7], ratings.genre_names[ratings.genres[7].argmax()]
    assert ratings.texts[7] == f"{title}. {kind}"


def test_movielens_is_numbered_from_zero_in_order_of_time(real_data) -> None:
    movies = recommender.movielens()
    assert (movies.num_users, movies.num_items, len(movies.users)) == (610, 9724, 100_836)
    assert (np.diff(movies.times_s) >= 0).all()
    assert movies.titles[0] == "Toy Story (1995)"
    assert movies.texts[0].startswith("Toy Story (1995). Adventure, Animation")
    assert "GroupLens" in movies.about
    assert int(movies.liked.sum()) == 48_580


def test_successors_are_what_a_loop_counts(division) -> None:
    found = recommender.successors(division, reach=2, shrinkage=3.0, decay=0.5)
    liked = division.history.sum(axis=0)
    user = int(division.users[0])
    likes = division.sequences[user]
    expected = np.zeros(160)
    for back, item in enumerate(likes[::-1]):
        for other in range(160):
            count = sum(
                1 / apart
                for sequence in division.sequences
                for apart in (1, 2)
                for first, second in zip(sequence, sequence[apart:], strict=False)
                if (first, second) == (item, other)
            )
            size = np.sqrt(liked[item] * liked[other])
            expected[other] += 0.5**back * count / (size + 3.0)
    np.testing.assert_allclose(found[user], expected, rtol=1e-4, atol=1e-6)
