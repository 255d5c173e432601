# %% [markdown]
# # 05. Data and compute: what more of it buys
#
# Twice the data, a model twice the size, twice the training: each makes the loss smaller, and each
# costs. *What does each of them buy, and can one know before one pays?*
#
# After this notebook you can
#
# 1. measure a learning curve over data, model size or training, and fit a power law to it;
# 2. read a floor, a scale and an exponent, with intervals, and say what each means;
# 3. predict the loss of a run before it is run, and say how far to trust the prediction;
# 4. say where a compute budget is best spent: on a larger model or on more training;
# 5. choose between training from scratch, fine-tuning, freezing and low-rank adapters.

# %% [markdown]
# ## Parameters
#
# `labkit run 05_data_and_compute_scale --profile class` climbs a taller ladder.

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
widths = [4, 8, 16, 32, 64]  # units of the hidden layer, 2 to 1024; one rung of the ladder each
longest = None  # steps of the longest run of the ladder, 300 to 20000; None: the profile chooses
learning_rate = 8e-3  # change per unit of gradient at the start, 1e-5 to 1
seed = 0  # seed of the images' order and of the bootstrap, 0 to 1000000

# %%
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from labkit import data, evaluate, models, teach, train, tune, viz

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"longest": 800, "seconds": 45},
        "class": {"longest": 4800, "seconds": 200},
        "full": {"longest": 9600, "seconds": 400},
    },
)
run

# %% [markdown]
# ## 1. A language of pixels
#
# **Claim.** A language model predicts the next word from those before it. The same task, small
# enough for this page: predict the next pixel of a handwritten digit, one of 17 shades, from the
# 24 pixels before it and its place.
#
# **Predict.** Blind guessing among 17 shades has a loss of $\log 17$. What is the loss, in nats, of
# the best guess that knows only how frequent each shade is?


# %%
def pixels(images):
    shades = images.reshape(len(images), 64).astype(np.int32)
    padded = np.pad(shades / 16, ((0, 0), (24, 0)))[:, :-1]
    before = np.lib.stride_tricks.sliding_window_view(padded, 24, axis=1)
    place = np.concatenate([np.eye(8).repeat(8, 0), np.tile(np.eye(8), (8, 1))], 1)
    inputs = np.concatenate([before, np.broadcast_to(place, (len(shades), 64, 16))], 2)
    return inputs.reshape(-1, 40).astype(np.float32), shades.ravel()


# %%
guess_entropy = None  # your prediction, in nats
order = np.random.default_rng(run.seed).permutation(1437)
digits = data.load("digits").inputs[order]
inputs, targets = pixels(digits)
held_out = pixels(data.load("digits", split="test").inputs[:128])
shares = np.bincount(targets) / len(targets)
print(f"{len(targets):,} pixels; blind: {np.log(17):.3g} nat")
teach.reveal(guess_entropy, -(shares * np.log(shares)).sum(), unit="nat")

# %% [markdown]
# **Explain.** Half of the pixels are white, so frequency alone tells much. What a network can win
# beyond that is in the neighbours; what no network can win, the whim of the pen, is a floor.
#
# ## 2. More data
#
# **Claim.** Where data are scarce, the loss follows $L(D) = E + B / D^\beta$: a floor, and a part
# that melts by the same factor each time the data double.
#
# **Predict.** From 64 images to 1024, sixteen times as many: by which factor does the part above
# the floor shrink?


# %%
def network(width):
    shape = models.MLPConfig((40,), (width,), 17, activation=jax.nn.gelu)
    return lambda seed: models.MLP(shape, rngs=nnx.Rngs(seed))


def cosine_adam(steps, rate=run.learning_rate):
    def sinking(step):
        return rate * 0.5 * (1 + jnp.cos(jnp.pi * jnp.minimum(step / steps, 1)))

    return optax.adam(sinking)


# %%
def climb(width, steps, seeds, **options):
    given = {"hyperparameters": {"steps": steps}, "seeds": seeds, "validation": held_out}
    given |= {"optimizer": cosine_adam, "batch_size": 128, **options}
    return tune.train_population(network(width), inputs, targets, **given)


# %% tags=["nbval-ignore-output"]
guess_shrink = None  # your prediction
images = np.array([16, 32, 64, 128, 256, 512, 1024])
each = {"epochs": 12, "steps_per_epoch": 50, "num_examples": [64 * n for n in [*images, *images]]}
curves = climb(32, [600] * 14, [0] * 7 + [1] * 7, **each).curves["validation_loss"]
data_loss = curves.min(1).reshape(2, 7).mean(0)  # at its best epoch, mean of two seeds
data_fit = evaluate.fit_power_law(data_loss, {"images": images}, bootstrap=50)
print(data_fit.law)
teach.reveal(guess_shrink, 16 ** data_fit.law.exponents[0])

# %% tags=["nbval-ignore-output"]
spread = np.array([law(images=images) for law in data_fit.resampled])
viz.show(
    viz.lines(
        images,
        {"measured": data_loss, "law": data_fit.law(images=images)},
        bands={"law": tuple(np.quantile(spread, [0.05, 0.95], axis=0))},
        xlabel="images to learn from",
        ylabel="loss / nat per pixel",
        logx=True,
    ),
    alt="Loss over the number of images: measured points lie close to a curve that falls, ever "
    "more slowly, towards a floor; a narrow band shows where laws of resampled runs lie.",
)

# %% [markdown]
# **Explain.** The floor is a guess far beyond the data, and so the least certain number of the
# three: floor and exponent trade against each other. Each point is the loss at its best epoch; with
# few images the network soon learns them by heart.
#
# ## 3. A ladder of models and of training
#
# **Claim.** The same form holds in two directions at once, for parameters $N$ and for pixels seen
# in training $D$ (Hoffmann and others, 2022):
#
# $$L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}$$
#
# Each width below is one program that trains all its runs at once, short and long; each run's
# rate sinks to zero at its own end.

# %% tags=["nbval-ignore-output"]
steps = np.array([run.longest // 2**k for k in (4, 3, 2, 1, 0)])
pairs = {"steps": [*steps, *steps], "seeds": [0] * 5 + [1] * 5}
span = {"epochs": 4, "steps_per_epoch": run.longest // 4}
ends = [climb(w, **pairs, **span).curves["validation_loss"][:, -1] for w in run.widths]
ladder = np.array(ends).reshape(len(run.widths), 2, 5).mean(1)
seen = 128 * steps
sizes = np.array([models.summary(network(w)(0), (1, 40)).parameters for w in run.widths])

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.heatmap(
        ladder,
        row_names=[f"{n:,}" for n in sizes],
        column_names=[f"{d:,}" for d in seen],
        xlabel="pixels seen in training",
        ylabel="parameters",
        unit="loss / nat per pixel",
    ),
    alt="Loss of each run of the ladder: it falls to the right, with more training, and downwards, "
    "with more parameters; the lowest is in the corner where both are largest.",
)

# %% [markdown]
# ## 4. The law
#
# **Predict.** Which falls faster in this ladder: the part that more parameters melt or the part
# that more training melts? The larger exponent wins: "parameters" or "pixels"?

# %% tags=["nbval-ignore-output"]
guess_faster = None  # "parameters" or "pixels"
N, D = (grid.ravel() for grid in np.meshgrid(sizes, seen, indexing="ij"))
runs = {"parameters": N, "pixels": D}
fit = evaluate.fit_power_law(ladder.ravel(), runs, bootstrap=50, seed=run.seed)
print(fit.law)
for name in fit.law.names:
    low, high = fit.exponent_interval(name)
    print(f"exponent of {name}: 90 % interval {low:.2f} to {high:.2f}")
print(f"largest miss: {np.expm1(abs(fit.log_residuals).max()):.1%}")
teach.reveal(guess_faster, fit.law.names[int(np.argmax(fit.law.exponents))])

# %% [markdown]
# **Explain.** The intervals come from refitting to runs drawn with replacement. They are wide: the
# law is held by five sizes and five lengths. What is determined far better is the loss that
# the law gives near the ladder, for there the errors of floor, scales and exponents cancel.
#
# ## 5. A prediction, before the run
#
# **Claim.** The law tells the loss of a run that is larger than any before it: twice the width and
# twice the training of the largest, four times its compute.
#
# **Predict.** Before you run the next cell: what loss do you expect? The largest of the ladder is
# in the lower right corner above.

# %% tags=["nbval-ignore-output"]
guess_loss = None  # your prediction, in nats
large = 2 * run.widths[-1]
big_size = models.summary(network(large)(0), (1, 40)).parameters
predicted = fit.predict(parameters=big_size, pixels=2 * seen[-1])
print(
    f"predicted before the run: {predicted.loss:.3f} ({predicted.low:.3f} to {predicted.high:.3f})"
)

# %% tags=["nbval-ignore-output"]
twice = {"epochs": 4, "steps_per_epoch": run.longest // 2}
largest = climb(large, [2 * run.longest] * 2, [0, 1], **twice).curves["validation_loss"][:, -1]
measured = float(largest.mean())
print(
    f"predicted {predicted.loss:.3f}, measured {measured:.3f}: off by "
    f"{predicted.loss / measured - 1:+.1%}"
)
teach.reveal(guess_loss, measured, unit="nat")

# %%
assert abs(predicted.loss / measured - 1) < 0.1
print("the law was within a tenth of what the run then measured")

# %% [markdown]
# **Explain.** Most of this loss is floor, which makes a tenth an easy aim; the honest question is
# how much of the *way down* was foreseen. Compare the miss with what the doubling gained over the
# corner of the ladder.

# %% tags=["nbval-ignore-output"]
gained = ladder[-1, -1] - measured
print(f"gained {gained:.3f} nat, foreseen {ladder[-1, -1] - predicted.loss:.3f}")

# %% [markdown]
# ## 6. Where a budget is best spent
#
# **Claim.** A dense network costs about 6 operations for each parameter and each pixel it is
# trained on (2 forwards, 4 backwards), so a budget buys a product: $C = 6 N D$. For each budget
# there is one best size; a larger model would be trained too little, a smaller one could not use
# its training.

# %%
forward = models.summary(network(64)(0), (128, 40))
print(f"forward: {forward.flops / (128 * forward.parameters):.2g} operations a parameter and pixel")

# %% [markdown]
# **Predict.** Keep of the ladder the runs that no cheaper run beats, and fit a law to compute
# alone, $L(C) = E + K / C^\gamma$, with the floor $E$ of section 4. Is $\gamma$ above both
# exponents of section 4, between them, or below both?

# %% tags=["nbval-ignore-output"]
guess_gamma = None  # "above", "between" or "below"
by_price = np.argsort(6 * N * D, kind="stable")
losses, spent = ladder.ravel()[by_price], (6 * N * D)[by_price]
front = losses == np.minimum.accumulate(losses)  # no cheaper run was as good
melting = np.log(losses[front] - fit.law.floor)
gamma, (alpha, beta) = -np.polyfit(np.log(spent[front]), melting, 1)[0], fit.law.exponents
place = int(gamma > min(alpha, beta)) + int(gamma > max(alpha, beta))
print(f"gamma {gamma:.2f}; alpha beta / (alpha + beta) = {alpha * beta / (alpha + beta):.2f}")
teach.reveal(guess_gamma, ["below", "between", "above"][place])

# %% tags=["nbval-ignore-output"]
free = evaluate.fit_power_law(losses[front], {"operations": spent[front]})
print(f"with a floor of its own: {free.law}")

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.lines(
        spent,
        {
            "a run that a cheaper one beats": np.where(front, np.nan, losses),
            "a run that none beats": np.where(front, losses, np.nan),
            "law with a floor of its own": free.law(operations=spent),
        },
        xlabel="operations spent on training",
        ylabel="loss / nat per pixel",
        logx=True,
    ),
    alt="Loss of all runs over the operations they cost: the best at each price lie along a curve "
    "that falls ever more slowly; badly split budgets lie above it.",
)

# %% [markdown]
# **Explain.** Compute is a product, and each of its factors melts only its own part. With both
# split at their best the loss melts by $C^{-\gamma}$ with
# $\gamma = \alpha \beta / (\alpha + \beta)$: more slowly than either alone. Fitted with a floor of
# its own, the same front gives another floor and another exponent, and that curve passes through
# the points just as well. Exponents may be compared only where the floors agree.
#
# **Predict.** Now with a hundred times the budget: how many times larger should the model be?

# %% tags=["nbval-ignore-output"]
guess_times = None  # your prediction: 10 if size and training should share it evenly
budgets = 6 * sizes[2] * seen[2] * np.array([0.3, 3.0, 30.0])
best = [fit.law.best_spending(budget, cost=6) for budget in budgets]
for budget, way in zip(budgets, best, strict=True):
    n, d = way.sizes["parameters"], way.sizes["pixels"]
    print(f"{budget:.2g} operations: {n:,.0f} parameters on {d:,.0f} pixels, loss {way.loss:.3f}")
times = best[2].sizes["parameters"] / best[0].sizes["parameters"]
teach.reveal(guess_times, times)

# %% tags=["nbval-ignore-output"]
grid = np.geomspace(60, 15_000, 80)
valleys = {f"{c:.1g} operations": fit.law(parameters=grid, pixels=c / 6 / grid) for c in budgets}
viz.show(
    viz.lines(
        grid,
        {name: np.where(loss < 2, loss, np.nan) for name, loss in valleys.items()},
        xlabel="parameters",
        ylabel="expected loss / nat per pixel",
        logx=True,
        markers=False,
    ),
    alt="Expected loss over the number of parameters for three compute budgets: three valleys, "
    "each lower and further to the right than the one of the smaller budget.",
)

# %% [markdown]
# **Explain.** The valleys are flat: half or double the best size costs little. The exponent of the
# best size is $\beta / (\alpha + \beta)$: the quantity whose part melts more slowly needs the
# larger share of the budget.
#
# ## 7. Borrowed knowledge
#
# **Claim.** There is a fourth way to pay: let somebody else train. A network that learned to name
# digits shall now count *holes* (0, 6 and 9 have one, 8 has two). Four ways: from scratch; all of
# the trained network trained on; only a new last layer (*frozen*); small low-rank adapters beside
# frozen layers (*LoRA*).
#
# **Predict.** With 64 examples, which way is best, and which is worst with 512?

# %%
sides = [data.load("digits", split=split) for split in ("train", "test")]
mixed = np.random.default_rng(run.seed + 1).permutation(1797)
X = np.concatenate([side.scaled() for side in sides])[mixed]
names = np.concatenate([side.targets for side in sides])[mixed]
holes = np.array([1, 0, 0, 0, 0, 0, 1, 0, 2, 1])[names]
base = models.MLP(models.MLPConfig((8, 8, 1), (64, 64), 10), rngs=nnx.Rngs(0))
adam = optax.adam(3e-3)
given = {"epochs": 20, "batch_size": 32, "optimizer": adam, "progress": False}
pretrained = train.fit(base, X[:900], names[:900], **given)


# %%
def adapted(seed):
    new = models.with_head(base, 3, rngs=nnx.Rngs(seed))
    return models.with_lora(new, 4, where=lambda name: name != "head", rngs=nnx.Rngs(seed))


def renewed(seed):
    return models.with_head(base, 3, rngs=nnx.Rngs(seed))


def fresh(seed):
    return models.MLP(models.MLPConfig((8, 8, 1), (64, 64), 3), rngs=nnx.Rngs(seed))


# %%
head, some = models.part("head"), [8] * 4 + [64] * 4 + [512] * 4
ways = {"from scratch": (fresh, nnx.Param), "all of it": (renewed, nnx.Param)}
ways |= {"frozen": (renewed, head), "LoRA": (adapted, nnx.Any(nnx.LoRAParam, head))}

# %% tags=["nbval-ignore-output"]
guess_at_64, guess_at_512 = None, None  # one of the four ways, each
accuracy = {}
common = {"epochs": 10, "steps_per_epoch": 50, "batch_size": 16, "num_examples": some}
common |= {"hyperparameters": {"learning_rate": [3e-3] * 12}, "seeds": [0, 1, 2, 3] * 3}
for way, (build, trained) in ways.items():
    pool, test = (X[900:1412], holes[900:1412]), (X[1412:], holes[1412:])
    population = tune.train_population(build, *pool, validation=test, trained=trained, **common)
    ends = population.curves["validation_accuracy"][:, -1].reshape(3, 4)
    accuracy[way] = ends.mean(1)
print(teach.reveal(guess_at_64, max(accuracy, key=lambda way: accuracy[way][1])))
print(teach.reveal(guess_at_512, min(accuracy, key=lambda way: accuracy[way][2])))

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.bars(
        ["8 examples", "64 examples", "512 examples"],
        accuracy,
        ylabel="accuracy on held-out digits",
        width=8,
    ),
    alt="Accuracy of four ways to learn to count holes, with eight, 64 and 512 examples: with "
    "eight all are alike and poor; with 64 the borrowed lead; with 512 the frozen one is last.",
)

# %% [markdown]
# **Explain.** Eight examples cannot show ten digits, and no way of training changes that. With 64
# the borrowed features save the network from finding them again. With 512 it can find better ones
# for the new question, and what is frozen stands in the way. Adapters lie between, at a fraction
# of the numbers to store for each task. This is one draw of examples: try another `seed`.
#
# ## 8. What to take away
#
# A law fitted to small runs foretold a large one; the budget has a best split; borrowed features
# pay where examples are few.

# %% tags=["nbval-ignore-output"]
teach.publish(
    predicted_loss=predicted.loss,
    measured_loss=measured,
    exponent_parameters=fit.law.exponents[0],
    exponent_pixels=fit.law.exponents[1],
)

# %%
assert (np.diff(ladder.mean(0)) < 0).all()
assert (np.diff(ladder.mean(1)) < 0).all()
assert 1 < times < 100
assert accuracy["all of it"][1] > accuracy["from scratch"][1]
assert accuracy["frozen"][2] < accuracy["all of it"][2]

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None`; hints and solution are folded below each task.

# %%
exponent = teach.exercise("scaling.exponent")
exponent

# %%
exponent.check(None)

# %%
more_data = teach.exercise("scaling.more_data")
more_data

# %%
more_data.check(None)

# %%
best_size = teach.exercise("scaling.best_size")
best_size

# %%
best_size.check(None)

# %%
adapter_size = teach.exercise("scaling.adapter_size")
adapter_size

# %%
adapter_size.check(None)

# %% [markdown]
# ## What to read
#
# - J. Hoffmann and others: *Training compute-optimal large language models* (2022),
#   <https://arxiv.org/abs/2203.15556>
# - T. Besiroglu and others: *Chinchilla scaling: a replication attempt* (2024),
#   <https://arxiv.org/abs/2404.10102>: the same runs, fitted again, and other numbers
# - E. Hu and others: *LoRA: low-rank adaptation of large language models* (2021),
#   <https://arxiv.org/abs/2106.09685>
# - The source behind this notebook: `labkit/evaluate/scaling.py`, `labkit/tune/population.py`
