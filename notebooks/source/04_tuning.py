# %% [markdown]
# # 04. Tuning: choose honestly, and search fast
#
# A model has numbers that no gradient finds: a learning rate, a strength of regularisation, a
# width. They are chosen by trying. *How good is the one that was chosen, really, and how does one
# try a hundred for the price of ten?*
#
# After this notebook you can
#
# 1. give a score with an interval, and say why the plain interval is too narrow;
# 2. choose folds that fit the data: stratified, grouped, nested;
# 3. train sixteen models at once in one program, and say why that is faster;
# 4. tell a grid, a random, a Bayesian and a halving search apart by what they cost and find;
# 5. stop a search, resume it, and read from its plots what mattered.

# %% [markdown]
# ## Parameters
#
# `labkit run 04_tuning -p dataset fashion_mnist --profile class` searches on images of clothes.

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
dataset = "digits"  # one of: digits, mnist, fashion_mnist
epochs = None  # passes over the training images in each trial, 1 to 100; None: the profile chooses
trials = None  # trials of each search, 16 to 512; None: the profile chooses
hidden = 64  # units of the hidden layer, 1 to 1024
seed = 0  # seed of the parameters, the images and the searches, 0 to 1000000

# %%
import tempfile
import time
from pathlib import Path

import numpy as np
from flax import nnx
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit import data, evaluate, models, teach, tune, viz

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"epochs": 6, "trials": 48, "images": 1200, "seconds": 40},
        "class": {"epochs": 10, "trials": 96, "images": 10_000, "seconds": 400},
        "full": {"epochs": 20, "trials": 256, "images": 54_000, "seconds": 6000},
    },
)
run

# %% [markdown]
# ## 1. One split is one throw of the dice
#
# **Claim.** A score depends on which rows happened to be held out.
#
# **Predict.** 569 tumours, 30 measurements each, five nearest neighbours. Twenty people split off
# a fifth at random and report their accuracy. How far apart are the luckiest and the unluckiest,
# in percentage points?

# %%
guess_range = None  # your prediction, in percentage points
cancer = data.load("breast_cancer")
X, y = cancer.inputs, cancer.targets


def accuracy_of(train_rows, test_rows, neighbours=5):
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(neighbours))
    return model.fit(X[train_rows], y[train_rows]).score(X[test_rows], y[test_rows])


# %%
rows = np.arange(len(y))
split = {"test_size": 0.2, "stratify": y}
singles = [accuracy_of(*train_test_split(rows, random_state=s, **split)) for s in range(20)]
teach.reveal(guess_range, 100 * (max(singles) - min(singles)), unit="points")

# %% [markdown]
# **Explain.** 91 test rows, and each of them is one percentage point. Cross-validation lets every
# row test once: ten folds, each tested on by a model that was fitted to the other nine.
#
# ## 2. An interval that admits what it does not know
#
# **Claim.** The scores of folds move together, because their training sets overlap. The usual
# interval of a mean, $t\, s/\sqrt{J}$, is therefore too narrow, and it shrinks to nothing if you
# only shuffle and repeat often enough. The correction of Nadeau and Bengio,
# $t\, s \sqrt{1/J + n_\text{test}/n_\text{train}}$, does not.
#
# **Predict.** Ten folds, then ten folds ten times over. By which factor does the plain interval
# shrink, and by which the corrected one?

# %%
guess_shrink = None  # your prediction for the corrected one: 1 is not at all
widths = {}
for repeats in (1, 10):
    result = tune.cross_validate(accuracy_of, tune.stratified_folds(y, 10, repeats=repeats))
    mean, low, high = result.interval()
    plain = 2 * 2 * result.scores.std(ddof=1) / np.sqrt(len(result.scores))
    widths[repeats] = plain, high - low
    print(f"{repeats:2} x 10 folds: {result}; plain width {plain:.2g}, corrected {high - low:.2g}")
teach.reveal(guess_shrink, widths[1][1] / widths[10][1])

# %% [markdown]
# **Explain.** No new tumour was measured: repeating can take out the luck of the shuffle, not the
# luck of having these rows. The plain interval forgets the second.
#
# ## 3. Groups: what is new in use must be new in the test
#
# **Claim.** Where rows come in groups (readings of a patient, frames of a film), folds must keep
# groups whole. To see it, we make groups: each digit is copied five times with a little noise
# (the copies are synthetic), as an augmented data set would be.
#
# **Predict.** One nearest neighbour, 300 digits, five copies each. Which accuracy do plain folds
# promise, which one grouped folds?

# %%
guess_plain, guess_grouped = None, None  # your predictions, between 0 and 1
digits = data.load("digits")
generator = np.random.default_rng(run.seed)
images = digits.scaled().reshape(-1, 64)[:300].repeat(5, axis=0)
copies = images + generator.normal(0, 0.1, images.shape)
labels, groups = digits.targets[:300].repeat(5), np.arange(300).repeat(5)

# %%
neighbour = KNeighborsClassifier(1)
makers = {"plain": tune.plain_folds(1500), "grouped": tune.grouped_folds(groups)}
promised = {
    name: tune.cross_validate(
        lambda a, b: neighbour.fit(copies[a], labels[a]).score(copies[b], labels[b]), folds
    ).mean
    for name, folds in makers.items()
}
print({name: f"{score:.2f}" for name, score in promised.items()})
print(teach.reveal(guess_plain, promised["plain"]))
print(teach.reveal(guess_grouped, promised["grouped"]))

# %% [markdown]
# **Explain.** With plain folds the nearest neighbour of a copy is another copy of the same digit,
# and it sits on the other side. Nothing has been learned but to recognise a photograph.
#
# ## 4. Choosing is fitting too
#
# **Claim.** The best of many scores is too good, because it was chosen for being good. *Nested*
# cross-validation chooses inside each training set, and scores the choice outside.
#
# **Predict.** Labels are coin tosses (synthetic), so no rule is better than 0.5. Of 40 rules the
# best on the inner folds is chosen. What is its inner score on average, and its outer one?

# %%
guess_inner, guess_outer = None, None  # your predictions, between 0 and 1
noise, coins = generator.normal(size=(100, 40)), generator.integers(0, 2, 100)


def follow(candidate, train_rows, test_rows):
    column = noise[:, candidate["column"]]
    sign = np.sign(column[train_rows] @ (2 * coins[train_rows] - 1))
    return ((sign * column[test_rows] > 0) == coins[test_rows]).mean()


# %%
nested = tune.nested_cross_validate(
    follow,
    [{"column": column} for column in range(40)],
    outer=tune.plain_folds(100, 10),
    inner=lambda rows: tune.plain_folds(len(rows), 5),
)
print(teach.reveal(guess_inner, nested.inner_scores.mean()))
print(teach.reveal(guess_outer, nested.mean))
print(f"optimism of the choice: {nested.optimism:.2f}")

# %% [markdown]
# **Explain.** The more is tried, the more the best score flatters. From here on there are three
# kinds of images: some to fit, some to choose by, and test images that are looked at once.
#
# ## 5. The rate that matters most, sixteen at once
#
# **Claim.** Of all these numbers the learning rate matters most, and the right one lies in a
# range of a factor of ten or so, to be found on a scale of factors. `tune.train_population` trains
# sixteen models at once: `jax.vmap` turns every number of the training into a column of sixteen.
#
# **Predict.** AdamW, rates from 0.0001 to 1. Which is best?

# %%
training, test = data.load(run.dataset), data.load(run.dataset, split="test")
order = np.random.default_rng(run.seed).permutation(len(training))
learned, held_out = order[: run.images], order[run.images :][:5000]
inputs, targets = training.scaled(), training.targets
layers = models.MLPConfig(training.inputs.shape[1:], (run.hidden,), len(training.class_names))


def build(seed):
    return models.MLP(layers, rngs=nnx.Rngs(seed))


# %%
def train_all(columns):
    pool, apart = (inputs[learned], targets[learned]), (inputs[held_out], targets[held_out])
    options = {"epochs": run.epochs, "batch_size": 32, "seed": run.seed}
    return tune.train_population(build, *pool, validation=apart, hyperparameters=columns, **options)


# %% tags=["nbval-ignore-output"]
guess_rate = None  # your prediction, between 0.0001 and 1
rates = np.logspace(-4, 0, 16)
population = train_all({"learning_rate": rates, "weight_decay": np.full(16, 1e-4)})
best_rate = rates[population.best()]
teach.reveal(guess_rate, best_rate)


# %% tags=["nbval-ignore-output"]
def rate_and_loss(number):
    loss = population.curves["validation_loss"]
    lines = {
        f"rate {rates[number]:.2g}": loss[number],
        f"best, {best_rate:.2g}": loss[population.best()],
    }
    axes = {"xlabel": "epoch", "ylabel": "validation loss / nat"}
    return viz.lines(np.arange(1, run.epochs + 1), lines, **axes)


viz.show(
    rate_and_loss(3),
    alt="Validation loss over the epochs for one learning rate and for the best one.",
)

# %% tags=["nbval-ignore-output"]
viz.explore(
    rate_and_loss,
    alt=lambda number: (
        f"Validation loss at a learning rate of {rates[number]:.2g}: "
        f"{population.curves['validation_loss'][number, -1]:.2g} nat after the last epoch; "
        f"the best rate is {best_rate:.2g}."
    ),
    number=(0, 15, 3),
    frames=16,
)

# %% tags=["nbval-ignore-output"]
ends = np.minimum(population.curves["validation_loss"][:, -1], 10)
viz.show(
    viz.lines(
        rates,
        {"after the last epoch": ends},
        xlabel="learning rate",
        ylabel="validation loss / nat",
        logx=True,
    ),
    alt="The loss after training over the learning rate: a valley on a scale of factors, with a "
    "slow slope on its left and a steep wall on its right.",
)

# %% [markdown]
# **Explain.** To the left the steps are too small for so few epochs; to the right each step
# overshoots, and the wall is steep: a rate three times too high costs more than one three times
# too low.
#
# ## 6. Why at once is faster
#
# **Claim.** A step of a small model is mostly starting operations. Sixteen models in one program
# start them once.
#
# **Predict.** Sixteen models at once, against the same sixteen one after another (compiled once,
# so that only the work is compared). How many times faster?

# %% tags=["nbval-ignore-output"]
guess_ratio = None  # your prediction
pairs = {"learning_rate": rates, "weight_decay": np.full(16, 1e-4)}
train_all({name: column[:1] for name, column in pairs.items()})  # compile
start = time.perf_counter()
alone = [train_all({k: v[i : i + 1] for k, v in pairs.items()}) for i in range(16)]
one_by_one_s = time.perf_counter() - start
start = time.perf_counter()
train_all(pairs)
at_once_s = time.perf_counter() - start
print(f"one after another {one_by_one_s:.2g} s, at once {at_once_s:.2g} s")
teach.reveal(guess_ratio, one_by_one_s / at_once_s)

# %%
apart = np.array([single.curves["validation_loss"][0, -1] for single in alone])
together = population.curves["validation_loss"][:, -1]
gentle = rates < 0.01  # beyond it, steps are so large that a rounding grows
assert np.allclose(apart[gentle], together[gentle], rtol=0.05)
print("alone or together, each model learns the same")

# %% [markdown]
# ## 7. Grid and random
#
# **Claim.** Where few of many hyperparameters matter, a random search tries more values of each
# than a grid of the same size.
#
# **Predict.** A 4 × 4 grid and 16 random trials over learning rate and weight decay. How many
# different learning rates does each try?

# %%
guess_grid, guess_random = None, None  # whole numbers
space = {
    "learning_rate": tune.Real(1e-4, 1.0, log=True),
    "weight_decay": tune.Real(1e-5, 1.0, log=True),
}


def losses(columns):
    return train_all(columns).curves["validation_loss"][:, -1]


# %%
at_once = {"trials": 16, "vectorised": True, "seed": run.seed}
grid = tune.search(losses, space, method=tune.Grid(4), **at_once)
random = tune.search(losses, space, method=tune.Random(), **at_once)
print(teach.reveal(guess_grid, len(set(grid.column("learning_rate")))))
print(teach.reveal(guess_random, len(set(random.column("learning_rate")))))

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.scatter(
        {
            name: (found.column("learning_rate"), found.column("weight_decay"))
            for name, found in (("grid", grid), ("random", random))
        },
        xlabel="learning rate",
        ylabel="weight decay",
        logx=True,
        logy=True,
    ),
    alt="Sixteen trials of a grid in rows and columns, and sixteen random ones strewn over the "
    "same square: seen from below, the grid has four columns and the random ones sixteen.",
)

# %% [markdown]
# ## 8. A search that learns
#
# **Claim.** After some trials one can guess where good ones are dense and bad ones are not, and
# look there. That is what the tree of Parzen estimators does; it is asked for sixteen trials at a
# time, which are then trained at once.
#
# **Predict.** At the same number of trials, which ends with the lower loss, "random" or
# "bayesian"? Would you bet on it every time?

# %% tags=["nbval-ignore-output"]
guess_winner = None  # "random" or "bayesian"
many = {"trials": run.trials, "batch": 16, "vectorised": True, "seed": run.seed}
found = {
    "random": tune.search(losses, space, method=tune.Random(), **many),
    "bayesian": tune.search(losses, space, method=tune.Bayesian(startup=16), **many),
}
teach.reveal(guess_winner, min(found, key=lambda name: found[name].best.value))

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.lines(
        np.arange(1, run.trials + 1),
        {name: result.best_so_far() for name, result in found.items()},
        xlabel="trial",
        ylabel="lowest validation loss so far / nat",
        markers=False,
    ),
    alt="The lowest validation loss so far over the trials: both searches fall in steps, steeply "
    "at first, and end close to each other.",
)

# %% [markdown]
# **Explain.** In two dimensions random search is hard to beat; the advantage of learning grows
# with the number of hyperparameters and with the price of a trial. What a search gains is also
# bounded by the noise of the score: beyond it one chooses luck.
#
# ## 9. Stop what has fallen behind
#
# **Claim.** Most trials show after a few epochs that they will not win. *Successive halving* lets
# only the best third go on at epochs 1, 3 and 9. Any model that can say how it stands will do:
# here one of scikit-learn.
#
# **Predict.** 27 trials of up to 12 epochs are 324. How many are trained with halving?

# %%
tried = {"rate": tune.Real(1e-4, 0.3, log=True), "width": tune.Whole(8, 64, log=True)}


def flat(rows):
    return inputs[rows].reshape(len(rows), -1)


def climb(trial):
    net = MLPClassifier((trial["width"],), learning_rate_init=trial["rate"], random_state=0)
    for epoch in range(1, 13):
        net.partial_fit(flat(learned), targets[learned], classes=np.unique(targets))
        trial.report(epoch, net.score(flat(held_out), targets[held_out]))
    return trial.reports[12]


# %% tags=["nbval-ignore-output"]
guess_epochs = None  # your prediction, up to 324
halving = {"pruning": tune.SuccessiveHalving(1, 3), "maximise": True, "seed": run.seed}
halved = tune.search(climb, tried, trials=27, **halving)
spent = sum(len(trial.reports) for trial in halved.trials)
print(f"best accuracy {halved.best.value:.3g} with {dict(halved.best.params)}")
teach.reveal(guess_epochs, spent, unit="epochs")

# %% [markdown]
# **Explain.** A trial is held against those before it, so the first ones meet little competition
# and run far. With `executor=` the trials run side by side, over processes or a Dask cluster, and
# the result is the same.
#
# ## 10. Stopped, resumed, the same
#
# **Claim.** A study is a file. Each finished trial is in it before the next begins; a search that
# is killed loses the trial it was at, and goes on to the very same end.

# %%
with tempfile.TemporaryDirectory() as folder:
    store = Path(folder) / "search.sqlite"
    tune.search(climb, tried, trials=5, store=store, **halving)
    resumed = tune.search(climb, tried, trials=10, store=store, resume=True, **halving)
for again, whole in zip(resumed.trials, halved.trials[:10], strict=True):
    assert (again.params, again.value) == (whole.params, whole.value)
print("five trials, then five more: the first ten of the whole search")

# %% [markdown]
# ## 11. What mattered
#
# **Predict.** Which explains more of the differences between the trials of the random search,
# "learning_rate" or "weight_decay"?

# %% tags=["nbval-ignore-output"]
guess_matters = None  # "learning_rate" or "weight_decay"
shares = tune.importances(found["random"])
viz.show(
    viz.importance_bars(shares),
    alt="Share of the variance that each hyperparameter explains: nearly all the learning rate.",
)

# %% tags=["nbval-ignore-output"]
columns = {name: found["random"].column(name) for name in space}
shown = np.minimum(found["random"].values, 3)
about = {"score_label": "validation loss / nat, at most 3", "log": list(space)}
viz.show(
    viz.slices(columns, shown, **about),
    alt="Loss over each hyperparameter, one point a trial: a clear valley over the learning rate, "
    "a cloud without a shape over the weight decay.",
)

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.parallel_coordinates({**columns, "loss": shown}, shown, **about),
    alt="One line a trial over the axes learning rate, weight decay and loss: the lines of low "
    "loss meet in one stretch of the learning rate and cross the weight decay anywhere.",
)

# %% [markdown]
# ## 12. What to take away
#
# The winner is trained once more, and meets the test images for the first time. The rate mattered
# most; plain folds promised what grouped folds did not hold; the best of many coins looked bright
# until it was tossed again.

# %% tags=["nbval-ignore-output"]
winner = found["bayesian"].best.params
chosen = train_all({name: [value] for name, value in winner.items()}).model(0)
predicted = models.predict(chosen, test.scaled()).argmax(-1)
accuracy = evaluate.accuracy_score(test.targets, predicted)
print(f"test accuracy {accuracy:.3g} with { ({k: f'{v:.2g}' for k, v in winner.items()}) }")
teach.publish(test_accuracy=accuracy, **winner)

# %%
assert promised["plain"] > promised["grouped"] + 0.02
assert nested.optimism > 0.05
assert shares["learning_rate"] > 0.5
assert spent < 324 / 2
assert accuracy >= {"digits": 0.93, "mnist": 0.94, "fashion_mnist": 0.8}[run.dataset]

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None`; hints and solution are folded below each task.

# %%
corrected_variance = teach.exercise("tuning.corrected_variance")
corrected_variance

# %%
corrected_variance.check(None)

# %%
log_uniform = teach.exercise("tuning.log_uniform")
log_uniform

# %%
log_uniform.check(None)

# %%
values_tried = teach.exercise("tuning.values_tried")
values_tried

# %%
values_tried.check(None)

# %%
halving_cost = teach.exercise("tuning.halving_cost")
halving_cost

# %%
halving_cost.check(None)

# %%
which_score = teach.exercise("tuning.which_score")
which_score

# %%
which_score.check(None)

# %% [markdown]
# ## What to read
#
# - C. Nadeau, Y. Bengio: *Inference for the generalization error*, Machine Learning 52 (2003),
#   <https://doi.org/10.1023/A:1024068626366>
# - G. Cawley, N. Talbot: *On over-fitting in model selection*, JMLR 11 (2010),
#   <https://www.jmlr.org/papers/v11/cawley10a.html>
# - J. Bergstra, Y. Bengio: *Random search for hyper-parameter optimization*, JMLR 13 (2012),
#   <https://www.jmlr.org/papers/v13/bergstra12a.html>
# - L. Li and others: *A system for massively parallel hyperparameter tuning* (2018),
#   <https://arxiv.org/abs/1810.05934>
# - The source behind this notebook: `labkit/tune`
