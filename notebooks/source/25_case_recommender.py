# %% [markdown]
# # 25. Recommendation: what will this user like next?
#
# A list of ten out of thousands: the right ones must be near its top, for each user, and before
# the user has chosen them. This notebook goes the whole way from ratings to a shelf that serves
# anybody who comes: what is popular, what similar items are, vectors of users and items, texts, the
# order of choices; and it shows how easily such a comparison fools itself.
#
# MovieLens may not be passed on. At `smoke` the ratings are therefore **synthetic**: no person gave
# one, and their structure is told below, so that you can check what each model finds. At `class`
# they are those of MovieLens (ml-latest-small), if its files are on this machine.
#
# After it you can
#
# 1. divide ratings by time, and say what a random division gives away;
# 2. compare rankers user by user, with an interval that can exclude chance;
# 3. say what a list does to the rare and to the popular, beside being right;
# 4. serve a user and an item that nobody knows yet;
# 5. trade a little recall of a search for most of its time.

# %% [markdown]
# ## Parameters

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
length = 10  # items of a list, 1 to 50
index_items = None  # items searched, 1000 to 1000000; None: the profile chooses
seed = 0  # seed of all draws, 0 to 1000000

# %%
import time

import jax
import numpy as np

from labkit import cases, models, perf, teach, viz
from labkit.cases import recommender
from labkit.units import format_time

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"index_items": 20_000, "epochs": 20, "seconds": 45},
        "class": {"index_items": 100_000, "epochs": 12, "seconds": 600},
        "full": {"index_items": 100_000, "epochs": 12, "seconds": 600},
    },
)
run

# %% [markdown]
# ## 1. Ratings, and what is to be predicted
#
# **Claim.** A rating of four stars or more is a like. Known are the first four fifths of what each
# user rated; asked for are the likes among the rest.
#
# In the synthetic set each user begins in one of eight genres and moves, over the years, to the
# next one; films differ in appeal; one rating in seven is of any film.

# %%
if run.profile == "smoke":
    ratings = recommender.synthetic(seed=run.seed)
else:
    ratings = recommender.movielens()
division = recommender.by_time(ratings)
print(ratings.about)
print(f"{ratings.num_users} users, {ratings.num_items} items, {len(ratings.users)} ratings")
print(f"{division.history.sum()} likes known; {len(division.users)} users to score")

# %%
genre_of = ratings.genres.argmax(axis=1)
for user in division.users[:2]:
    print(
        f"user {user}:",
        " ".join(ratings.genre_names[genre_of[i]][:4] for i in division.sequences[user][:12]),
    )

# %% [markdown]
# ## 2. Two baselines that are hard to beat
#
# **Claim.** *Popularity* gives everyone the same list. *Item kNN* adds, for each item, how alike it
# is to those the user liked: no training, and many a published network has lost to it.
#
# The score is NDCG at ten: a hit on the first place counts 1, further down less, and 1 is the best
# list there could be. Intervals are by bootstrap over users.
#
# **Predict.** By what factor is item kNN better than popularity?

# %%
guess_knn = None  # your prediction, a factor
scored = {
    name: recommender.score(recommender.RANKERS[name](division), division, k=run.length)
    for name in ("popularity", "item kNN")
}
for name, each in scored.items():
    print(f"{name:>15}: NDCG {each.interval()}")
better = scored["item kNN"].ndcg.mean() / scored["popularity"].ndcg.mean()
teach.reveal(guess_knn, round(float(better), 1))

# %% [markdown]
# ## 3. Vectors of users and items
#
# **Claim.** If tastes are few, a user is a short vector and so is an item. *Alternating least
# squares* computes each table from the other in closed form; *pairwise steps* move both so that
# what was liked fits better than what was drawn at random. They are two ways to one kind of model.
# *Item regression* has no vectors: it foretells each item from all others, also in closed form.

# %%
scored["ALS"] = recommender.score(
    recommender.least_squares(division, factors=16, seed=run.seed), division, k=run.length
)
scored["pairwise SGD"] = recommender.score(
    recommender.pairwise(division, factors=16, seed=run.seed), division, k=run.length
)
scored["item regression"] = recommender.score(
    recommender.item_regression(division), division, k=run.length
)
for name in ("ALS", "pairwise SGD", "item regression"):
    print(f"{name:>15}: NDCG {scored[name].interval()}")

# %% [markdown]
# ## 4. Order
#
# **Claim.** None of these knows when a like was given. In life tastes move. The smallest remedy
# lets old likes fade: each counts a share of the one after it. The largest is a network that reads
# the likes in order and says which comes next.
#
# **Predict.** Which share of the likes' weight is left after one more like, at best: 0.98, 0.9 or
# 0.5?

# %%
guess_decay = None  # your prediction, a share
choosing = recommender.by_time(ratings, choosing=0.1)
tried = {}
for decay in (1.0, 0.98, 0.9, 0.8, 0.5):
    faded = recommender.score(recommender.recent_knn(choosing, decay=decay), choosing)
    tried[decay] = float(faded.ndcg.mean())
decay = max(tried, key=tried.get)
print({share: round(ndcg, 3) for share, ndcg in tried.items()})
teach.reveal(guess_decay, decay)

# %% [markdown]
# The share is chosen on the ratings *before* those that are asked for in the end. So are the
# numbers in `labkit.cases.recommender`, on MovieLens.

# %%
began = time.perf_counter()
recent = recommender.recent_knn(division, decay=decay)
fading_s = time.perf_counter() - began
scored["recent kNN"] = recommender.score(recent, division, k=run.length)
scored["sequence"] = recommender.score(
    recommender.next_item(division, epochs=run.epochs, seed=run.seed), division, k=run.length
)
print("recent kNN: NDCG", scored["recent kNN"].interval())
print(f"sequence: NDCG {scored['sequence'].ndcg.mean():.1f}")

# %% [markdown]
# Rankers that err in different places can be added up: the *blend* sums the scores of three of
# them. Which one goes on the shelf is decided here, on the earlier ratings, before any of them is
# held to the later ones.

# %%
began = time.perf_counter()
blended = recommender.blend(division)
blending_s = time.perf_counter() - began
scored["blend"] = recommender.score(blended, division, k=run.length)
earlier = {"recent kNN": tried[decay]}
earlier["blend"] = float(recommender.score(recommender.blend(choosing), choosing).ndcg.mean())
chosen = max(earlier, key=earlier.get)
table, chosen_s = {"recent kNN": (recent, fading_s), "blend": (blended, blending_s)}[chosen]
print("blend: NDCG", scored["blend"].interval(), "| on earlier ratings the best is", chosen)

# %% [markdown]
# ## 5. Who wins, and is it chance?
#
# **Claim.** Two rankers are compared on the same users, so the interval that counts is that of the
# *difference*, user by user. It is narrower than the two intervals side by side suggest.

# %%
names = list(scored)
for name in names[2:]:
    against = recommender.gain(scored[name], scored["item kNN"])
    print(f"{name:>15} above item kNN: {against}")

# %%
ndcg = [scored[name].interval() for name in names]
low_high = np.array([[e.value - e.low, e.high - e.value] for e in ndcg]).T
viz.show(
    viz.bars(
        names,
        {"NDCG": [e.value for e in ndcg]},
        ylabel="NDCG at 10",
        errors={"NDCG": low_high},
        width=7.0,
    ),
    alt="Bars with intervals: the NDCG of popularity, item kNN, ALS, pairwise SGD, item "
    "regression, recent kNN, a sequence model and the blend. Popularity is the lowest.",
)

# %% [markdown]
# **Explain.** To let likes fade is one number, chosen on earlier ratings, and it helps. The network
# could find out as much and more, but it has to learn every item from a few thousand likes: with so
# little data, what is built in counts more than what can be learned.
#
# ## 6. What a random division gives away
#
# **Claim.** Divide at random, and the model learns from the future: what a user liked later tells
# what came before. The score rises, and the order of the models may change.
#
# **Predict.** By what factor does the NDCG of item kNN rise?

# %%
guess_leak = None  # your prediction, a factor
mixed = recommender.by_user_at_random(ratings, seed=run.seed)
leaking = {
    name: recommender.score(recommender.RANKERS[name](mixed), mixed, k=run.length)
    for name in ("popularity", "item kNN", "recent kNN")
}
for name, each in leaking.items():
    print(f"{name:>15}: by time {scored[name].ndcg.mean():.3f}, at random {each.ndcg.mean():.3f}")
leak = float(leaking["item kNN"].ndcg.mean() / scored["item kNN"].ndcg.mean())
teach.reveal(guess_leak, round(leak, 1))

# %% [markdown]
# **Explain.** Even by each user's time, other users' later ratings are known. Strictly, a service
# knows what there was on one date, for all. Then most of those who come are new:

# %%
dated = recommender.by_date(ratings)
print(len(dated.users), "users known on that date,", len(dated.new_users), "new since")

# %% [markdown]
# ## 7. What else a list does
#
# **Claim.** Two rankers of one NDCG can differ in whom they serve. *Coverage* is the share of the
# catalogue that anybody sees; *novelty* how rare, in bits, what is shown is; *lift* how much more
# popular it is than the user's own likes: 1 is twice as popular.

# %%
for name in names:
    each = scored[name]
    print(
        f"{name:>15}: recall {each.recall.mean():.3f}, coverage {each.coverage:.2f}, novelty "
        f"{each.interval('novelty_bits').value:.2f} bits, lift {each.popularity_lift.mean():+.2f}"
    )

# %%
viz.show(
    viz.scatter(
        {n: ([scored[n].coverage], [scored[n].ndcg.mean()]) for n in names},
        xlabel="share of the catalogue that is shown",
        ylabel="NDCG at 10",
    ),
    alt="A point for each ranker: NDCG against the share of the catalogue shown. Popularity lies "
    "at the lower left; the others show far more of the catalogue.",
)

# %% [markdown]
# ## 8. A film that nobody has seen
#
# **Claim.** To kNN and to the vectors, a new film does not exist: nobody chose it. *Two towers*
# read features instead: one the text of the film (title and genres), the other the mean text of
# what the user liked. Here a tenth of the films is new. Only they are listed, for those who will
# like one.
#
# **Predict.** By what factor do the towers beat a list in no order?

# %%
new, hidden = recommender.hide_items(division, 0.1, seed=run.seed)
if run.profile == "smoke":
    texts = models.WordSpace(ratings.texts, width=32)(ratings.texts)
else:
    texts = models.SentenceEncoder()(ratings.texts)

# %%
guess_towers = None  # your prediction, a factor
towers = recommender.two_tower(new, texts, epochs=run.epochs, seed=run.seed)
cold = {
    "two towers": recommender.score_new_items(towers, new, hidden),
    "ALS": recommender.score_new_items(recommender.least_squares(new), new, hidden),
    "no order": recommender.score_new_items(np.zeros_like(towers), new, hidden),
}
print({name: round(float(each.mean()), 3) for name, each in cold.items()})
teach.reveal(guess_towers, round(float(cold["two towers"].mean() / cold["no order"].mean()), 1))

# %% [markdown]
# And a user that nobody knows? The shelf offers what most like, says that it does, and makes no
# mistake of it: an unknown number, a user without a like, a row of scores that are not numbers.

# %%
shelf = recommender.Shelf(table, division, k=run.length)
for user in (int(division.users[0]), -1, 10**9):
    offered = shelf(user)
    print(f"user {user}: personal {offered.personal}; first {offered.titles[0]}")

# %% [markdown]
# ## 9. One query among very many items
#
# **Claim.** To find the best ten of a catalogue exactly is to look at all of it. *Inverted lists*
# sort the items around centres once, and a query then looks at the lists whose centres fit best.
# Their vectors are generated here, in clumps, as learned vectors lie.
#
# **Predict.** With a tenth of the lists, which share of the exact ten is found?

# %%
rng = np.random.default_rng(run.seed)
clumps = rng.normal(size=(run.index_items // 100, 32))
vectors = clumps[rng.integers(0, len(clumps), run.index_items)]
vectors = (vectors + 1.5 * rng.normal(size=vectors.shape)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
queries = jax.numpy.asarray(vectors[rng.permutation(run.index_items)[:200]])

# %%
guess_found = None  # your prediction, a share
lists = int(run.index_items**0.5)
index = models.InvertedLists.of(vectors, lists, seed=run.seed)
catalogue = jax.numpy.asarray(vectors)
exact = np.asarray(models.nearest(queries, catalogue, k=10))
shares = {}
for probes in sorted({1, *(max(1, lists // part) for part in (50, 20, 10))}):
    near = np.asarray(index.search(queries, k=10, probes=probes))
    shares[probes] = np.mean([len({*a} & {*b}) / 10 for a, b in zip(near, exact, strict=True)])
print("more lists find more:", bool(np.all(np.diff(list(shares.values())) >= 0)))
teach.reveal(guess_found, round(float(shares[lists // 10]), 1))

# %% tags=["nbval-ignore-output"]
timed = {
    "exact": cases.measure_latency(lambda q: models.nearest(q[None], catalogue, k=10), queries)
}
for probes in shares:
    timed[probes] = cases.measure_latency(
        lambda q, probes=probes: index.search(q[None], k=10, probes=probes), queries
    )
for name, taken in timed.items():
    middle, late = format_time(taken.p50_s), format_time(taken.p99_s)
    print(f"{name!s:>6} lists: found {shares.get(name, 1.0):.2f}, p50 {middle}, p99 {late}")

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.scatter(
        {
            "exact": ([1e3 * timed["exact"].p50_s], [1.0]),
            "inverted lists": ([1e3 * timed[p].p50_s for p in shares], list(shares.values())),
        },
        xlabel="p50 of a query / ms",
        ylabel="share of the exact ten found",
        logx=True,
    ),
    alt="The share of the exact ten found against the time of a query: inverted lists find more as "
    "they take longer, exact search finds all.",
)

# %% [markdown]
# ## 10. What it takes, and whether you would ship it
#
# **Claim.** The shelf answers from a table, so a request is a sort of one row; its price is that of
# a machine busy half of the time. The terms were written down before: the gain over item kNN must
# exclude zero, and 99 of 100 lists come within a twentieth of a second.

# %% tags=["nbval-ignore-output"]
latency = cases.measure_latency(shelf, [int(user) for user in division.users[:50]])
asked_of = perf.demand(lambda scores: jax.lax.top_k(scores, run.length), table[0])

# %% tags=["nbval-ignore-output"]
row = cases.board_row(
    case="25 recommendation",
    model=chosen,
    data=ratings.about.split(";")[0].split(",")[0] + ", each user's latest fifth",
    metric="NDCG@10",
    quality=scored[chosen].interval(),
    latency=latency,
    bill=cases.predict_bill(asked_of),
    size_bytes=int(table.nbytes),
    train_s=chosen_s,
    seeds=1,
    profile=run.profile,
)
row

# %% tags=["nbval-ignore-output"]
gain = recommender.gain(scored[chosen], scored["item kNN"])
print("gain over item kNN excludes zero:", gain.low > 0)
print(cases.decide(row, cases.Terms(max_p99_s=0.05, max_usd_per_thousand=0.01)))

# %% [markdown]
# ## 11. Limits and harms
#
# Offline scores ask whether a user chose what was listed, from what an older shelf had shown. They
# cannot see what a user would have chosen had it been shown: only an experiment with users can.
# Lists that favour the popular make it more popular, and the next model learns from that; coverage
# and lift are watched for this reason. Likes tell age, belief and health: they are personal data,
# and single users can be found again in sets like this one. MovieLens is for research, not to be
# passed on, and not for commerce without permission.

# %%
assert scored["item kNN"].ndcg.mean() > scored["popularity"].ndcg.mean()
assert recommender.gain(scored[chosen], scored["popularity"]).low > 0
assert gain.low > 0
assert leak > 1
assert cold["two towers"].mean() > cold["no order"].mean()
assert shares[lists // 10] > 0.5

# %%
teach.publish(
    popularity_ndcg=float(scored["popularity"].ndcg.mean()),
    item_knn_ndcg=float(scored["item kNN"].ndcg.mean()),
    recent_knn_ndcg=float(scored["recent kNN"].ndcg.mean()),
    leak_factor=leak,
)

# %% [markdown]
# ## Exercises

# %%
gained = teach.exercise("recommendation.ndcg")
gained

# %%
gained.check(None)

# %%
leaks = teach.exercise("recommendation.leak")
leaks

# %%
leaks.check(None)

# %%
looked_at = teach.exercise("recommendation.looked_at")
looked_at

# %%
looked_at.check(None)

# %% [markdown]
# ## What to read
#
# - Y. Hu, Y. Koren, C. Volinsky: *Collaborative filtering for implicit feedback datasets* (2008),
#   <https://doi.org/10.1109/ICDM.2008.22>
# - S. Rendle et al.: *BPR, Bayesian personalised ranking* (2009), <https://arxiv.org/abs/1205.2618>
# - M. Ferrari Dacrema, P. Cremonesi, D. Jannach: *Are we really making much progress?* (2019),
#   <https://arxiv.org/abs/1907.06902>
# - W.-C. Kang, J. McAuley: *Self-attentive sequential recommendation* (2018),
#   <https://arxiv.org/abs/1808.09781>
# - F. M. Harper, J. A. Konstan: *The MovieLens datasets* (2015),
#   <https://doi.org/10.1145/2827872>
# - The source behind this notebook: `labkit/cases/recommender`
