# %% [markdown]
# # 01. Kernels and the roofline: why is one program a thousand times faster than another?
#
# All of AI computing is made of a handful of operations: products of matrices, convolutions,
# pooling, attention. This notebook writes each in several ways that give the same numbers, and
# asks of each: *how long will it take, what does it wait for, and why is the other one slower?*
#
# After it you can
#
# 1. place a kernel on the roofline of this machine and say what it waits for;
# 2. derive the output size of a convolution and compute one in several ways;
# 3. read a compiled program and find the instruction that takes the time;
# 4. predict the time of a kernel, here and on a GPU or a TPU, and say how far off you were.

# %% [markdown]
# ## Parameters

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
size = None  # rows of the square matrices, 128 to 4096; None: the profile chooses
seed = 0  # seed of the random numbers, 0 to 1000000

# %%
import jax
import jax.numpy as jnp
import numpy as np

from labkit import hw, kernels, perf, teach, viz
from labkit.kernels import reference
from labkit.units import format_bytes, format_si, format_time

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"size": 512, "images": 16, "rounds": 2, "seconds": 45},
        "class": {"size": 1024, "images": 64, "rounds": 8, "seconds": 90},
        "full": {"size": 2048, "images": 64, "rounds": 16, "seconds": 180},
    },
)
run

# %% [markdown]
# ## 1. One product, four ways
#
# **Claim.** The formula of a matrix product says *what* to add up, not in which order. Three
# loops in Python, tiles that fit a cache, the library behind NumPy and the compiler of JAX all do
# the same $2n^3$ operations.
#
# **Predict.** By what factor is the compiler faster than three loops?


# %%
def three_loops(a, b):
    rows, terms, columns = len(a), len(b), len(b[0])
    return [
        [sum(a[i][k] * b[k][j] for k in range(terms)) for j in range(columns)] for i in range(rows)
    ]


a, b = jax.random.normal(jax.random.key(run.seed), (2, run.size, run.size))
small_a, small_b = np.asarray(a[:48, :48]).tolist(), np.asarray(b[:48, :48]).tolist()
difference = np.max(np.abs(np.asarray(three_loops(small_a, small_b)) - a[:48, :48] @ b[:48, :48]))
print("largest difference below 1e-4:", bool(difference < 1e-4))

# %% tags=["nbval-ignore-output"]
guess_factor = None  # your prediction, a factor
n = run.size
times = {
    "three loops": perf.measure(three_loops, small_a, small_b, jit=False, budget_s=0.2).median_s,
    "blocked": perf.measure(lambda a, b: kernels.matmul(a, b, method="blocked"), a, b).median_s,
    "NumPy": perf.measure(np.matmul, np.asarray(a), np.asarray(b), jit=False).median_s,
    "XLA": perf.measure(kernels.matmul, a, b).median_s,
}
rates = {name: 2 * n**3 / s for name, s in times.items()}
rates["three loops"] = 2 * 48**3 / times["three loops"]
print({name: format_si(rate, "FLOP/s") for name, rate in rates.items()})
teach.reveal(guess_factor, rates["XLA"] / rates["three loops"])

# %% [markdown]
# **Explain.** Python handles one number at a time, each as an object. The tiles are products that
# a core keeps in its cache, but a loop around them cannot use both cores at once. The library and
# the compiler fill the vector registers, keep tiles in the cache *and* use every core.
#
# ## 2. The constants of this machine
#
# **Claim.** To predict, one needs a few constants: what a call costs, how fast products of many
# shapes are, how fast each cache moves data. `perf.calibrate` measures them once with small
# programs, none of them a kernel of this notebook, and keeps them for next time.

# %% tags=["nbval-ignore-output"]
machine = perf.calibrate(rounds=run.rounds)
print(machine)

# %% [markdown]
# **Predict.** Which of the four products stands nearest to the roof, and which farthest below?

# %% tags=["nbval-ignore-output"]
peak = max(machine.peak_flops["float32"].values())
bandwidth = machine.bandwidth[-1][1]
intensity = perf.count(jnp.matmul, a, b, compiled=False).intensity
points = {name: (intensity, rate) for name, rate in rates.items()}
viz.show(
    viz.roofline({"this machine": (peak, bandwidth)}, points, title=f"{n} × {n} products"),
    alt="Roofline of this machine: the products by XLA and NumPy stand near the flat roof, the "
    "blocked one lower, three loops four orders of magnitude below.",
)

# %% [markdown]
# **Explain.** All four do the same arithmetic on the same bytes, so they stand one above the
# other. The roof says what is possible; the code decides how much of it is reached.
#
# ## 3. Convolution, by definition and by other means
#
# **Claim.** A window of $k$ taps, spaced $d$ apart, moved by stride $s$ over $n$ places with $p$
# zeros on each side fits $\lfloor (n + 2p - d(k-1) - 1)/s \rfloor + 1$ times: the last window must
# end on the image, and each step before it is one more output.
#
# **Predict.** How many outputs has a row of 28 places, with 5 taps, 2 zeros on each side, stride 3?

# %%
guess_outputs = None  # your prediction, a whole number


def outputs(n, taps, pad, stride, dilation=1):
    return (n + 2 * pad - dilation * (taps - 1) - 1) // stride + 1


teach.reveal(guess_outputs, outputs(28, taps=5, pad=2, stride=3))

# %%
checked = 0
for places, taps, pad, stride, dilation in np.ndindex(9, 3, 3, 3, 2):
    n_in, k, s, d = places + 6, taps + 1, stride + 1, dilation + 1
    line = jnp.ones((1, n_in, 1, 1))
    y = jax.eval_shape(
        lambda x, w, p=pad, s=s, d=d: kernels.conv2d(
            x, w, stride=(s, 1), padding=((p, p), (0, 0)), dilation=(d, 1)
        ),
        line,
        jnp.ones((k, 1, 1, 1)),
    )
    assert y.shape[1] == outputs(n_in, k, pad, s, d)
    checked += 1
print(f"the formula holds in {checked} of {checked} cases")

# %% [markdown]
# **Claim.** The same convolution can be computed as the definition says, as one product of a
# matrix of patches (*im2col*), tap by tap, by the compiler's own instruction, and in other ways:
# `kernels.CONV_METHODS` names them all. They differ in rounding, not in meaning.
#
# **Predict.** Which one is fastest on this machine?

# %%
key = jax.random.key(run.seed)
images = jax.random.normal(key, (run.images, 20, 20, 16))
weights = jax.random.normal(key, (3, 3, 16, 32)) / 12
truth = reference.conv2d(images[:1], weights)
errors_by_method = {
    method: float(np.max(np.abs(kernels.conv2d(images[:1], weights, method=method) - truth)))
    for method in kernels.CONV_METHODS
}
print("all agree with the definition:", all(e < 1e-3 for e in errors_by_method.values()))

# %% tags=["nbval-ignore-output"]
guess_method = None  # your prediction: "xla", "im2col", "taps" or another method
conv_times = {}
for method in kernels.CONV_METHODS:
    fn = jax.jit(lambda x, w, m=method: kernels.conv2d(x, w, method=m))
    conv_times[method] = perf.measure(fn, images, weights, budget_s=0.2).median_s
print({name: format_time(s) for name, s in conv_times.items()})
teach.reveal(guess_method, min(conv_times, key=conv_times.get))

# %% [markdown]
# ## 4. Pooling, and finding what is slow
#
# **Claim.** The maximum over windows costs next to nothing. Its gradient, as the compiler derives
# it, does not: a *select-and-scatter* that looks up where each maximum was.
#
# **Predict.** labkit takes the maximum of four strided slices, and writes the gradient itself:
# by what factor is that faster?

# %% tags=["nbval-ignore-output"]
guess_gain = None  # your prediction, a factor


def pool_gradient(method):
    return jax.jit(jax.grad(lambda x: (kernels.max_pool2d(x, method=method) ** 2).sum()))


pool_times = {
    method: perf.measure(pool_gradient(method), images, budget_s=0.2).median_s
    for method in ("xla", "slices")
}
teach.reveal(guess_gain, pool_times["xla"] / pool_times["slices"])

# %% [markdown]
# **Find it yourself.** The compiler can be asked what it made, and the profiler how long each
# instruction of it took. Which instruction of the slow one takes longest?

# %% tags=["nbval-ignore-output"]
for method in ("xla", "slices"):
    print(f"{method}:")
    for entry in perf.profile(pool_gradient(method), images, calls=5)[:3]:
        print(f"  {format_time(entry.time_s):>8}  {entry.name}")

# %% [markdown]
# **Explain.** The scatter and the search for the place of each maximum go one element at a time;
# the slices go a register at a time. The same four lines of mathematics, read off the profile of
# the compiled program, not guessed.
#
# ## 5. Attention and memory
#
# **Claim.** Attention over $t$ tokens writes a table of $t \times t$ scores for each head. Done in
# blocks with a running maximum and sum (*online softmax*), it needs only one block at a time.
#
# **Predict.** From 1,024 to 4,096 tokens, by what factor does the memory of each grow?

# %%
guess_growth = None  # your prediction for the plain one, a factor
lengths = [256, 512, 1024, 2048, 4096]


def attention_memory(method, tokens):
    x = jax.ShapeDtypeStruct((1, tokens, 4, 32), jnp.float32)
    fn = jax.jit(lambda x: kernels.attention(x, x, x, method=method))
    return fn.lower(x).compile().memory_analysis().temp_size_in_bytes


memory = {m: [attention_memory(m, t) for t in lengths] for m in ("plain", "blockwise")}
growth = {m: sizes[4] / sizes[2] for m, sizes in memory.items()}
teach.reveal(guess_growth, round(growth["plain"]))

# %% tags=["nbval-ignore-output"]
print({m: format_bytes(sizes[-1]) for m, sizes in memory.items()}, "at 4,096 tokens")
viz.show(
    viz.lines(
        np.log2(lengths),
        {m: np.array(sizes) / 2**20 for m, sizes in memory.items()},
        xlabel="log2 of the number of tokens",
        ylabel="temporary memory / MiB",
        logy=True,
    ),
    alt="Temporary memory against the number of tokens, both logarithmic: plain attention grows "
    "with the square of the length, blockwise attention with the length.",
)

# %% [markdown]
# ## 6. Precision
#
# **Claim.** Half as many bits are half as many bytes, and on hardware made for it many times the
# arithmetic. This CPU may have no instruction for it: then the numbers are converted and nothing
# is gained but memory.
#
# **Predict.** How does a product in bfloat16 compare with one in float32 here: a factor?

# %% tags=["nbval-ignore-output"]
guess_bf16 = None  # your prediction, a factor of speed
precisions = {}
for dtype in (jnp.float32, jnp.bfloat16):
    args = a.astype(dtype), b.astype(dtype)
    precisions[jnp.dtype(dtype).name] = perf.measure(kernels.matmul, *args).median_s
print({name: format_time(s) for name, s in precisions.items()}, hw.this_device().instructions)
teach.reveal(guess_bf16, precisions["float32"] / precisions["bfloat16"])

# %%
exact = np.asarray(a, np.float64) @ np.asarray(b, np.float64)
half = kernels.matmul(a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)).astype(jnp.float32)
error = np.linalg.norm(half - exact) / np.linalg.norm(exact)
print(f"relative error of bfloat16: {error:.1g}; of one rounding: {2.0**-9:.1g}")

# %% [markdown]
# ## 7. Predict before you run
#
# **Claim.** Counts and constants are enough. labkit reads the compiled program, takes each kernel
# of it at its own roofline, and adds up. None of these programs was part of the calibration.

# %%
layer = jax.random.normal(key, (256, 384)) / 16
tokens = jax.random.normal(key, (4, 96, 4, 32))
programs = {
    "product": (kernels.matmul, (a, b)),
    "dense layer": (kernels.dense, (layer[:64], layer.T[:, :96])),
    "convolution": (kernels.conv2d, (images, weights)),
    "max-pooling": (kernels.max_pool2d, (images,)),
    "softmax": (kernels.softmax, (layer,)),
    "attention": (kernels.attention, (tokens, tokens, tokens)),
    "x + y": (jnp.add, (jnp.ones(2**21), jnp.ones(2**21))),
}

# %% tags=["nbval-ignore-output"]
predicted, measured = {}, {}
for name, (fn, args) in programs.items():
    jitted = jax.jit(fn)
    predicted[name] = perf.predict(jitted, *args, calibration=machine).seconds
    measured[name] = perf.measure(jitted, *args, budget_s=0.3).lower_quartile_s
    perf.ledger.record(f"01/{name}", predicted=predicted[name], measured=measured[name])
    print(f"{name:12} {format_time(predicted[name]):>8} {format_time(measured[name]):>8}")

# %% tags=["nbval-ignore-output"]
errors = [abs(predicted[name] / measured[name] - 1) for name in programs]
print(f"median error {np.median(errors):.0%}; in the ledger of this machine:")
print(perf.ledger.summarise(perf.ledger.entries()))
pairs = {name: ([1e3 * measured[name]], [1e3 * predicted[name]]) for name in programs}
viz.show(
    viz.scatter(
        pairs, xlabel="measured / ms", ylabel="predicted / ms", diagonal=True, logx=True, logy=True
    ),
    alt="Predicted against measured time of seven kernels: the points lie along the diagonal.",
)

# %% [markdown]
# **Explain.** What is off the line is the point of the exercise: open
# `perf.predict(...).steps` and look at which kernel the model takes for faster than it is.
#
# ## 8. CPU, GPU, TPU
#
# **Claim.** The same count, with the published peak and bandwidth of another device, says what
# that device could do. This machine is measured; the others are predicted.
#
# **Predict.** A product of 4096 × 4096 in bfloat16: how many times faster is an H100 than a T4?

# %%
guess_h100 = None  # your prediction, a factor
square = jax.ShapeDtypeStruct((4096, 4096), jnp.bfloat16)
names = ["AMD EPYC 9654", "NVIDIA Tesla T4", "NVIDIA L4", "NVIDIA A100 SXM4 80 GB"]
names += ["NVIDIA H100 SXM5 80GB", "Google TPU v4", "Google TPU v5e", "Google TPU v6e Trillium"]
elsewhere = {name: perf.predict(jnp.matmul, square, square, device=name) for name in names}
factor = elsewhere["NVIDIA Tesla T4"].seconds / elsewhere["NVIDIA H100 SXM5 80GB"].seconds
teach.reveal(guess_h100, factor)

# %% tags=["nbval-ignore-output"]
here = perf.predict(jnp.matmul, square, square, calibration=machine).seconds
seconds = {"here": here} | {name: there.seconds for name, there in elsewhere.items()}
short = ["here", "EPYC 9654", "T4", "L4", "A100", "H100", "TPU v4", "TPU v5e", "TPU v6e"]
milliseconds = [1e3 * s for s in seconds.values()]
viz.show(
    viz.bars(short, {"predicted": milliseconds}, ylabel="time / ms", logy=True, width=9),
    alt="Predicted time of a 4096 × 4096 product in bfloat16 on nine devices, logarithmic: "
    "this machine takes longest, an H100 and a TPU v6e about 0.15 milliseconds.",
)

# %% [markdown]
# **Turn.** Does a product wait for memory or for arithmetic? Change its size, its precision and
# how many rows are computed at once, on an L4.


# %%
l4 = hw.get_device("NVIDIA L4")


def intensity_of(size, precision, batch):
    rows, matrix = (jax.ShapeDtypeStruct((n, size), jnp.dtype(precision)) for n in (batch, size))
    return perf.count(jnp.matmul, rows, matrix, compiled=False).intensity


# %%
def draw_product(size, precision, batch):
    intensity, bandwidth = intensity_of(size, precision, batch), l4.bandwidth_bytes_per_s
    reached = min(l4.peak_flops[precision], bandwidth * intensity)
    roof, window = {precision: (l4.peak_flops[precision], bandwidth)}, ((0.25, 2048), (5e10, 3e14))
    return viz.roofline(roof, {"product": (intensity, reached)}, window=window)


viz.show(
    draw_product(1024, "bfloat16", 64),
    alt="Roofline of an NVIDIA L4 in bfloat16: 64 rows of a 1024 × 1024 product stand on the "
    "memory slope.",
)

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_product,
    alt=lambda size, precision, batch: (
        f"{batch} rows times a {size} × {size} matrix in {precision} on the roofline of an L4: "
        f"{intensity_of(size, precision, batch):.3g} FLOP/B; from "
        f"{l4.peak_flops[precision] / l4.bandwidth_bytes_per_s:.3g} on it waits for arithmetic."
    ),
    size=(128, 4096, 1024, 128),
    precision=["bfloat16", "float32"],
    batch=(1, 1024, 64, 1),
    frames=18,
)

# %% [markdown]
# ## 9. Why idiomatic code was slow
#
# **Claim.** A small network written the usual way, convolution, ReLU, `reduce_window`, spends most
# of its training step in one place. The profile names it; one formulation changed mends it.
#
# **Predict.** What share of the step does pooling's gradient take?

# %% tags=["nbval-ignore-output"]
guess_share = None  # your prediction, between 0 and 1


def network_gradient(method):
    def loss(weights, x):
        y = jax.nn.relu(kernels.conv2d(x, weights))
        return (kernels.max_pool2d(y, method=method) ** 2).sum()

    return jax.jit(jax.grad(loss))


steps = {m: perf.measure(network_gradient(m), weights, images).median_s for m in pool_times}
print({name: format_time(s) for name, s in steps.items()})
teach.reveal(guess_share, 1 - steps["slices"] / steps["xla"])

# %% tags=["nbval-ignore-output"]
for entry in perf.profile(network_gradient("xla"), weights, images, calls=5)[:5]:
    print(f"{format_time(entry.time_s):>8}  {entry.name}")

# %% [markdown]
# ## 10. What to take away
#
# Programs that compute the same can differ a thousandfold, and the roofline, a count and a profile
# say why. Held to the measurements:

# %%
assert rates["XLA"] > 100 * rates["three loops"]
assert pool_times["xla"] > 2 * pool_times["slices"]
assert growth["plain"] > 3 * growth["blockwise"]
assert 0.25 < np.median([predicted[name] / measured[name] for name in programs]) < 4

# %% tags=["nbval-ignore-output"]
teach.publish(
    peak_gflops=peak / 1e9, median_error=float(np.median(errors)), conv=min(conv_times.values())
)

# %% [markdown]
# ## Exercises

# %%
bound = teach.exercise("roofline.bound")
bound

# %%
bound.check(None)

# %%
slow_one = teach.exercise("roofline.slow_one")
slow_one

# %%
slow_one.check(None)

# %%
write_vjp = teach.exercise("roofline.write_vjp")
write_vjp

# %%
write_vjp.check(None)

# %% [markdown]
# ## What to read
#
# - S. Williams, A. Waterman, D. Patterson: *Roofline*, Communications of the ACM 52 (2009),
#   <https://doi.org/10.1145/1498765.1498785>
# - V. Dumoulin, F. Visin: *A guide to convolution arithmetic for deep learning* (2016),
#   <https://arxiv.org/abs/1603.07285>
# - T. Dao et al.: *FlashAttention* (2022), <https://arxiv.org/abs/2205.14135>
# - Epoch AI: *Data on machine learning hardware*, <https://epoch.ai/data/machine-learning-hardware>
# - The source behind this notebook: `labkit/perf` (start with `timing.py`), `labkit/kernels`
