# %% [markdown]
# # 02. Preprocessing: from raw data to arrays that can be trained on
#
# Most of the work of a model happens before it sees anything, and most scores that turn out
# to be wrong were spoiled there. This notebook asks: *what does it take to go from a dirty table,
# raw images and free text to arrays, what does each stage cost, and what happens to a test score
# when a little of the test set leaks into the training?*
#
# After it you can
#
# 1. clean a table, find labels that are probably wrong, and say how many you missed;
# 2. name four ways in which a test set leaks, say what each does to a score, and catch them;
# 3. resize and augment images on the device, and predict what a stage costs from its bytes;
# 4. turn text into numbers, pad it without waste, and mask personal data with a known recall;
# 5. feed a device reproducibly, and resume where a killed run stopped.

# %% [markdown]
# ## Parameters
#
# Change a value and run all, or from a terminal: `labkit run 02_preprocessing -p table wine`.
# The real sets need their files (`labkit data fetch NAME`).

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
table = "breast_cancer"  # one of: breast_cancer, wine, pima
photos = "digits"  # one of: digits, fashion_mnist, cifar10
texts = "planted"  # one of: planted, banking77
seed = 0  # seed of the random numbers, 0 to 1000000

# %%
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit import data, perf, teach, viz
from labkit.data import feed
from labkit.data.prepare import images, leakage, splits, stages, tables, text
from labkit.units import format_bytes, format_si, format_time

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"batch": 512, "side": 32, "messages": 300, "seconds": 25},
        "class": {"batch": 2048, "side": 64, "messages": 2000, "seconds": 60},
        "full": {"batch": 8192, "side": 64, "messages": 10000, "seconds": 240},
    },
)
run

# %% [markdown]
# ## 1. Look before you touch
#
# The table below is a real one in which the usual dirt was planted: `?` for "not known", numbers
# that lost their sign, rows written twice, labels that are wrong. Because we know what was
# planted, we can say how well it is found. Every cell is a word, as in a CSV file.

# %%
clean_set = data.load(run.table, split="all" if run.table == "pima" else "train")
dirty = tables.soil(clean_set.frame(), clean_set.targets, seed=run.seed)
print(dirty.table.shape)
dirty.table.iloc[:4, :5]

# %% [markdown]
# **Predict.** Of all cells, 3 % say `?`. If every row with a `?` were dropped, what share of the
# rows would be left? (The table has 30 columns by default.)

# %%
guess_share = None  # your prediction, from 0 to 1
complete = ~(dirty.table == "?").any(axis=1)
teach.reveal(guess_share, complete.mean())

# %% [markdown]
# **Explain.** A row survives if all of its cells do: $0.97^{30} \approx 0.4$. Dropping rows is
# rarely the answer; marking what is missing, and filling it in later, costs no row.
#
# ## 2. Clean, and keep count
#
# Steps that look at one row at a time (or at equal rows) may run on the whole table. Each is a
# function from table to table. Repeated rows go first: they would stand on both sides of a split.


# %%
def no_negatives(cells):
    return tables.impossible_to_missing(cells, dict.fromkeys(cells.columns[:-1], (0, np.inf)))


cleaned = tables.clean(
    dirty.table,
    repeated=tables.drop_duplicates,
    unknown=tables.mark_missing,
    impossible=no_negatives,
)
for change in cleaned.changes:
    print(f"{change.step:>10}: {change.rows_dropped} rows dropped, {change.cells_emptied} emptied")

# %%
assert cleaned.changes[0].rows_dropped == dirty.repeated_rows
assert cleaned.changes[2].cells_emptied == dirty.impossible_cells
tables.profile(cleaned.table).iloc[:4].round(2)

# %% [markdown]
# ## 3. Split now, before anything learns
#
# From here on steps *learn*: a median to fill in, a fence for outliers, a mean and a scale, a model
# that doubts labels. None of them may see the test rows, so the split comes first.

# %%
rows, labels = cleaned.table.iloc[:, :-1], cleaned.table["target"].to_numpy().astype(int)
split = splits.stratified_split(labels, test=0.25, seed=run.seed)
leakage.audit(split, rows, targets=labels)
train_rows, train_labels = rows.iloc[split.train], labels[split.train]
test_rows, test_labels = rows.iloc[split.test], labels[split.test]
print(f"{len(train_rows)} rows to train on, {len(test_rows)} to test on, no leak found")

# %% [markdown]
# ## 4. Labels that are probably wrong
#
# **Claim.** A model that has not seen a row, but has seen the others, often knows better than
# a wrong label. So: cross-validate, and suspect each row for which another class is confidently
# more probable than the one given (*confident learning*).
#
# **Predict.** 4 % of the labels were changed. What share of those in train will be found?

# %%
guess_recall = None  # your prediction, from 0 to 1
prepare = tables.table_pipeline(list(rows.columns), clipper=tables.OutlierClipper())
judge = make_pipeline(prepare, LogisticRegression(C=0.1, max_iter=500))
suspects = tables.suspect_labels(train_rows, train_labels, judge, seed=run.seed)
is_wrong = np.isin(train_rows.index, dirty.wrong_labels)
hits = is_wrong[suspects.rows]
recall, precision = hits.sum() / is_wrong.sum(), hits.mean()
print(f"{len(suspects.rows)} suspects: recall {recall:.2f}, precision {precision:.2f}")
teach.reveal(guess_recall, recall)

# %% [markdown]
# **Explain.** The other suspects are honest rows that look unusual; a person should look at them,
# most doubtful first. Here the suspects are dropped, **in train only**. Dropped in the test set
# too, hard rows would go with the wrong ones: the score rises, and the model is the same.

# %%
kept = np.setdiff1d(np.arange(len(train_labels)), suspects.rows)
model = make_pipeline(prepare, LogisticRegression(max_iter=500))
model.fit(train_rows.iloc[kept], train_labels[kept])
doubted = tables.suspect_labels(rows, labels, judge, seed=run.seed).rows
easy = ~np.isin(split.test, doubted)
score = model.score(test_rows, test_labels)
flattered = model.score(test_rows[easy], test_labels[easy])
print(f"test accuracy {score:.2f}; with doubtful test rows dropped {flattered:.2f}")

# %% [markdown]
# **A pipeline keeps the promise** that whatever learns is fitted on train alone: it is one object,
# refitted as a whole in each fold. The checks of `labkit.data.prepare.leakage` hold it to that, by
# fitting it again on the rows it should have seen and comparing all that it has learned.

# %%
leakage.check_fitted_on(model, train_rows.iloc[kept], train_labels[kept])

# %% [markdown]
# A scaler fitted on *all* rows gives nearly the same score, and no one would notice but the check:

# %%
careless = StandardScaler().fit(rows)
try:
    leakage.check_fitted_on(careless, train_rows)
except leakage.LeakageError as leak:
    print(leak)

# %% [markdown]
# ## 5. What a leak does to a score
#
# **Claim.** A leak can make a useless model look excellent. To see it, the labels are now the
# **toss of a coin**: nothing can be learned, and every honest score is 0.5, give or take chance.
# Four leaks, each against the same work done properly:
#
# | leak | what is done wrong |
# |---|---|
# | selection | the 40 best of 4,000 noise columns are chosen on all rows, then the rows are split |
# | oversampling | the rare class is repeated, then the rows are split |
# | groups | four visits of each patient are split as if they were four patients |
# | time | hours of a slowly changing state are split by chance instead of by time |
#
# **Predict.** What accuracy will the worst of the four show?

# %%
guess_worst = None  # your prediction, accuracy from 0.5 to 1
features = clean_set.frame().fillna(clean_set.frame().median()).to_numpy()
effects = leakage.leak_effects(features, seed=run.seed)
for effect in effects:
    print(f"{effect.leak:>12}: honest {effect.honest:.2f}, with the leak {effect.leaky:.2f}")
teach.reveal(guess_worst, max(effect.leaky for effect in effects))

# %%
viz.show(
    viz.bars(
        [effect.leak for effect in effects],
        {
            "honest": [effect.honest for effect in effects],
            "with the leak": [effect.leaky for effect in effects],
        },
        ylabel="test accuracy (chance: 0.5)",
        title="Labels are coin tosses: all above 0.5 is leaked",
    ),
    alt="Bars of test accuracy for four leaks. Honest scores stand near 0.5; with a leak they "
    "stand between about 0.75 and 0.95, though the labels are coin tosses.",
)

# %% [markdown]
# **Explain.** No model was better than another; the test had been made easy. The same four
# mistakes, each made once in a pipeline like yours, and what the checks say:

# %%
patients, hours = np.repeat(np.arange(100), 4), np.arange(400)
by_visit = splits.stratified_split(hours % 2, test=0.3, seed=run.seed)
by_patient = splits.grouped_split(patients, test=0.3, seed=run.seed)
for name, chosen, given in (
    ("visits split", by_visit, {"groups": patients}),
    ("patients split", by_patient, {"groups": patients}),
    ("hours split", by_visit, {"times": hours}),
    ("time split", splits.time_split(hours, test=0.3), {"times": hours}),
):
    try:
        leakage.audit(chosen, hours[:, None], **given)
        print(f"{name}: clean")
    except leakage.LeakageError as leak:
        print(f"{name}: {str(leak).splitlines()[1][:68]}...")

# %% [markdown]
# ## 6. Images: one size for all
#
# **Claim.** Shrinking an image by picking every *n*-th pixel invents patterns that are not there
# (*aliasing*). The cure is to average: a kernel as wide as the step. A resize is then two small
# matrix products, one over the rows and one over the columns, which a device does well.
#
# **Predict.** 120 columns with 30 fine stripes are shrunk to 24 columns. What will be left of the
# stripes if every fifth column is picked, and what if they are averaged?

# %%
photo_set = data.load(run.photos)
raw = np.round(photo_set.scaled()[: run.batch] * 255).astype(np.uint8)
large = np.asarray(images.resize(raw, (run.side, run.side), images.BICUBIC))
print(raw.shape, "->", large.shape)

# %%
stripes = np.tile((np.arange(120) % 4 < 2) * 255, (120, 1)).astype(np.uint8)[None, ..., None]
picked = stripes[:, ::5, ::5]
averaged = np.asarray(images.resize(stripes, (24, 24)))
spread = {"picked": picked.std(), "averaged": averaged.std()}
print({name: f"{value:.3g}" for name, value in spread.items()})
viz.show(
    viz.image_grid(
        [stripes[0, :24, :24, 0], picked[0, ..., 0], averaged[0, ..., 0]],
        ["24 of 120 pixels", "every 5th pixel", "averaged"],
        value_range=(0, 255),
    ),
    alt="Left: fine stripes. Middle: picking every fifth pixel gives coarse stripes that were "
    "not there. Right: averaging gives a nearly even grey.",
)

# %% [markdown]
# **Explain.** 24 columns cannot show 30 stripes. Picking shows 6 sharp ones that never were;
# averaging says what is true: grey.

# %% [markdown]
# ## 7. Augmentation: more views of the same thing
#
# A digit moved by two pixels is the same digit. Each function takes a whole batch and a random
# key, runs on the device, and gives the same result for the same key.


# %%
def draw_augmented(shift, hole, brightness, key=0):
    bright = images.adjust_brightness(large[:16], brightness)
    move, hide = partial(images.random_crop, padding=shift), partial(images.cutout, size=hole)
    batch = images.augmentation(move, hide)(bright, key=jax.random.key(key))
    return viz.image_grid(np.asarray(batch), columns=8, value_range=(0, 255))


viz.show(
    draw_augmented(shift=4, hole=10, brightness=1.2),
    alt="Sixteen training images, each moved a little, brightened, and with a black square "
    "hiding a part of it.",
)

# %% [markdown]
# **Turn.** From which shift or hole on could *you* no longer tell what it is? That is too much
# for the model too.

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_augmented,
    alt=lambda shift, hole, brightness, key: (
        f"Sixteen images moved by up to {shift} pixels, brightness times {brightness:.2g}, "
        f"with a hole of {hole} pixels, random key {key}."
    ),
    shift=(0, 12, 4),
    hole=(0, 24, 10),
    brightness=(0.2, 2.0, 1.2, 0.1),
    key=(0, 9, 0),
    frames=16,
)

# %% [markdown]
# ## 8. What each stage costs
#
# **Claim.** A stage takes at least as long as memory needs for the bytes that go in and come out,
# and as arithmetic needs for its operations: the roofline of notebook 00. Compiled array code
# comes near that bound; code that handles one Python object at a time does not.
#
# **Predict.** How many times slower than its bound is cleaning a table of words?

# %% tags=["nbval-ignore-output"]
vector = jnp.ones(2**22)
bandwidth = 3 * vector.nbytes / perf.measure(jnp.add, vector, vector, budget_s=0.3).lower_quartile_s
square = jnp.ones((1024, 1024))
peak_flops = 2 * 1024**3 / perf.measure(jnp.matmul, square, square, budget_s=0.3).lower_quartile_s
print(f"here: {format_bytes(bandwidth)}/s, {format_si(peak_flops, 'FLOP/s')}")

# %% tags=["nbval-ignore-output"]
guess_times = None  # your prediction, a factor
augment = images.pad_crop_flip_cutout(*images.channel_statistics(large))
key = jax.random.key(run.seed)
on_device = jnp.asarray(large)
measure = partial(stages.time_stage, bandwidth=bandwidth, peak_flops=peak_flops)
timed = [
    measure("scale to [0, 1]", images.normalise, on_device, 0.0, 1.0, items=run.batch),
    measure("crop flip cutout", lambda x: augment(x, key=key), on_device, items=run.batch),
    measure("shrink by 2", lambda x: images.resize(x, (16, 16)), on_device, items=run.batch),
    measure("impute, scale", model[0].transform, rows, items=len(rows), compiled=False),
    measure("clean words", tables.mark_missing, dirty.table, items=len(rows), compiled=False),
]
teach.reveal(guess_times, timed[-1].times_bound)

# %% tags=["nbval-ignore-output"]
for stage in timed:
    print(
        f"{stage.name:>17}: {format_bytes(stage.moved_bytes):>8} moved, predicted at least "
        f"{format_time(stage.predicted_s):>8}, measured {format_time(stage.measured_s):>8} "
        f"({stage.times_bound:.3g} times), {format_si(stage.items_per_s)} items/s"
    )
teach.publish(augmented_images_per_s=timed[1].items_per_s, bandwidth_gbps=bandwidth / 1e9)

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.bars(
        [stage.name for stage in timed],
        {
            "predicted bound": [stage.predicted_s * 1e3 for stage in timed],
            "measured": [stage.measured_s * 1e3 for stage in timed],
        },
        ylabel="time / ms",
        logy=True,
        width=7.5,
    ),
    alt="Predicted bound and measured time of five stages on a logarithmic axis: the compiled "
    "image stages stand near their bound, the stages in Python far above it.",
)

# %% [markdown]
# **Explain.** The compiled stages stand within a small factor of the bound. Cleaning words handles
# each cell as a Python object and is slower by a factor of hundreds or more. It runs once, though,
# and augmentation every epoch: the one may be slow, the other belongs on the device.
#
# Python's time can be predicted too, not from bytes but from **two small trials**: a fixed part
# and a part for each row.

# %% tags=["nbval-ignore-output"]
trials = {n: dirty.table.iloc[:n] for n in (100, 200)}
short_s, long_s = (
    perf.measure(tables.mark_missing, trial, jit=False, budget_s=0.3).lower_quartile_s
    for trial in trials.values()
)
predicted_s = short_s + (long_s - short_s) / 100 * (len(dirty.table) - 100)
print(f"predicted {format_time(predicted_s)}, measured {format_time(timed[-1].measured_s)}")

# %% [markdown]
# ## 9. Text: tokens, padding, and what must not be in it
#
# **Claim.** How a text is cut decides how long it is. A tokeniser that merges frequent pairs of
# bytes, learned on the spot, needs a fraction of the tokens that characters do.
#
# **Predict.** How many characters does one of its tokens stand for?

# %%
guess_length = None  # your prediction, characters per token
messages, truths = text.planted_messages(run.messages, seed=run.seed)
corpus = messages if run.texts == "planted" else tuple(data.load("banking77").inputs)
train_texts, test_texts = corpus[: len(corpus) // 2], corpus[len(corpus) // 2 :]
pieces = text.BytePairTokenizer.train(train_texts, vocabulary_size=1024)
encoded = [pieces.encode(text.normalise(message)) for message in test_texts]
lengths = np.array([len(numbers) for numbers in encoded])
teach.reveal(guess_length, sum(map(len, test_texts)) / lengths.sum(), unit="characters")

# %% [markdown]
# Texts of one batch must be equally long. Padding a batch to its longest text wastes work;
# batches of like lengths (*buckets*) waste less.


# %%
def padding_share(batches):
    cells = sum(len(batch) * lengths[batch].max() for batch in batches)
    return 1 - lengths.sum() / cells


mixed = np.array_split(np.random.default_rng(run.seed).permutation(len(lengths)), len(lengths) // 8)
edges = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75, 1]).astype(int))
buckets = text.bucket_batches(lengths, 8, boundaries=list(edges), seed=run.seed)
shares = padding_share(mixed), padding_share(buckets)
print(f"padding: {shares[0]:.2f} of a mixed batch, {shares[1]:.2f} with {len(edges)} buckets")
assert shares[1] < shares[0]

# %% [markdown]
# **Mask personal data.** E-mail addresses, card numbers, IBANs and phone numbers have a form (and
# check digits); names have none. The messages are generated, so where the personal data is, is
# known. **Predict:** which kind is found worst, and what share of it is found?

# %%
guess_kind = None  # "CARD", "EMAIL", "IBAN", "NAME" or "PHONE"
found = [text.find_personal_data(message) for message in messages]
scores = text.score_spans(found, truths)
for kind, measured in scores.items():
    print(f"{kind:>6}: precision {measured.precision:.2f}, recall {measured.recall:.2f}")
teach.reveal(guess_kind, min(scores, key=lambda kind: scores[kind].recall))

# %%
example = max(messages, key=len)
print(example)
print(text.mask_personal_data(example))

# %% [markdown]
# **Explain.** A name is found by a list of given names or by what stands before it ("my name is",
# "Mrs"). Names on no list, without such a sign, stay in the text. A recall below 1 means that
# masked text is still personal data; say the recall whenever you say "anonymised".
#
# ## 10. Feed the device
#
# **Claim.** If a batch is a pure function of seed, epoch and number, then a killed run resumes
# with the very next batch, and several hosts agree on each batch without talking.

# %%
source = feed.ArraySource(raw, photo_set.targets[: run.batch])
batches = feed.Batches(source, 64, feed.Shuffled(len(source), seed=run.seed))
with feed.Feed(batches, epochs=2) as whole:
    expected = [np.asarray(labels_of) for _, labels_of in whole]
with feed.Feed(batches, epochs=2) as killed:
    seen = [np.asarray(next(killed)[1]) for _ in range(11)]
with feed.Feed(batches, epochs=2, position=killed.position) as resumed:
    seen += [np.asarray(labels_of) for _, labels_of in resumed]
print(f"killed at {killed.position}, then {len(seen) - 11} batches more")
assert np.array_equal(seen, expected)

# %% [markdown]
# **Predict.** Reading and sending a batch takes time. With a thread that reads ahead while the
# device computes, what share of the speed without any input is left?


# %% tags=["nbval-ignore-output"]
@jax.jit
def busy_step(batch):
    mixed = augment(images.resize(batch, (run.side, run.side)), key=key)
    return images.resize(images.resize(mixed, (256, 256)), (8, 8), images.LANCZOS3).mean()


guess_fed = None  # your prediction, from 0 to 1
endless = feed.Feed(batches)
still = jnp.asarray(raw[:64])
without = perf.measure(busy_step, still, budget_s=1.0)
fed = perf.measure(lambda: busy_step(next(endless)[0]), jit=False, budget_s=1.0)
endless.close()
teach.reveal(guess_fed, without.median_s / fed.median_s)

# %% [markdown]
# **Explain.** The next batch is ready before it is asked for, as long as reading it takes less
# time than the step. A set larger than memory is fed the same way, from memory-mapped files
# (`feed.NpySource`) or Parquet (`feed.ParquetSource`), at constant memory.
#
# ## 11. What to take away
#
# Preparation that is checked costs nothing and saves the only number that counts. The claims of
# this notebook, held to what was measured:

# %%
honest, leaky = (np.mean([getattr(e, name) for e in effects]) for name in ("honest", "leaky"))
print(f"mean accuracy on coin tosses: honest {honest:.2f}, with a leak {leaky:.2f}")
assert leaky > honest + 0.15
assert precision > 2 * is_wrong.mean()
assert min(scores[kind].recall for kind in ("EMAIL", "CARD", "IBAN", "PHONE")) == 1
assert scores["NAME"].recall < 1
assert spread["averaged"] < 0.2 * spread["picked"]

# %% tags=["nbval-ignore-output"]
assert timed[-1].times_bound > 5 * timed[0].times_bound
print(f"cleaning words: {timed[-1].times_bound:.3g} times its bound; scaling images: "
      f"{timed[0].times_bound:.3g} times")  # fmt: skip

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None` and run the cell.

# %%
standardise = teach.exercise("leakage.standardise")
standardise

# %%
standardise.check(None)

# %%
which_split = teach.exercise("leakage.which_split")
which_split

# %%
which_split.check(None)

# %%
window_gap = teach.exercise("leakage.window_gap")
window_gap

# %%
window_gap.check(None)

# %%
resume = teach.exercise("leakage.resume")
resume

# %%
resume.check(None)

# %% [markdown]
# ## What to read
#
# - S. Kapoor, A. Narayanan: *Leakage and the reproducibility crisis in machine-learning-based
#   science*, Patterns 4 (2023), <https://doi.org/10.1016/j.patter.2023.100804>
# - C. Northcutt, L. Jiang, I. Chuang: *Confident learning: estimating uncertainty in dataset
#   labels* (2021), <https://arxiv.org/abs/1911.00068>
# - T. DeVries, G. Taylor: *Improved regularization of convolutional neural networks with cutout*
#   (2017), <https://arxiv.org/abs/1708.04552>
# - scikit-learn user guide, *Common pitfalls and recommended practices*,
#   <https://scikit-learn.org/stable/common_pitfalls.html>
# - The source behind this notebook: `labkit/data/prepare`, `labkit/data/feed`
