# %% [markdown]
# # 03. Training: from the chain rule to a trained network
#
# A network is a function with many numbers in it. Training changes the numbers, a little at a
# time, so that a *loss* goes down. *Which way is down, for each of a hundred thousand numbers,
# and how is it found at the cost of two forward passes?*
#
# After this notebook you can
#
# 1. say what a loss and an activation do to a gradient, and read it from their plots;
# 2. write backpropagation of a two-layer network by hand, and check it against `jax.grad`;
# 3. say what a learning rate that is too high or too low does, and predict where it breaks;
# 4. train a network of each kind on a task of its own; stop, resume and repeat a run exactly;
# 5. say where a classifier errs, class by class, and judge drawn images by more than the eye;
# 6. see a network learn by heart, and choose among six remedies by what they measurably do.

# %% [markdown]
# ## Parameters
#
# `labkit run 03_training -p dataset fashion_mnist --profile class` trains on 60,000 images of
# clothes; `mnist` (handwritten digits) and `cifar10` (colour photographs) work alike.

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
dataset = "digits"  # one of: digits, mnist, fashion_mnist, cifar10
epochs = None  # passes over the training images, 1 to 200; None: the profile chooses
batch_size = None  # images per step, 8 to 1024; None: the profile chooses
learning_rate = 2e-3  # change per unit of gradient at the start, 1e-5 to 1
seed = 0  # seed of the parameters and of the order of the images, 0 to 1000000

# %%
import tempfile
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from labkit import data, evaluate, models, perf, teach, train, viz

# %% tags=["nbval-ignore-output"]
short = {"few_epochs": 3, "vae_epochs": 40, "gan_epochs": 12, "rounds": 2}
longer = {"few_epochs": 10, "vae_epochs": 100, "gan_epochs": 150, "rounds": 8}
run = teach.start(
    globals(),
    {
        "smoke": {"epochs": 8, "batch_size": 32, **short, "seconds": 60},
        "class": {"epochs": 5, "batch_size": 64, **longer, "seconds": 200},
        "full": {"epochs": 10, "batch_size": 64, **longer, "few_epochs": 30, "seconds": 400},
    },
)
run

# %% [markdown]
# ## 1. A loss says how wrong, its slope says which way
#
# **Claim.** The *mean squared error* $(p - y)^2$ grows without bound, and so does its slope. The
# *cross-entropy* $-\log p$ of a class that is true, with $p$ from a logit $z$ by the sigmoid, has
# a slope of at most 1, and never stops pulling while the class is thought unlikely.
#
# **Predict.** A true class has a logit of $-4$: the network is confidently wrong. It could also
# have been trained by the squared error of $p$. Which of the two has the larger slope there,
# "cross-entropy" or "squared error"?

# %%
guess_loss = None  # "cross-entropy" or "squared error"
logits = jnp.linspace(-6, 6, 241)
losses = {
    "cross-entropy": lambda z: train.binary_cross_entropy(z, jnp.array(1.0)),
    "squared error": lambda z: train.mean_squared_error(jax.nn.sigmoid(z), jnp.array(1.0)),
}
slopes = {name: jax.vmap(jax.grad(loss))(logits) for name, loss in losses.items()}
at_minus_4 = {name: abs(float(jax.grad(loss)(-4.0))) for name, loss in losses.items()}
print({name: f"{slope:.3g}" for name, slope in at_minus_4.items()})
teach.reveal(guess_loss, max(at_minus_4, key=at_minus_4.get))

# %%
curves = {name: jax.vmap(loss)(logits) for name, loss in losses.items()}
curves |= {f"slope of {name}": slope for name, slope in slopes.items()}
viz.show(
    viz.lines(
        logits,
        curves,
        xlabel="logit of the true class",
        ylabel="loss and its slope",
        markers=False,
    ),
    alt="Two losses and their slopes over the logit of the true class. Cross-entropy falls "
    "along a straight line where the class is thought unlikely, with a slope near -1; the "
    "squared error is flat there, with a slope near 0, and steepest in the middle.",
)

# %% [markdown]
# **Explain.** The sigmoid is flat at $-4$, and the squared error must go through it: the surer
# the mistake, the less is learned from it. In the cross-entropy the flat part cancels: its slope
# is $p - 1$, what is believed minus what is true.
#
# ## 2. Activations bend, and pass gradients on
#
# **Claim.** Without a bend between them, two layers are one. What matters for training is the
# slope of the bend: a gradient is multiplied by it on its way back.
#
# **Predict.** Through 10 layers of sigmoids, each at its steepest point, what is left of a
# gradient of 1?

# %%
guess_left = None  # your prediction, a number between 0 and 1
activations = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "ReLU": jax.nn.relu}
steepest = {name: float(jax.grad(bend)(1e-6)) for name, bend in activations.items()}
print({name: f"{slope:.3g}" for name, slope in steepest.items()})
teach.reveal(guess_left, steepest["sigmoid"] ** 10)

# %%
x = jnp.linspace(-4, 4, 401)
bends = {name: bend(x) for name, bend in activations.items()}
bends |= {f"slope of {name}": jax.vmap(jax.grad(b))(x) for name, b in activations.items()}
viz.show(
    viz.lines(x, bends, xlabel="input", ylabel="output, and its slope", markers=False),
    alt="Sigmoid, tanh and ReLU with their slopes. The slope of the sigmoid is at most a quarter, "
    "that of tanh at most one, both fall to zero on either side; that of ReLU is zero or one.",
)

# %% [markdown]
# **Explain.** ReLU passes a gradient on unchanged or not at all. That is why deep networks
# train with it, and why a unit that is never positive never learns again.
#
# ## 3. Backpropagation by hand
#
# **Claim.** The chain rule, walked from the loss back to the first layer, gives all slopes at
# about twice the cost of the forward pass. A two-layer network, in NumPy:
#
# $$h = \max(0,\, x W_1 + b_1) \qquad z = h W_2 + b_2 \qquad
# L = \text{mean}\left(\log \textstyle\sum_k e^{z_k} - z_y\right)$$

# %%
rng = np.random.default_rng(run.seed)
images = data.load("digits")
X = images.scaled().reshape(-1, 64)[:100].astype(np.float64)
y = images.targets[:100]
W1, b1 = rng.normal(size=(64, 32)) / 8, np.zeros(32)
W2, b2 = rng.normal(size=(32, 10)) / 6, np.zeros(10)

# %%
a = X @ W1 + b1
h = np.maximum(a, 0)
z = h @ W2 + b2
p = np.exp(z - z.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)
loss = -np.log(p[np.arange(100), y]).mean()
print(f"loss {loss:.3g}; a blind guess among ten has {np.log(10):.3g}")

# %% [markdown]
# Now backwards. Each line answers: *if this number changes a little, how does the loss?*

# %%
dz = (p - np.eye(10)[y]) / 100  # what is believed minus what is true
dW2, db2 = h.T @ dz, dz.sum(0)
dh = dz @ W2.T
da = dh * (a > 0)  # ReLU passes a gradient on, or nothing
dW1, db1 = X.T @ da, da.sum(0)
by_hand = (dW1, db1, dW2, db2)


# %% [markdown]
# ## 4. The same by `jax.grad`
#
# **Predict.** JAX computes in 32-bit numbers, NumPy did in 64. How far apart will the two be, at
# most?


# %%
def surprise(parameters, inputs, targets):
    W1, b1, W2, b2 = parameters
    logits = jax.nn.relu(inputs @ W1 + b1) @ W2 + b2
    return train.cross_entropy(logits, targets)


guess_difference = None  # your prediction, such as 1e-3
by_jax = jax.grad(surprise)((W1, b1, W2, b2), jnp.array(X), jnp.array(y))
difference = max(np.abs(hand - jax_).max() for hand, jax_ in zip(by_hand, by_jax, strict=True))
assert difference < 1e-6

# %% tags=["nbval-ignore-output"]
teach.reveal(guess_difference, difference)

# %% [markdown]
# **Explain.** A 32-bit number carries seven digits. `jax.grad` did not take differences: it
# wrote, for each operation, the line that you see above. From here on we let it.
#
# ## 5. How far to step
#
# **Claim.** Where the loss curves upward with curvature $c$, steps longer than $2/c$ times the
# slope overshoot further each time. There is a rate above which training breaks.
#
# **Predict.** Of the rates 0.01, 0.1, 1 and 10, which is the best after 60 steps of plain
# gradient descent?


# %%
@jax.jit
def descend(rate):
    def step(parameters, _):
        loss, slopes = jax.value_and_grad(surprise)(parameters, jnp.array(X), jnp.array(y))
        return jax.tree.map(lambda w, g: w - rate * g, parameters, slopes), loss

    start = jax.tree.map(jnp.float32, (W1, b1, W2, b2))
    return jax.lax.scan(step, start, length=60)[1]


# %%
guess_rate = None  # 0.01, 0.1, 1.0 or 10.0
runs = {rate: np.asarray(descend(rate)) for rate in (0.01, 0.1, 1.0, 10.0)}
best_rate = min(runs, key=lambda rate: runs[rate][-1])
teach.reveal(guess_rate, best_rate)

# %%
lines = {f"rate {rate:g}": np.minimum(losses, 20) for rate, losses in runs.items()}
viz.show(
    viz.lines(range(60), lines, xlabel="step", ylabel="loss / nat", logy=True, markers=False),
    alt="Loss over 60 steps for four learning rates: 0.01 hardly falls, 0.1 falls slowly, 1 falls "
    "furthest, in waves; 10 jumps up at once and then stays where a blind guess is.",
)

# %% [markdown]
# **Turn.** The rate as a power of ten. Where do the waves begin, and where does it break?


# %%
def draw_descent(power_of_ten):
    losses = {f"rate {10**power_of_ten:.2g}": np.clip(descend(10**power_of_ten), 0.01, 20)}
    losses["a blind guess"] = np.full(60, np.log(10))
    axes = {"xlabel": "step", "ylabel": "loss / nat", "logy": True, "ylim": (0.01, 20)}
    return viz.lines(range(60), losses, markers=False, **axes)


# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_descent,
    alt=lambda power_of_ten: (
        f"Loss over 60 steps at a rate of {10**power_of_ten:.2g}: "
        f"{float(descend(10**power_of_ten)[-1]):.2g} nat in the end."
    ),
    power_of_ten=(-2.0, 1.0, -1.0, 0.1),
    frames=12,
)

# %% [markdown]
# **Explain.** At a rate of 1 the steps overshoot a little, hence the waves. At 10 the first steps
# throw every ReLU to where it is flat: no gradient comes back, and the network is dead for good.
# Adam, used below, divides each slope by its usual size, so that one rate serves
# layers of very different curvature; and the rate sinks to zero along half a cosine, so that the
# last steps settle.
#
# ## 6. A convolutional network
#
# **Claim.** A convolution slides one small window of weights over the image: it has few
# parameters and does much work. A dense layer is the opposite.

# %%
training, test = data.load(run.dataset), data.load(run.dataset, split="test")
viz.show(
    viz.image_grid(training.inputs[:16], [training.class_names[k] for k in training.targets[:16]]),
    alt=f"Sixteen training images of {run.dataset}, each with the name of its class.",
)

# %%
configs = {
    "digits": models.CNNConfig.digits(),
    "mnist": models.CNNConfig.seed_mnist(),
    "fashion_mnist": models.CNNConfig.seed_mnist(),
    "cifar10": models.CNNConfig.seed_cifar10(),
}
model = models.CNN(configs[run.dataset], rngs=nnx.Rngs(run.seed))
counted = models.summary(model, (run.batch_size, *training.inputs.shape[1:]))

# %% [markdown]
# **Predict.** Which kind of layer holds most of the parameters, and which does most of the work?
# "Conv" or "Dense"?

# %%
guess_parameters, guess_work = None, None  # "Conv" or "Dense", each
most = {
    what: max(counted.layers, key=lambda layer, what=what: getattr(layer, what)).kind
    for what in ("parameters", "flops")
}
print(teach.reveal(guess_parameters, most["parameters"]))
print(teach.reveal(guess_work, most["flops"]))
print(counted)

# %% [markdown]
# **Explain.** A window's weights are used at every place of the image; a dense weight is used
# once. The counts come from the program, by the same `perf.count` as everywhere in this lab.
#
# ## 7. Train it
#
# A tenth of the training images is held out, to see after each epoch how the network does on
# images it does not learn from. The test images stay untouched until the end.

# %%
order = np.random.default_rng(run.seed).permutation(len(training))
held_out, learned = np.split(order, [len(training) // 10])
inputs, targets = training.scaled(), training.targets
steps = run.epochs * (len(learned) // run.batch_size)
optimizer = optax.adam(optax.cosine_decay_schedule(run.learning_rate, steps))

# %% tags=["nbval-ignore-output"]
result = train.fit(
    model,
    inputs[learned],
    targets[learned],
    validation=(inputs[held_out], targets[held_out]),
    epochs=run.epochs,
    batch_size=run.batch_size,
    optimizer=optimizer,
    seed=run.seed,
    watch=viz.live_curves(),
)
print(f"{sum(record.seconds for record in result.history.epochs):.3g} s for {steps} steps")

# %%
history = result.history
viz.show(
    viz.learning_curves(
        {
            name: {
                "training": history.curve(key),
                "held out": history.curve(f"validation_{key}"),
            }
            for name, key in (("loss / nat", "loss"), ("accuracy", "accuracy"))
        }
    ),
    alt="Loss and accuracy over the epochs: the loss falls and the accuracy rises, steeply at "
    "first, on the training images and on the held-out ones.",
)

# %% [markdown]
# **Explain.** The whole epoch ran as one compiled program on the device: Python was not asked
# between two steps. The curve of the training images is their average *during* the epoch; that of
# the held-out ones is taken after it, which is why it can lie on the better side.
#
# ## 8. How good, and where it errs
#
# **Predict.** The accuracy on the test images, of which the network has seen none.

# %% tags=["nbval-ignore-output"]
guess_accuracy = None  # your prediction, between 0 and 1
predicted = models.predict(model, test.scaled()).argmax(-1)
report = evaluate.classification_report(test.targets, predicted, class_names=test.class_names)
teach.reveal(guess_accuracy, report.accuracy)

# %% tags=["nbval-ignore-output"]
print(report)

# %% tags=["nbval-ignore-output"]
counts = evaluate.confusion_matrix(test.targets, predicted, num_classes=len(test.class_names))
viz.show(
    viz.confusion_matrix(counts, test.class_names),
    alt="Confusion matrix of the test images: nearly all of them lie on the diagonal.",
)

# %% tags=["nbval-ignore-output"]
wrong = np.flatnonzero(predicted != test.targets)[:8]
names = [f"{test.class_names[test.targets[i]]}\n→ {test.class_names[predicted[i]]}" for i in wrong]
viz.show(
    viz.image_grid(test.inputs[wrong], names),
    alt="Test images that the network got wrong, each with its true and its predicted class.",
)

# %% [markdown]
# **Explain.** *Recall* of a class: how many of its images were found. *Precision*: how many of
# those called by its name are of it. F1 is their harmonic mean. One accuracy hides that classes
# differ; the pictures above often explain why.
#
# ## 9. Stop, resume, repeat
#
# **Claim.** A run is a function of its arguments: the same seed gives the same parameters, bit
# for bit, also if the run was stopped half-way and resumed from its checkpoint.

# %%
small = models.MLPConfig(training.inputs.shape[1:], (32,), len(training.class_names))
some, labels, adam = inputs[:1024], targets[:1024], optax.adam(1e-3)


def short_run(epochs, folder=None):
    net = models.MLP(small, rngs=nnx.Rngs(run.seed))
    options = {"checkpoint_dir": folder, "resume": True, "optimizer": adam, "progress": False}
    train.fit(net, some, labels, epochs=epochs, **options)
    return jax.tree.leaves(nnx.state(net))


# %%
with tempfile.TemporaryDirectory() as folder:
    short_run(2, folder)
    resumed = short_run(4, folder)
assert all(map(np.array_equal, resumed, short_run(4)))
print("four epochs at once, and two and two: the same bits")

# %% [markdown]
# **Explain.** The checkpoint holds the parameters, what Adam remembers, and where in which epoch
# the run stood; the order of the images follows from the seed and the epoch's number.
#
# ## 10. Every builder has its task
#
# **Claim.** A network of any kind is trained by the same `fit`; what differs is what it takes for
# granted. A convolution looks for the same things at every place. A recurrent network reads in
# order and keeps what it read in a state of one size. A Transformer lets every place look at every
# other. Six of them, each with a task: digits as images, as eight rows read one after the other
# (LSTM, both ways), and the next letter of a bank customer's question (GRU; a Transformer that sees
# only what came before).

# %%
digits, unseen = data.load("digits"), data.load("digits", split="test")
x8, y8, new_x8, new_y8 = digits.scaled(), digits.targets, unseen.scaled(), unseen.targets
ALPHABET = " abcdefghijklmnopqrstuvwxyz'?"


def letters(split):
    text = " ".join(data.load("banking77_sample", split=split).inputs).lower()
    codes = np.array([ALPHABET.index(letter) for letter in text if letter in ALPHABET], np.int32)
    rows = codes[: len(codes) // 33 * 33].reshape(-1, 33)
    return rows[:, :-1], rows[:, 1:]  # each letter, and the one that follows it


# %%
narrow = models.ResNetConfig((8, 8, 1), widths=(8, 16, 32))
by_row = models.SignalConfig(8, 10, channels=8, widths=(64,), windows=(1,))
gated = models.RecurrentConfig(29, 29, width=64, layer=models.GRU)
decoder = models.TransformerConfig(29, 29, 32, width=32, layers=1, causal=True)
rngs = nnx.Rngs(run.seed)
nets = {
    "MLP": models.MLP(models.MLPConfig.digits(), rngs=rngs),
    "ResNet-8": models.ResNet(narrow, rngs=rngs),
    "ViT": models.ViT(models.ViTConfig.digits(), rngs=rngs),
    "LSTM": models.SignalLSTM(by_row, rngs=rngs),
    "GRU": models.RecurrentNet(gated, rngs=rngs),
    "Transformer": models.Transformer(decoder, rngs=rngs),
}

# %%
tasks = dict.fromkeys(("MLP", "ResNet-8", "ViT"), (x8, y8, new_x8, new_y8))
tasks["LSTM"] = (x8[..., 0], y8, new_x8[..., 0], new_y8)
tasks["GRU"] = tasks["Transformer"] = (*letters("train"), *letters("test"))
counts = {name: models.summary(net, tasks[name][0][:32]) for name, net in nets.items()}
print("network      parameters  million operations forwards, 32 examples")
for name, count in counts.items():
    print(f"{name:12} {count.parameters:10,}  {count.flops / 1e6:.3g}")

# %% [markdown]
# **Predict.** Which of the six takes longest for a step of 32 examples on this machine? The lab
# predicts, too: from the compiled step and this machine's constants (notebook 01), before it runs.

# %% tags=["nbval-ignore-output"]
guess_slowest = None  # one of the six names
machine = perf.calibrate(rounds=run.rounds)
steps_of = {}
for name, net in nets.items():
    x, y, *_ = tasks[name]
    steps_of[name] = train.step_cost(net, x[:32], y[:32], calibration=machine, budget_s=0.1)
teach.reveal(guess_slowest, max(steps_of, key=lambda name: steps_of[name].seconds))

# %% tags=["nbval-ignore-output"]
right = {}
print("network      a step: predicted, measured / ms   share of unseen named rightly")
for name, net in nets.items():
    x, y, new_x, new_y = tasks[name]
    options = {"epochs": run.few_epochs, "batch_size": 32, "progress": False}
    train.fit(net, x, y, optimizer=optax.adam(3e-3), **options)
    right[name] = (models.predict(net, new_x).argmax(-1) == new_y).mean()
    told, took = 1e3 * steps_of[name].predicted_s, 1e3 * steps_of[name].seconds
    print(f"{name:12} {told:18.3g}, {took:8.3g} {right[name]:22.3f}")

# %%
space = (tasks["GRU"][3] == 0).mean()  # always the most common of letters
assert min(right["ResNet-8"], right["MLP"], right["LSTM"]) > 0.8
assert min(right["GRU"], right["Transformer"]) > 1.3 * space
print(f"always a space: {space:.3g} of the letters named rightly; both networks do better")

# %% [markdown]
# **Explain.** Operations alone do not make the time of small steps: a recurrent network waits for
# each position before it takes the next, and each layer costs a start. A Transformer knows nothing
# of neighbouring pixels and must learn it: with few images and few epochs it falls behind.
#
# A sum of decision trees answers the same `predict`, and what a single tree computes can be written
# down whole; here, which of three growers a wine came from:

# %%
trees = models.Trees(models.TreesConfig.boosting(10, stages=10))
train.fit_trees(trees, x8, y8)
print(f"boosted trees: {(models.predict(trees, new_x8).argmax(-1) == new_y8).mean():.2g}")
wine = data.load("wine")
tree = models.Trees(models.TreesConfig.tree(len(wine.class_names), depth=2))
train.fit_trees(tree, wine.inputs, wine.targets)
print(tree.formula(wine.feature_names, wine.class_names))

# %% [markdown]
# ## 11. A code of two numbers
#
# **Claim.** A *variational autoencoder* presses each image into a normal distribution over a few
# numbers, two here, and draws the image again from it. What it makes small has two terms, both in
# nats per image: how badly the pixels are told, and what the code tells, its KL divergence from
# a standard normal distribution: a code that says nothing is free.
#
# **Predict.** Their sum falls during training. One of the two terms *rises*: "pixels" or "code"?

# %%
guess_rising = None  # "pixels" or "code"
vae = models.VAE(models.VAEConfig((8, 8, 1), latent=2), rngs=nnx.Rngs(run.seed))
terms = {"pixels": models.pixel_surprise, "code": models.code_price}
options = {"epochs": run.vae_epochs, "batch_size": 32, "progress": False}
scored = {"loss": models.negative_elbo, "metrics": tuple(terms.values())}
learned_codes = train.fit(vae, x8, x8, optimizer=optax.adam(3e-3), **scored, **options)
curves = {name: learned_codes.history.curve(term.__name__) for name, term in terms.items()}
rises = {name: curve[-1] > curve[0] for name, curve in curves.items()}
teach.reveal(guess_rising, max(rises, key=rises.get))

# %%
assert rises == {"pixels": False, "code": True}
viz.show(
    viz.learning_curves({f"{name}: nat per image": {name: c} for name, c in curves.items()}),
    alt="Two curves over the epochs: the surprise of the pixels falls, steeply at first; the price "
    "of the code dips for a few epochs, then rises, ever more slowly.",
)

# %%
code = models.predict(vae, new_x8).mean
viz.show(
    viz.scatter(
        {f"digit {k}": tuple(code[new_y8 == k].T) for k in (0, 2, 3, 4, 6, 7)},
        xlabel="first number of the code",
        ylabel="second number of the code",
    ),
    alt="Unseen digits of six classes by their code of two numbers, a colour and a mark for each "
    "class: each keeps together in a place of its own, with some overlap at the borders.",
)

# %%
ticks = jnp.linspace(-2, 2, 8)
across, down = jnp.meshgrid(ticks, -ticks)
plane = vae.decode(jnp.stack([across.ravel(), down.ravel()], axis=1))
viz.show(
    viz.image_grid(jax.nn.sigmoid(plane), value_range=(0, 1)),
    alt="Eight by eight images drawn from codes on a grid over the same plane: digits that turn "
    "smoothly into one another from place to place.",
)

# %% [markdown]
# **Explain.** To tell the pixels the code must differ from image to image, and that has its price:
# training buys nats of code as long as each saves more than a nat of pixels. No label was shown;
# the classes part because that saves pixels.
#
# ## 12. Two networks against each other
#
# **Claim.** A *generator* makes images out of noise, a *discriminator* learns to tell them from
# real ones, and each trains the other. No loss says how good the images are. A judge can: where
# each image is clearly of one class and all classes occur, the *classifier's score* is near 10;
# *diversity* is the distance between drawn images over that between real ones.
#
# **Predict.** What score do the drawn digits get from the ResNet above, so soon?

# %% tags=["nbval-ignore-output"]
guess_score = None  # a number from 1 to 10
sizes, adam = models.GANConfig((8, 8, 1), latent=16, width=16), optax.adam(2e-3, b1=0.5)
rivals = models.Generator(sizes, rngs=rngs), models.Discriminator(sizes, rngs=rngs)
options = {"optimizers": (adam, adam), "average_decay": 0.97, "progress": False}
duel = train.fit_gan(*rivals, x8, epochs=run.gan_epochs, seed=run.seed, **options)
drawn = models.draw_images(rivals[0], 500, seed=run.seed)
score, best_score = (
    evaluate.classifier_score(jax.nn.softmax(models.predict(nets["ResNet-8"], images)))
    for images in (drawn, new_x8)
)
print(f"drawn digits {score:.3g}, real ones {best_score:.3g}")
teach.reveal(guess_score, score)

# %% tags=["nbval-ignore-output"]
variety = evaluate.diversity(drawn, new_x8)
print(f"diversity {variety:.3g} of the real digits'")
viz.show(
    viz.image_grid(drawn[:24], value_range=(0, 1)),
    alt="Twenty-four drawn images, all different: some can be read as digits, others are strokes.",
)

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.learning_curves(
        {
            "share named rightly": {
                "real": duel.history.curve("real_accuracy"),
                "drawn": duel.history.curve("drawn_accuracy"),
            },
            "diversity": {"drawn": duel.history.curve("diversity")},
        }
    ),
    alt="Over the epochs: the discriminator names most images rightly at first and fewer later, "
    "real ones above all; the diversity of the drawn images falls, then rises to almost one.",
)

# %%
assert score > 0.4 * best_score
assert variety > 0.5
print("the judge can name the drawn digits, and they are not all one")

# %% [markdown]
# **Explain.** `fit_gan` records at each step what tells a duel that goes wrong: a discriminator
# that is always right teaches nothing (both shares at 1), and a generator that found one image
# which deceives draws it for ever (diversity near 0, which is called *collapse*). Neither rival
# ever comes to rest; the generator that draws is an average over its last steps.
#
# ## 13. Sixteen bits
#
# **Claim.** A step in half precision halves what layers hand on to each other. Whether it is
# faster, and whether it needs less memory in all, depends on the device and its compiler: measure
# it.
#
# **Predict.** How many times the memory of float32 does a step of the MLP in bfloat16 need on this
# device, parameters and Adam's memory apart?

# %% tags=["nbval-ignore-output"]
guess_memory = None  # a number, such as 0.5
precisions = {"float32": train.FLOAT32, "bfloat16": train.BFLOAT16, "float16": train.FLOAT16}
costs = {
    name: train.step_cost(nets["MLP"], x8[:256], y8[:256], precision=precision)
    for name, precision in precisions.items()
}
for name, cost in costs.items():
    kilobytes = cost.temporary_bytes / 1e3
    print(f"{name:8}  {1e3 * cost.seconds:6.3g} ms  {kilobytes:6.3g} kB of temporaries")
teach.reveal(guess_memory, costs["bfloat16"].temporary_bytes / costs["float32"].temporary_bytes)

# %% [markdown]
# **Explain.** Parameters, statistics and the loss stay in float32. GPUs and TPUs have units for
# products of half precision. The compiler for CPUs converts every number to float32 and back: it
# may keep both copies, so that the "half" costs more memory, and time. float16 has no number below
# 6e-8: `fit` multiplies the loss by a large factor, so that small gradients survive.
#
# ## 14. Overfitting, and six remedies
#
# **Claim.** A network with more numbers than it has examples can learn them by heart. What helps
# makes that harder (*weight decay*, *L1*, *dropout*), asks for less certainty (*label smoothing*),
# shows more (*augmentation*), or ends sooner (*early stopping*).
#
# **Predict.** 200 digits to learn from, a quarter of their labels replaced by a random class; the
# others, rightly labelled, are held out. Which remedy names most of those rightly?

# %%
draw = np.random.default_rng(run.seed)
wrong = draw.random(200) < 0.25
shown = np.where(wrong, draw.integers(0, 10, 200), y8[:200])
some, others = (x8[:200], shown), (x8[200:], y8[200:])


def shaken(key, batch):
    return batch + 0.3 * jax.random.normal(key, batch.shape)


# %%
remedies = {
    "none": {},
    "dropout": {"dropout": 0.7},
    "weight decay": {"optimizer": train.adamw(2e-3, weight_decay=2.0)},
    "L1": {"penalty": train.l1_penalty(1e-3)},
    "label smoothing": {"loss": partial(train.cross_entropy, label_smoothing=0.2)},
    "augmentation": {"augment": shaken},
    "early stopping": {"early_stopping": train.EarlyStopping(patience=3)},
}


# %%
def scores_with(dropout=0.0, **options):
    config = models.MLPConfig((8, 8, 1), (256,), 10, dropout=dropout)
    net = models.MLP(config, rngs=nnx.Rngs(run.seed))
    options = {"optimizer": optax.adam(2e-3), "validation": others, **options}
    train.fit(net, *some, epochs=60, batch_size=32, progress=False, **options)
    return [(models.predict(net, x).argmax(-1) == y).mean() for x, y in (some, others)]


# %% tags=["nbval-ignore-output"]
guess_remedy = None  # one of the names above
both = {name: scores_with(**remedy) for name, remedy in remedies.items()}
for name, (learned_right, others_right) in both.items():
    print(f"{name:16} {learned_right:.3f} of the learned, {others_right:.3f} of the others")
teach.reveal(guess_remedy, max(both, key=lambda name: both[name][1]))

# %% tags=["nbval-ignore-output"]
viz.show(
    viz.bars(
        list(both),
        {
            "learned, as labelled": [pair[0] for pair in both.values()],
            "held out": [pair[1] for pair in both.values()],
        },
        ylabel="share named rightly",
        width=11,
    ),
    alt="Shares of the learned and of the held-out digits named rightly, without a remedy and with "
    "each of six. Without one, nearly all learned digits are named as they were labelled, the "
    "wrong labels included, and fewer of the others than with dropout or augmentation.",
)

# %%
assert both["none"][0] > both["augmentation"][0]
assert both["augmentation"][1] > both["none"][1]
assert both["dropout"][1] > both["none"][1]
print("learned by heart without a remedy; dropout and augmentation do better on the others")

# %% [markdown]
# **Explain.** Most remedies give up some of the learned examples, the wrongly labelled ones first,
# and name more of the others; label smoothing keeps them, but is less sure of them. They differ in
# what they cost: dropout and augmentation need more steps, weight decay and L1 a strength to be
# tuned (notebook 04), early stopping a held-out part.
#
# ## 15. What to take away
#
# Hand-written slopes and `jax.grad` agree; the network classifies images it has never seen.

# %%
expected = {"digits": 0.97, "mnist": 0.985, "fashion_mnist": 0.89, "cifar10": 0.5}
trained_enough = run.epochs >= 5
assert report.accuracy >= expected[run.dataset] or not trained_enough

# %% tags=["nbval-ignore-output"]
teach.publish(
    test_accuracy=report.accuracy, macro_f1=report.macro_f1, parameters=counted.parameters
)

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None`; hints and solution are folded below each task.

# %%
sigmoid_slope = teach.exercise("backprop.sigmoid_slope")
sigmoid_slope

# %%
sigmoid_slope.check(None)

# %%
surprise_gradient = teach.exercise("backprop.surprise_gradient")
surprise_gradient

# %%
surprise_gradient.check(None)

# %%
kernel_gradient = teach.exercise("backprop.kernel_gradient")
kernel_gradient

# %%
kernel_gradient.check(None)

# %%
largest_rate = teach.exercise("backprop.largest_rate")
largest_rate

# %%
largest_rate.check(None)

# %%
conv_parameters = teach.exercise("backprop.conv_parameters")
conv_parameters

# %%
conv_parameters.check(None)

# %%
code_price = teach.exercise("backprop.code_price")
code_price

# %%
code_price.check(None)

# %% [markdown]
# ## What to read
#
# - D. Rumelhart, G. Hinton, R. Williams: *Learning representations by back-propagating errors*,
#   Nature 323 (1986), <https://doi.org/10.1038/323533a0>
# - D. Kingma, J. Ba: *Adam: a method for stochastic optimization* (2014),
#   <https://arxiv.org/abs/1412.6980>
# - K. He and others: *Delving deep into rectifiers* (2015), <https://arxiv.org/abs/1502.01852>: how
#   large the first, random weights should be
# - D. Kingma, M. Welling: *Auto-encoding variational Bayes* (2014),
#   <https://arxiv.org/abs/1312.6114>
# - I. Goodfellow and others: *Generative adversarial networks* (2014),
#   <https://arxiv.org/abs/1406.2661>
# - The source behind this notebook: `labkit/models`, `labkit/train`, `labkit/evaluate`
