# %% [markdown]
# # 00. Start here: what can this machine do?
#
# Every notebook of this lab asks one question, lets you **predict** the answer, **runs** it
# for real on the machine in front of you, **explains** the difference and **checks** what you
# take away. This one asks: *how fast can this machine compute, and what stops it?*
#
# After it you can
#
# 1. say what arithmetic intensity is, and count it for a matrix product and for an addition;
# 2. measure the two rates that bound every program here: arithmetic and memory traffic;
# 3. draw the roofline of this machine and read from it what limits a kernel;
# 4. predict how long a kernel takes before running it, and say how far off you were.

# %% [markdown]
# ## Parameters
#
# Change a value and run all, or sweep them from a terminal:
# `labkit run 00_start_here -p size 512`.

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
size = None  # rows of the square matrices, 64 to 8192; None: the profile chooses
seed = 0  # seed of the random numbers, 0 to 1000000

# %%
import jax
import jax.numpy as jnp

from labkit import hw, perf, teach, viz
from labkit.units import format_si, format_time

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"size": 1024, "elements": 2**23, "seconds": 12},
        "class": {"size": 2048, "elements": 2**25, "seconds": 25},
        "full": {"size": 4096, "elements": 2**26, "seconds": 60},
    },
)
run

# %% [markdown]
# ## 1. This machine
#
# **Predict.** How many cores has it, and how much memory? Then run the cell.

# %% tags=["nbval-ignore-output"]
device = hw.this_device()
print(device)

# %% [markdown]
# **Explain.** A core does several multiplications at once: one per lane of its vector
# registers. Cores × lanes × operations per cycle × cycles per second is the *peak*, the most
# arithmetic this machine can do. How much of it a program really gets is a matter of measuring.
#
# ## 2. Count before you run
#
# **Claim.** The product of two $n \times n$ matrices takes $2n^3$ operations: each of the $n^2$
# results is a sum of $n$ products.
#
# **Predict.** How many operations is that for $n$ = 1024? Write your guess in the cell.
#
# The first guess of each cell is scored, in a file on this machine and nowhere else. If you would
# rather say how sure you are, guess an interval that holds the result in nine cases of ten,
# `(1e6, 1e9)`, or give each word a probability, `{"memory": 0.8, "compute": 0.2}`.

# %%
guess_flops = None  # your prediction, in FLOP
square = jax.ShapeDtypeStruct((1024, 1024), jnp.float32)
product = perf.count(jnp.matmul, square, square)
teach.reveal(guess_flops, product.flops, unit="FLOP")

# %% [markdown]
# **Explain.** labkit counted the compiled program, not the formula; nothing was computed. The
# formula agrees:

# %%
assert product.flops == 2 * 1024**3
print(product)

# %% [markdown]
# ## 3. Arithmetic intensity
#
# **Claim.** What matters next is how many operations a program does for each byte that it must
# move. Adding two vectors reads two numbers and writes one (12 bytes in float32) for a single
# operation. A matrix product uses each number $n$ times.
#
# **Predict.** By what factor is the intensity of the product above higher than that of the
# addition?

# %%
guess_factor = None  # your prediction, a factor
vector = jax.ShapeDtypeStruct((2**20,), jnp.float32)
addition = perf.count(jnp.add, vector, vector)
print(f"addition: {addition.intensity:.3g} FLOP/B, product: {product.intensity:.3g} FLOP/B")
teach.reveal(guess_factor, product.intensity / addition.intensity)

# %% [markdown]
# ## 4. The first roof: arithmetic
#
# **Predict.** How many operations a second does this machine reach in a matrix product? A
# laptop core with vectors of 8 floats, two fused multiply-adds a cycle and 3 GHz peaks at
# 8 × 2 × 2 × 3 = 96 GFLOP/s.

# %% tags=["nbval-ignore-output"]
guess_gflops = None  # your prediction, in GFLOP/s
key = jax.random.key(run.seed)
matrix = jax.random.normal(key, (run.size, run.size))
product_time = perf.measure(jnp.matmul, matrix, matrix)
peak_flops = 2 * run.size**3 / product_time.lower_quartile_s
teach.reveal(guess_gflops, peak_flops / 1e9, unit="GFLOP/s")

# %% [markdown]
# **Explain.** The time is the lower quartile of many runs, the compiler's time apart, and the
# clock stops only when the result is there: JAX returns before the device has finished.
#
# ## 5. The second roof: memory
#
# **Predict.** How many gigabytes a second does it move when it adds two long vectors?

# %% tags=["nbval-ignore-output"]
guess_gbps = None  # your prediction, in GB/s
long_vector = jax.random.normal(key, (run.elements,))
addition_time = perf.measure(jnp.add, long_vector, long_vector + 1)
bandwidth = 3 * 4 * run.elements / addition_time.lower_quartile_s
teach.reveal(guess_gbps, bandwidth / 1e9, unit="GB/s")

# %% [markdown]
# ## 6. The roofline
#
# **Claim.** A kernel that does $I$ operations per byte reaches at most
# $\min(\text{peak},\; \text{bandwidth} \times I)$. Drawn on logarithmic axes that is a roof: a
# slope where memory is the limit, a flat part where arithmetic is. They meet at the *ridge*,
# $I = \text{peak} / \text{bandwidth}$.
#
# First a machine with round numbers, 100 GFLOP/s and 20 GB/s:


# %%
def draw_roof(peak_gflops, bandwidth_gbps, intensity):
    roof = (peak_gflops * 1e9, bandwidth_gbps * 1e9)
    reached = min(roof[0], roof[1] * intensity)
    window = ((0.125, 128.0), (1e9, 2e12))
    return viz.roofline({"roof": roof}, {"kernel": (intensity, reached)}, window=window)


print(f"ridge: {100 / 20:.3g} FLOP/B; a kernel of 2 FLOP/B reaches {min(100, 20 * 2)} GFLOP/s")
viz.show(
    draw_roof(100, 20, 2.0),
    alt="Roofline: the attainable rate rises with the intensity up to the ridge at 5 FLOP/B, "
    "then stays flat at 100 GFLOP/s; a kernel of 2 FLOP/B stands on the slope.",
)

# %% [markdown]
# **Predict, then turn.** Which of the two roofs must rise for the kernel to get faster? Move the
# sliders with the mouse, or with the Tab and arrow keys.

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_roof,
    alt=lambda peak_gflops, bandwidth_gbps, intensity: (
        f"A kernel of {intensity:.3g} FLOP/B reaches "
        f"{min(peak_gflops, bandwidth_gbps * intensity):.3g} GFLOP/s; "
        f"the ridge is at {peak_gflops / bandwidth_gbps:.3g} FLOP/B."
    ),
    peak_gflops=(10, 1000, 100, 10),
    bandwidth_gbps=(5, 200, 20, 5),
    intensity=(0.25, 32.0, 2.0, 0.25),
    frames=24,
)

# %% [markdown]
# ## 7. The roofline of this machine
#
# **Explain.** The two kernels that you measured stand at the two ends: the addition on the slope,
# the product under the flat roof.

# %% tags=["nbval-ignore-output"]
points = {
    "addition": (1 / 12, run.elements / addition_time.median_s),
    "matrix product": (product.intensity, 2 * run.size**3 / product_time.median_s),
}
print(f"ridge: {peak_flops / bandwidth:.3g} FLOP/B")
viz.show(
    viz.roofline({"this machine": (peak_flops, bandwidth)}, points, title="Measured here"),
    alt="Roofline of this machine as measured: vector addition stands on the memory slope, "
    "the matrix product at the flat roof of arithmetic.",
)

# %% [markdown]
# ## 8. Predict a kernel in between
#
# **Claim.** With both roofs known, the time of another kernel can be predicted before it runs:
# the larger of operations / peak and bytes / bandwidth.
#
# **Predict.** A product of a tall matrix with a thin one, $2^{19}$ × 64 by 64 × 8: is it limited by
# "memory" or by "compute"?

# %% tags=["nbval-ignore-output"]
guess_limit = None  # "memory" or "compute"
tall = jax.random.normal(key, (2**19, 64))
thin = jax.random.normal(key, (64, 8))
counted = perf.count(jnp.matmul, tall, thin)
limits = {"compute": counted.flops / peak_flops, "memory": counted.minimal_bytes / bandwidth}
teach.reveal(guess_limit, max(limits, key=limits.get))

# %% tags=["nbval-ignore-output"]
predicted_s = max(limits.values())
measured_s = perf.measure(jnp.matmul, tall, thin).median_s
print(f"predicted {format_time(predicted_s)}, measured {format_time(measured_s)}")
print(f"the measurement is {measured_s / predicted_s:.3g} times the prediction")

# %% [markdown]
# **Explain.** Two numbers cannot say all. The bandwidth above was that of an addition, a third of
# whose traffic is writing, and to write costs more than to read: a kernel that mostly reads goes
# faster, one whose data fit into a cache faster still, and one that starts many small pieces of
# work slower. How to measure these constants once (`labkit doctor --tune`) and predict with them
# all is the subject of [notebook 01](01_kernels_and_roofline.ipynb).
#
# ## 9. What to take away
#
# The same machine does arithmetic far faster in a matrix product than in an addition, because
# the addition waits for memory. That is this notebook's claim, held to the measurement:

# %%
addition_flops = run.elements / addition_time.median_s
product_flops = 2 * run.size**3 / product_time.median_s
assert product_flops > 5 * addition_flops

# %% tags=["nbval-ignore-output"]
print(format_si(product_flops, "FLOP/s"), "against", format_si(addition_flops, "FLOP/s"))
teach.publish(peak_gflops=peak_flops / 1e9, bandwidth_gbps=bandwidth / 1e9)

# %% [markdown]
# How good were your predictions? Who is right less often than they are sure to be is
# overconfident; most of us are, and measuring is the cure.

# %% tags=["nbval-ignore-output"]
teach.score()

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None` and run the cell; it tells you what is wrong, not what is
# right. Hints and solution are folded below each task.

# %%
ridge_point = teach.exercise("start_here.ridge_point")
ridge_point

# %%
ridge_point.check(None)

# %%
attainable = teach.exercise("start_here.attainable")
attainable

# %%
attainable.check(None)

# %%
limit_of_add = teach.exercise("start_here.limit_of_add")
limit_of_add

# %%
limit_of_add.check(None)

# %% [markdown]
# ## What to read
#
# - S. Williams, A. Waterman, D. Patterson: *Roofline: an insightful visual performance model for
#   multicore architectures*, Communications of the ACM 52 (2009), <https://doi.org/10.1145/1498765.1498785>
# - JAX documentation, *Benchmarking JAX code*, <https://docs.jax.dev/en/latest/benchmarking.html>
# - The source behind this notebook: `labkit/hw`, `labkit/perf`, `labkit/viz/roofline.py`
