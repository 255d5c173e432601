# %% [markdown]
# # 21. Case study: named entities
#
# A newsroom wants to know who and what a stream of posts is about: people, places, companies,
# products, groups, films and songs. *Can a small network find names that it has never seen, in
# text that nobody edited, and what does an answer cost?*
#
# After this notebook you can
#
# 1. tell the F1 of whole entities from the F1 of words, and say which one flatters;
# 2. give the score of a tagger with an interval over sentences, and hold it to a baseline;
# 3. sort the mistakes: missed, wrong kind, wrong ends, invented;
# 4. say what a tagger goes by, by taking it away: capitals, known words;
# 5. decide whether to ship it, from quality, latency and price together.

# %% [markdown]
# ## Parameters
#
# The default profile trains on a sample of WNUT-17 that comes with labkit (about a third of its
# sentences), so its scores are lower than those of the whole set. Profile `class` reads all of
# it; `labkit run 21_case_named_entities -p dataset conll2003 --profile class` reads CoNLL-2003
# where you have it.

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
dataset = None  # one of: wnut17_sample, wnut17, conll2003; None: the profile chooses
epochs = None  # passes over the training sentences, 1 to 100; None: the profile chooses
min_f1 = 0.5  # entity F1 that the newsroom asks for, 0.01 to 0.99
seed = 0  # seed of parameters, dropout and order, 0 to 1000000

# %%
import numpy as np

from labkit import cases, data, evaluate, perf, teach, viz
from labkit.cases import entities
from labkit.data.prepare.text import find_words
from labkit.errors import OfflineError

# %% tags=["nbval-ignore-output"]
SMALL = {"batch_size": 8, "dropout": 0.3, "boundaries": (16, 32, 112)}
run = teach.start(
    globals(),
    {
        "smoke": {"dataset": "wnut17_sample", "epochs": 12, "shape": SMALL, "encoder": False,
                  "seconds": 45},
        "class": {"dataset": "wnut17", "epochs": 15, "shape": {}, "encoder": True, "seconds": 600},
        "full": {"dataset": "wnut17", "epochs": 25, "shape": {}, "encoder": True, "seconds": 800},
    },
)  # fmt: skip
run

# %% [markdown]
# ## 1. The raw data
#
# Each word has a tag. `B-person` begins a person, `I-person` goes on with one, `O` is no name.
# This is the IOB2 notation.

# %%
learned, validation, test = (data.load(run.dataset, split=s) for s in ("train", "val", "test"))
for name, part in (("training", learned), ("validation", validation), ("test", test)):
    found = sum(len(evaluate.entities_of(tags)) for tags in part.targets)
    print(f"{name:>10}: {len(part):,} sentences, {sum(map(len, part.inputs)):,} words, "
          f"{found:,} entities")  # fmt: skip
example = max(range(100), key=lambda i: len(evaluate.entities_of(test.targets[i])))
print(*(f"{w}/{t}" for w, t in zip(test.inputs[example], test.targets[example], strict=True)))

# %% [markdown]
# **Predict.** Of the words of the test sentences that belong to an entity, which share occurs
# anywhere in the training sentences, in capitals or not?

# %%
guess_known = None  # your prediction, a share from 0 to 1
known = {word.lower() for words in learned.inputs for word in words}
inside = [
    word.lower() in known
    for words, tags in zip(test.inputs, test.targets, strict=True)
    for word, tag in zip(words, tags, strict=True)
    if tag != "O"
]
teach.reveal(guess_known, round(float(np.mean(inside)), 2))

# %% [markdown]
# **Explain.** WNUT-17 was made for *emerging* names: the training sentences are older, and of
# other sites, than the test sentences. What was learned by heart will not do.
#
# ## 2. The baseline: names learned by heart
#
# **Claim.** An entity counts as found when its kind and both its ends are right. *Precision* is
# the share of the found that are right, *recall* the share of the true that are found, and F1
# their harmonic mean.
#
# **Predict.** A baseline calls a run of words an entity if it was one in training. What is its F1?

# %%
guess_lookup = None  # your prediction, from 0 to 1
lookup = entities.Lookup.learn(learned)
by_heart = lookup.tag(test.inputs)
memory = evaluate.entity_report(test.targets, by_heart)
print(f"precision {memory.micro[0]:.2f}, recall {memory.micro[1]:.2f}")
teach.reveal(guess_lookup, round(memory.micro_f1, 2))

# %% [markdown]
# **Claim.** Scored word by word, the same baseline looks excellent, because most words are `O`.

# %%
words = evaluate.token_report(test.targets, by_heart)
nothing = evaluate.token_report(test.targets, [("O",) * len(tags) for tags in test.targets])
print(f"weighted F1 of words: by heart {words.weighted_f1:.2f}, "
      f"always O {nothing.weighted_f1:.2f}")  # fmt: skip

# %% [markdown]
# **Explain.** A program that never finds a name scores above nine tenths. Word scores are printed
# here in the familiar form, but the product is judged by whole entities.
#
# ## 3. The model
#
# **Claim.** A name that was never seen must be told by how it is written and by what stands
# around it. So each word becomes
#
# - a vector of its own, if training knew it; in training a rare word is often hidden, so that the
#   network learns to do without;
# - the strongest answers of small filters slid over its letters (a character CNN);
# - its shape: `lower`, `Capitalised`, `UPPER`, `#tag` and so on.
#
# An LSTM reads the sentence both ways, and a *conditional random field* (CRF) chooses the tags
# together, so that `I-person` never follows `B-location`.
#
# Most sentences name nothing. If all of them are used, the tagger learns to stay silent, so each
# epoch takes a random part of those. Validation sentences chose that part and the number of
# epochs; they are never trained on.

# %% tags=["nbval-ignore-output"]
recipe = entities.ScratchRecipe(epochs=run.epochs, **run.shape)
finder, history = entities.train_scratch(recipe, learned, seed=run.seed, validation=validation)
print(f"{finder.parameters:,} parameters, trained in {finder.train_s:.0f} s")

# %% tags=["nbval-ignore-output"]
passes = np.arange(1, run.epochs + 1)
viz.show(
    viz.lines(
        passes,
        {"training loss / nat per word": history.curve("loss"),
         "validation F1 of entities": history.curve("validation_entity_f1")},
        xlabel="epoch", ylabel="loss, F1",
    ),
    alt="Over the epochs the training loss sinks steadily, while the F1 of validation entities "
    "stays at zero at first, then rises and levels off.",
)  # fmt: skip

# %% [markdown]
# **Explain.** At first everything is `O`: that alone gets most words right. Names are learned
# afterwards.
#
# ## 4. Evaluation
#
# **Predict.** Does the network beat the baseline on the test sentences, and by how much?

# %% tags=["nbval-ignore-output"]
guess_f1 = None  # your prediction, from 0 to 1
tags = finder.tag(test.inputs)
report = evaluate.entity_report(test.targets, tags)
print(report)
teach.reveal(guess_f1, round(report.micro_f1, 2))

# %% tags=["nbval-ignore-output"]
print(evaluate.token_report(test.targets, tags))


# %% [markdown]
# How sure is that F1? Sentences are drawn again and again, with replacement; each brings its
# counts of entities right, found and true.


# %% tags=["nbval-ignore-output"]
def micro_f1(counts):
    right, found, true = counts.sum(0)
    return 2 * right / max(found + true, 1)


def gain(ours, theirs):
    return micro_f1(ours) - micro_f1(theirs)


quality = evaluate.bootstrap_interval(micro_f1, report.counts, seed=run.seed)
better = evaluate.bootstrap_interval(gain, report.counts, memory.counts, seed=run.seed)
print(f"entity F1 {quality}")
print(f"gain over the baseline {better}")

# %% [markdown]
# **Explain.** The interval speaks of other sentences of this kind, not of another training. Over
# seeds, the scores on the whole official test set stand in
# `benchmarks/results/cases-entities-epyc-2cores.md`.
#
# ## 5. What goes wrong
#
# **Predict.** Which fate of a true entity is the most common: found, wrong kind, wrong ends, or
# missed altogether?

# %% tags=["nbval-ignore-output"]
guess_fate = None  # "right", "wrong_kind", "wrong_ends" or "missed"
errors = evaluate.entity_errors(test.targets, tags)
fates = errors._asdict()
print(fates)
teach.reveal(guess_fate, max(list(fates)[:4], key=fates.__getitem__))

# %% tags=["nbval-ignore-output"]
shown = 0
for sentence, true, said in zip(test.inputs, test.targets, tags, strict=True):
    lost = set(evaluate.entities_of(true)) - set(evaluate.entities_of(said))
    for start, end, kind in sorted(lost)[:1]:
        around = " ".join(sentence[max(start - 4, 0) : end + 3])
        if shown < 8:
            print(f"{' '.join(sentence[start:end])!r} ({kind}) in: {around}")
        shown += 1

# %% [markdown]
# ## 6. What it goes by
#
# **Claim.** To learn what a model rests on, take it away. If all test sentences are written in
# small letters, every word is still there, and every capital is gone.
#
# **Predict.** Which share of its F1 is left?

# %% tags=["nbval-ignore-output"]
guess_left = None  # your prediction, a share from 0 to 1
small = [tuple(word.lower() for word in words) for words in test.inputs]
lowered = evaluate.entity_report(test.targets, finder.tag(small))
print(f"F1 {report.micro_f1:.2f} as written, {lowered.micro_f1:.2f} in small letters")
teach.reveal(guess_left, round(lowered.micro_f1 / max(report.micro_f1, 1e-9), 2))


# %% [markdown]
# **Predict.** Are names whose words were all seen in training found more often than names with a
# word that was not?


# %% tags=["nbval-ignore-output"]
def recall_where(seen):
    hits = total = 0
    for sentence, true, said in zip(test.inputs, test.targets, tags, strict=True):
        for entity in evaluate.entities_of(true):
            if all(word.lower() in known for word in sentence[entity.start : entity.end]) == seen:
                total += 1
                hits += entity in evaluate.entities_of(said)
    return hits / total, total


for seen, name in ((True, "every word seen in training"), (False, "a word unknown")):
    recall, total = recall_where(seen)
    print(f"{name:>28}: recall {recall:.2f} of {total} entities")

# %% [markdown]
# **Explain.** Most names hold a word that training never saw, and a word that was seen need not
# have been seen as a name. This is where a pretrained encoder helps: it has read far more words
# than the training sentences hold.
#
# ## 7. One tag at a time, or all together
#
# **Predict.** If each word takes its own likeliest tag, how often does an `I-` tag stand where
# IOB2 forbids it?


# %% tags=["nbval-ignore-output"]
def forbidden(rows):
    return sum(
        tag[0] == "I" and before[2:] != tag[2:]
        for row in rows
        for before, tag in zip(("O", *row), row, strict=False)
    )


guess_forbidden = None  # your prediction, a count
alone = finder.one_by_one(test.inputs)
print(f"chosen together: {forbidden(tags)} forbidden")
teach.reveal(guess_forbidden, forbidden(alone), unit="tags")

# %% [markdown]
# ## 8. The product: raw text in, entities out

# %% tags=["nbval-ignore-output"]
post = "Robert Smith flew to New York with Sarah Jones, but Manchester was closed."
print(finder.find(post))

# %% [markdown]
# **Claim.** Every text gets an answer. An empty one names nothing; a long one is cut into windows,
# and a name that lies across a cut is found as two; what is no text is refused.

# %%
long = "the weather is fine and " * 2000
print("empty:", finder.find(""))
print(f"{len(find_words(long)):,} words:", type(finder.find(long)).__name__)
try:
    finder.find(None)
except ValueError as refused:
    print(refused)

# %% [markdown]
# ## 9. A pretrained encoder
#
# At profile `class`, and where all-MiniLM-L6-v2 is installed, the encoder is fine-tuned: whole,
# and through low-rank adapters (LoRA). It reads no capitals, so the letters and shapes of section
# 3 are put beside its vectors. Each word is represented by its first piece.

# %% tags=["nbval-ignore-output"]
finders = {"BiLSTM-CRF": finder}
ways = {
    "MiniLM, whole": entities.EncoderRecipe.full(),
    "MiniLM, LoRA": entities.EncoderRecipe.lora(),
}
for name, way in ways.items() if run.encoder else ():
    try:
        finders[name] = entities.train_encoder(way, learned, seed=run.seed)[0]
    except OfflineError as missing:
        print(f"{name}: {missing}")
print("trained:", ", ".join(finders))

# %% [markdown]
# ## 10. Deployment: what does an answer take?
#
# **Claim.** Latency is measured here, one post at a time, from raw text to entities. Price and
# energy are predicted: the operations of the network are counted, on a rented machine that is
# busy half of its time.
#
# **Predict.** How many posts of twenty words does one dollar buy?

# %% tags=["nbval-ignore-output"]
guess_posts = None  # your prediction, posts per USD
bills = {name: cases.predict_bill(perf.demand(*f.served(20))) for name, f in finders.items()}
per_thousand = bills["BiLSTM-CRF"].usd_per_thousand_requests
teach.reveal(guess_posts, 1000 / per_thousand, unit="posts per USD")

# %% tags=["nbval-ignore-output"]
posts = [" ".join(words) for words in test.inputs[:40]]
rows = []
for name, one in finders.items():
    scored = evaluate.entity_report(test.targets, one.tag(test.inputs))
    rows.append(cases.board_row(
        case="21 entities", model=name, data=f"{run.dataset}, test part", metric="entity F1",
        quality=evaluate.bootstrap_interval(micro_f1, scored.counts, seed=run.seed),
        latency=cases.measure_latency(one.find, posts), bill=bills[name],
        size_bytes=one.size_bytes, train_s=one.train_s, seeds=1, profile=run.profile,
    ))  # fmt: skip
cases.Board(tuple(rows))

# %% tags=["nbval-ignore-output"]
terms = cases.Terms(min_quality=run.min_f1, max_p99_s=0.2, max_usd_per_thousand=0.1)
for row in rows:
    print(f"{row.model}: {cases.decide(row, terms)}")

# %% [markdown]
# ## 11. Would you ship it?
#
# Speed and price are no obstacle: a post takes milliseconds and next to no money. Quality is. As a
# search index that misses most new names, it would mislead. It may propose names to an editor who
# accepts or strikes them out; each decision is then a training example. On the whole of WNUT-17
# the encoder finds more than half as many entities again as the network from scratch, and is still
# cheap: it is the one to try on your own posts first.
#
# ## 12. Limits, harms, licence
#
# - WNUT-17 (CC BY 4.0) holds English posts of 2010 to 2017, from a few sites. Names of other
#   languages and places are rarer in it, and will be missed more often: measure that before use.
# - Finding the names of people in public posts is also the first step of watching them. What is
#   found should be stored no longer than its purpose needs, and what is missed is no proof of
#   absence.
# - A tagger that goes by capitals fails whoever writes without them.
# - CoNLL-2003 is Reuters news under the licence of its organisers; labkit does not carry it.
# - all-MiniLM-L6-v2 is under Apache-2.0.

# %%
assert words.weighted_f1 > 0.85 > memory.micro_f1
assert forbidden(tags) == 0
assert finder.find("") == ()
assert lowered.micro_f1 < report.micro_f1
assert float(np.mean(inside)) < 0.95

# %%
teach.publish(entity_f1=report.micro_f1, baseline_f1=memory.micro_f1)

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None`; hints and solution are folded below each task.

# %%
spans_task = teach.exercise("entities.f1_by_hand")
spans_task

# %%
spans_task.check(None)

# %%
moves_task = teach.exercise("entities.allowed_moves")
moves_task

# %%
moves_task.check(None)

# %%
ways_task = teach.exercise("entities.ways_to_tag")
ways_task

# %%
ways_task.check(None)

# %%
split_task = teach.exercise("entities.which_score")
split_task

# %%
split_task.check(None)

# %% [markdown]
# ## What to read
#
# - L. Derczynski and others: *Results of the WNUT2017 shared task on novel and emerging entity
#   recognition* (2017), <https://aclanthology.org/W17-4418/>
# - X. Ma, E. Hovy: *End-to-end sequence labeling via bi-directional LSTM-CNNs-CRF* (2016),
#   <https://arxiv.org/abs/1603.01354>
# - E. Tjong Kim Sang, F. De Meulder: *Introduction to the CoNLL-2003 shared task* (2003),
#   <https://aclanthology.org/W03-0419/>
# - E. Hu and others: *LoRA* (2021), <https://arxiv.org/abs/2106.09685>
# - The source behind this notebook: `labkit/cases/entities`
