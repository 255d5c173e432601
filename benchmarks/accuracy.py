"""How good: one recipe for each data set, trained here and scored once on the official test set.

Run as ``python -m benchmarks.accuracy fashion_mnist --folder runs/fashion --json FILE``; started
again with the same folder, it goes on where it was killed. ``--hold-out`` sets a tenth of the
training examples aside and scores those, not the test set: recipes are chosen so. LABKIT_DATA
names the folder of the official files. Wall time is that of this machine as it was, busy or not.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks._harness import Row, machine, markdown, versions
from benchmarks._recipes import RECIPES, GANRecipe, ImageRecipe, TextRecipe
from labkit import data, evaluate, models, train
from labkit.data.prepare import images


def examples(recipe: ImageRecipe, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images normalised by the colours of the training images, and their classes."""
    found = data.load(recipe.dataset, split=split)
    pixels, labels = found.scaled(), found.targets
    if split == "train":
        pixels, labels = pixels[: recipe.first], labels[: recipe.first]
    return pixels, labels


def train_images(recipe: ImageRecipe, options: argparse.Namespace) -> tuple[str, float, Any]:
    """Train, then score the images and their mirror images together."""
    x, y = examples(recipe, "train")
    mean, deviation = images.channel_statistics(x)
    standard = partial(images.normalise, mean=mean, std=deviation)
    rows = np.random.default_rng(recipe.seed).permutation(len(x))
    held, learned = np.split(rows, [len(x) // 10 if options.hold_out else 0])
    model = recipe.model(recipe.width)
    steps = recipe.epochs * (len(learned) // recipe.batch_size)
    steps_of = [images.random_flip] if recipe.flip else []
    steps_of += [partial(images.random_crop, padding=recipe.crop)] if recipe.crop else []
    steps_of += [partial(images.cutout, size=recipe.hole)] if recipe.hole else []
    augment = images.augmentation(*steps_of)
    result = train.fit(
        model,
        np.asarray(standard(x[learned])),
        y[learned],
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer(steps),
        loss=partial(train.cross_entropy, label_smoothing=recipe.smoothing),
        augment=lambda key, batch: augment(batch, key=key),
        checkpoint_dir=options.folder,
        resume=True,
        seed=recipe.seed,
    )
    x, y = (x[held], y[held]) if options.hold_out else examples(recipe, "test")
    x = np.asarray(standard(x))
    scores = models.predict(model, x)
    if recipe.flip:
        scores = scores + models.predict(model, x[:, :, ::-1])
    return "accuracy", float((scores.argmax(-1) == y).mean()), result


def train_text(recipe: TextRecipe, options: argparse.Namespace) -> tuple[str, float, Any]:
    """Train on windows of the text; score every character of the validation part once."""
    parts = [data.load(recipe.dataset, split=split).inputs for split in ("train", "val")]
    text, last = ("".join(map(str, part)) for part in parts)
    alphabet = sorted(set(text))
    if options.hold_out:
        text, last = text[: len(text) // 10 * 9], text[len(text) // 10 * 9 :]
    known = {letter: i for i, letter in enumerate(alphabet)}
    letters, held = (np.array([known[c] for c in s], np.int32) for s in (text, last))
    starts = np.random.default_rng(recipe.seed).integers(
        0, len(letters) - recipe.length - 1, recipe.windows
    )
    windows = letters[starts[:, None] + np.arange(recipe.length + 1)]
    model = recipe.model(len(alphabet))
    steps = recipe.epochs * (len(windows) // recipe.batch_size)
    result = train.fit(
        model,
        windows[:, :-1],
        windows[:, 1:],
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer(steps),
        checkpoint_dir=options.folder,
        resume=True,
        seed=recipe.seed,
    )
    count = (len(held) - 1) // recipe.length
    rows = held[: count * recipe.length + 1]
    inputs, targets = (a.reshape(count, -1) for a in (rows[:-1], rows[1:]))
    losses = [
        float(train.cross_entropy(jnp.asarray(models.predict(model, a)), jnp.asarray(b)))
        for a, b in zip(np.array_split(inputs, 20), np.array_split(targets, 20), strict=True)
    ]
    sizes = [len(part) for part in np.array_split(inputs, 20)]
    return "validation loss in nats", float(np.average(losses, weights=sizes)), result


def train_gan(recipe: GANRecipe, options: argparse.Namespace) -> tuple[str, float, Any]:
    """Draw digits; a CNN that learned the real ones says how clear and how varied they are."""
    real, test = data.load("digits"), data.load("digits", split="test")
    x, y, new_x, new_y = real.scaled(), real.targets, test.scaled(), test.targets
    if options.hold_out:
        cut = len(x) // 5
        x, y, new_x, new_y = x[cut:], y[cut:], x[:cut], y[:cut]
    judge = models.CNN(models.CNNConfig.digits(), rngs=nnx.Rngs(recipe.seed))
    train.fit(judge, x, y, epochs=recipe.judge_epochs, batch_size=32, seed=recipe.seed)
    right = models.predict(judge, new_x).argmax(-1) == new_y
    sizes = models.GANConfig.digits()
    networks = (
        models.Generator(sizes, rngs=nnx.Rngs(recipe.seed)),
        models.Discriminator(sizes, rngs=nnx.Rngs(recipe.seed + 1)),
    )
    adam = optax.adam(recipe.rate, b1=0.5)
    result = train.fit_gan(
        *networks,
        x,
        epochs=recipe.epochs,
        optimizers=(adam, adam),
        average_decay=recipe.average_decay,
        checkpoint_dir=options.folder,
        resume=True,
        seed=recipe.seed,
    )
    drawn = models.draw_images(networks[0], 2000, seed=recipe.seed)
    scores = [
        evaluate.classifier_score(jax.nn.softmax(models.predict(judge, images)))
        for images in (drawn, new_x)
    ]
    print(
        f"judge {right.mean():.4f} right; classifier's score {scores[0]:.3f}, real {scores[1]:.3f}"
    )
    print(f"diversity {evaluate.diversity(drawn, new_x):.3f} of the real test digits'")
    print({name: round(float(result.history.curve(name)[-1]), 3) for name in train.GAN_SCORES})
    return "classifier's score over that of real digits", scores[0] / scores[1], result


def main() -> None:
    """Train one recipe and write one row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--folder", type=Path, required=True, help="checkpoints of this run")
    parser.add_argument("--hold-out", action="store_true", help="score a tenth of training")
    parser.add_argument("--json", type=Path, help="add the row to this file, and to its .md")
    options = parser.parse_args()
    recipe = RECIPES[options.recipe]
    began = time.perf_counter()
    run = {TextRecipe: train_text, ImageRecipe: train_images, GANRecipe: train_gan}[type(recipe)]
    what, score, result = run(recipe, options)
    trained = sum(record.seconds for record in result.history.epochs)
    detail = {"epochs": recipe.epochs, "training_s": trained, "seed": recipe.seed}
    if not isinstance(recipe, GANRecipe):
        detail["parameters"] = sum(p.size for p in jax.tree.leaves(nnx.state(_shape(recipe))))
    where = "held-out training examples" if options.hold_out else "the official split"
    better = "lower" if isinstance(recipe, TextRecipe) else "higher"
    row = Row(f"{options.recipe}: {what}", where, score, recipe.goal, better, detail)
    print(f"{row.name} on {where}: {score:.4f}, goal {recipe.goal}; {detail}")
    print(f"this process {time.perf_counter() - began:.0f} s")
    if options.json:
        _add(options.json, row)


def _shape(recipe: ImageRecipe | TextRecipe) -> nnx.Module:
    size = recipe.width if isinstance(recipe, ImageRecipe) else 65
    return nnx.eval_shape(lambda: recipe.model(size))


def _add(path: Path, row: Row) -> None:
    """One file holds the rows of all recipes, FILE.md beside it; a recipe replaces its own row."""
    stored = json.loads(path.read_text()) if path.exists() else {"rows": []}
    rows = [old for old in stored["rows"] if (old["name"], old["peer"]) != (row.name, row.peer)]
    rows.append({**asdict(row), "met": row.met})
    about = {"title": "How good", "machine": machine(), "versions": versions("labkit", "jax")}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
    known = [Row(**{k: v for k, v in each.items() if k != "met"}) for each in rows]
    lines = ["# How good", ""]
    for part in (about["machine"], about["versions"]):
        lines.append(", ".join(f"{key} {value}" for key, value in part.items()))
    lines += ["", "Times are those of the machine as it was, shared or not.", "", markdown(known)]
    path.with_suffix(".md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
