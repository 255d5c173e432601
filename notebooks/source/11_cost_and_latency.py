# %% [markdown]
# # 11. Cost and latency: what will this model cost, how fast will it answer, where should it run?
#
# A trained model earns nothing until it answers somebody. Then every choice has a price: a faster
# device, a larger batch, a lower precision, a machine beside the reader or one in the cloud. This
# notebook predicts all of them from one count of operations and bytes, and lets a planner choose.
#
# After it you can
#
# 1. predict what a model takes on a device that you do not have, and say how far off that may be;
# 2. say what more devices buy, and what their exchange costs;
# 3. turn seconds into a price for a thousand requests, and into energy and carbon;
# 4. read a plan: what is cheapest, what nothing betters, and which constraint each other one broke.

# %% [markdown]
# ## Parameters
#
# What the service must do. `labkit run 11_cost_and_latency -p load 500 -p region asia-south1`
# writes the decision report at the end of this notebook for another service.

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
load = 200.0  # requests per second at the peak, 1 to 100000
objective_ms = 60.0  # 99 of 100 answered within so many milliseconds, 1 to 10000
network_ms = 20.0  # round trip to the cloud in milliseconds, 0 to 1000
precision = "bfloat16"  # one of: bfloat16, float32
region = "us-central1"  # one of: us-central1, europe-north1, asia-south1, africa-south1
tasks = None  # equal tasks for processes, 4 to 10000; None: the profile chooses

# %%
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from labkit import cost, hw, models, perf, teach, viz
from labkit.units import format_time

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"tasks": 40, "seconds": 25},
        "class": {"tasks": 400, "seconds": 60},
        "full": {"tasks": 1000, "seconds": 120},
    },
)
run

# %% [markdown]
# ## 1. What one answer asks of a device
#
# **Claim.** A device enters a prediction last. First the model is counted: its products, and the
# traffic that is left between them when all else is fused. Our model encodes a sentence of 128
# tokens into a vector (MiniLM, six layers); a search engine or a help desk asks it all day.
#
# **Predict.** How many GFLOP does one sentence take? It has 22.6 million weights, of which 11.9
# million are a table to look words up in.

# %%
config = models.BertConfig.minilm_l6()
graph, weights = nnx.split(nnx.eval_shape(lambda: models.Bert(config, rngs=nnx.Rngs(0))))


def sentences(batch, precision):
    """What a batch of sentences of 128 tokens asks of a device."""
    cast = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, jnp.dtype(precision)), weights)
    tokens = jax.ShapeDtypeStruct((batch, 128), jnp.int32)
    mask = jax.ShapeDtypeStruct((batch, 128), jnp.bool_)
    return perf.demand(lambda w, t, m: nnx.merge(graph, w)(t, m), cast, tokens, mask)


# %%
guess_gflop = None  # your prediction, in GFLOP
one = sentences(1, "bfloat16")
teach.reveal(guess_gflop, one.flops / 1e9, unit="GFLOP")

# %% [markdown]
# **Explain.** Each of the other 10.7 million weights meets each of the 128 tokens in one
# multiplication and one addition: 2 × 128 × 10.7 million is 2.7 GFLOP, and attention adds a little.
#
# ## 2. On a device that you do not have
#
# **Claim.** The time is the larger of operations / peak and bytes / bandwidth for each product,
# plus the traffic between them and a launch for each kernel. Devices do not reach their data
# sheets; how much of them they reach is taken to be the same everywhere:

# %%
reached = perf.efficiency()
print(f"{reached.arithmetic:.2g} of the peak, {reached.traffic:.2g} of the bandwidth,")
print(f"{format_time(reached.kernel_s)} a kernel, found by {reached.source.split(' (')[0]}")

# %% [markdown]
# These numbers were fitted to public tables of others' measurements, and nothing is tuned for a
# workload. `python -m benchmarks.prediction --groundtruth` prints the error that is left, each
# table predicted with numbers that have not seen it; four of five rows lie in the interval below.
#
# **Predict.** A batch of 32 sentences in bfloat16: how many milliseconds on an NVIDIA L4?

# %%
guess_ms = None  # your prediction, in milliseconds
names = ["NVIDIA Tesla T4", "NVIDIA L4", "NVIDIA GeForce RTX 4090", "NVIDIA A100 SXM4 80 GB"]
names += ["NVIDIA H100 SXM5 80GB", "Google TPU v5e", "AMD EPYC 9654"]
batch = sentences(32, "bfloat16")
times = {name: perf.device_s(batch, hw.get_device(name)) for name in names}
teach.reveal(guess_ms, times["NVIDIA L4"] * 1e3, unit="ms")

# %%
margin = np.exp(reached.spread)
milliseconds = np.array([times[name] * 1e3 for name in names])
short = ["T4", "L4", "RTX 4090", "A100", "H100", "TPU v5e", "EPYC 9654"]
reach = {"predicted": np.stack([milliseconds * (1 - 1 / margin), milliseconds * (margin - 1)])}
viz.show(
    viz.bars(
        short, {"predicted": milliseconds}, errors=reach, ylabel="32 sentences / ms", logy=True
    ),
    alt="Predicted time of 32 sentences on seven devices, logarithmic, with intervals: an H100 is "
    "fastest, the T4 and the EPYC processor are slowest.",
)

# %% [markdown]
# **Explain.** The T4 has no units for bfloat16, so it is charged its float32 peak: precision is a
# property of the device as much as of the model.
#
# ## 3. Many devices: what the exchange costs
#
# **Claim.** A message of $n$ bytes takes $\alpha + n\beta$: a latency, and a time for each byte.
# To sum a gradient around a ring of $p$ devices takes $2(p-1)(\alpha + \frac{n}{p}\beta)$, and no
# method moves less. Beyond eight devices the ring crosses the network between machines.
#
# **Predict.** We train the model on batches of 8 sentences for each device. Which share of the
# time do 64 H100 compute?


# %%
def loss(weights, tokens, mask):
    return (nnx.merge(graph, weights)(tokens, mask) ** 2).mean()


guess_share = None  # your prediction, 0 to 1
given = jax.ShapeDtypeStruct((8, 128), jnp.int32), jax.ShapeDtypeStruct((8, 128), jnp.bool_)
step, gradient_bytes = perf.training_demand(loss, weights, *given)
h100 = hw.get_device("NVIDIA H100 SXM5 80GB")
counts = [1, 2, 4, 8, 16, 32, 64, 128, 256]
exchange = {"exchanged_bytes": gradient_bytes, "overlap": perf.BACKWARD_SHARE}
steps = {n: perf.parallel_s(step, h100, n, **exchange) for n in counts}
teach.reveal(guess_share, steps[64].efficiency)

# %%
rates = [8 * n / steps[n].seconds for n in counts]
ideal = [8 * n / steps[1].seconds for n in counts]
viz.show(
    viz.lines(
        counts,
        {"predicted": rates, "without an exchange": ideal},
        xlabel="devices",
        ylabel="sentences / s",
        logx=True,
        logy=True,
    ),
    alt="Predicted training rate of 1 to 256 H100: along the ideal line within a machine of 8, "
    "then below it, because the gradient crosses the network.",
)

# %% [markdown]
# **Explain.** Within a machine the exchange hides behind the backward pass. Across the network it
# does not, and the gradient of a small model takes as long as its step: small batches scale badly.
#
# ## 4. A worked example, taken apart
#
# A popular text computes: *100 devices of 1 TFLOP/s do 1,000 tasks of 1 s each in 2.78 hours.*
#
# **Predict.** How many seconds does it take at best?

# %%
guess_s = None  # your prediction, in seconds
ideal_s = perf.scaling.makespan_s(tasks=1000, task_s=1.0, devices=100)
teach.reveal(guess_s, ideal_s, unit="s")

# %%
claimed_s = 2.78 * 3600
alone_s = perf.scaling.makespan_s(tasks=1000, task_s=1.0, devices=1)
print(f"2.78 h are {claimed_s:.3g} s: {claimed_s / ideal_s:.2g} times too long.")
print(f"Even one device needs only {format_time(alone_s)}.")
assert ideal_s == 10.0

# %% [markdown]
# **Explain.** 100 devices do 100 tasks each second: ten rounds. The text divided the wrong way; the
# check is that more devices must never take longer than one. Now for real: the same equal tasks, in
# one process and then in as many as this machine has cores.

# %% tags=["nbval-ignore-output"]
cores = hw.this_device().cores
alone = perf.scaling.run_tasks_s(run.tasks, 1)
together = perf.scaling.run_tasks_s(run.tasks, cores)
predicted = perf.scaling.makespan_s(run.tasks, alone / run.tasks, cores)
print(f"{run.tasks} tasks alone: {format_time(alone)}; {cores} processes: {format_time(together)}")
print(f"ideal {format_time(predicted)}; measured / ideal = {together / predicted:.3g}")

# %% [markdown]
# **Explain.** The ideal takes it that the cores are free. Where other programs use them as well, a
# second process gets only what they leave, and the ratio shows it: run the cell again on a quiet
# machine.
#
# ## 5. Two laws, one formula
#
# **Claim.** If a share $s$ of the time on one device is serial, $p$ devices are
# $1 / (s + (1 - s)/p)$ times faster (Amdahl), at most $1/s$. If instead the work grows with the
# devices, they do $s + (1 - s)p$ times as much (Gustafson), $s$ being the share on $p$ devices.
#
# **Predict.** 5 % are serial. How many times faster are 100 devices by Amdahl?

# %%
guess_speedup = None  # your prediction, a factor
teach.reveal(guess_speedup, perf.scaling.amdahl_speedup(0.05, 100))

# %%
many = [1, 2, 4, 8, 16, 32, 64, 128]
amdahl = {
    f"Amdahl, {s:.0%}": [perf.scaling.amdahl_speedup(s, p) for p in many] for s in (0.05, 0.2)
}
grown = {"Gustafson, 5%": [perf.scaling.gustafson_speedup(0.05, p) for p in many]}
viz.show(
    viz.lines(many, {**grown, **amdahl}, xlabel="devices", ylabel="speed-up", logx=True, logy=True),
    alt="Speed-up over 1 to 128 devices: Gustafson's law rises almost straight, Amdahl's flattens "
    "towards 20 at 5 percent serial work and towards 5 at 20 percent.",
)

# %% [markdown]
# ## 6. From seconds to money
#
# **Claim.** A machine is paid for by the hour, busy or idle. So the price of a request is the price
# of an hour over the requests in it, and that depends on how full the machine is.
#
# **Predict.** What is the cheapest hour of an accelerator in the catalogue, in USD?

# %%
guess_usd = None  # your prediction, in USD an hour
hourly = [offer.price_usd_per_hour / offer.devices for offer in cost.offers()]
kinds = {k: sum(o.kind == k for o in cost.offers()) for k in ("on demand", "spot", "reserved")}
print(f"{len(hourly)} offers: {kinds}")
teach.reveal(guess_usd, min(hourly), unit="USD")

# %% [markdown]
# Every price has its page and its day: `cost.offers()[0].source`. They age within months; the
# planner's answer is as good as its prices.
#
# ## 7. The plan
#
# **Claim.** For each machine, precision and batch size the planner finds the fewest instances that
# answer in time. A larger batch makes a device more efficient and its requests wait for each other.
# Machines of your own stand beside the reader and save the network; there is room for two.


# %%
def workload(kind):
    options = {"name": "MiniLM", "batch_sizes": (1, 4, 16, 64), "precisions": {kind: 1.0}}
    options["memory_bytes"] = {kind: 22.6e6 * jnp.dtype(kind).itemsize}
    return cost.Workload.predicted(sentences, **options)


workloads = {kind: workload(kind) for kind in ("bfloat16", "float32")}
mine = cost.own("NVIDIA L4", price_usd=2500, lifetime_years=4, electricity_usd_per_kwh=0.15)

# %% [markdown]
# **Predict.** Where is it cheapest for this load: in the "cloud", at the "edge", or "hybrid"?


# %%
def decide(load, objective_ms, region, precision=run.precision):
    goal = cost.Objective(load, objective_ms / 1e3, network_s=run.network_ms / 1e3)
    grid = cost.get_region(region)
    return cost.plan(workloads[precision], goal, region=grid, edge=[mine], most_at_edge=2)


guess_place = None  # "cloud", "edge" or "hybrid"
found = decide(run.load, run.objective_ms, run.region)
teach.reveal(guess_place, found.best.place if found.best else "nowhere")

# %%
print(f"{len(found.feasible)} options keep the objective, {len(found.rejected)} do not.")
for option in found.front[:4]:
    print(option)
for option in found.rejected[:2]:
    print(option.offer.instance, "breaks", option.broken)


# %% [markdown]
# The front holds what nothing betters in price, latency, carbon and quality together. Each point
# left of another is cheaper, each below it faster.


# %%
def draw_plan(load, objective_ms, region, precision):
    points = decide(load, objective_ms, region, precision).points()
    axes = {"xlabel": "price / USD a month", "ylabel": "p99 latency / s"}
    return viz.scatter(points, **axes, logx=True, logy=True)


viz.show(
    draw_plan(run.load, run.objective_ms, run.region, run.precision),
    alt="Options by price and latency: the edge is cheapest and fastest, clouds that keep the "
    "objective begin at twice its price, and large batches are rejected for their latency.",
)

# %% [markdown]
# **Predict, then turn.** At which load does the edge no longer keep up by itself? And in float32?

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_plan,
    alt=lambda load, objective_ms, region, precision: (
        f"Options for {load} requests a second within {objective_ms} ms in {region}, {precision}."
    ),
    load=(100, 20000, 200, 100),
    objective_ms=(10, 500, 60, 5),
    region=["us-central1", "europe-north1", "asia-south1"],
    precision=["bfloat16", "float32"],
    frames=24,
)

# %% [markdown]
# ## 8. Energy and carbon
#
# **Claim.** A device draws at most its design power while it works. What that emits depends on the
# grid: between hydropower and coal lies a factor of more than ten.
#
# **Predict.** By which factor does a thousand requests emit more in `asia-south1` (Mumbai) than in
# `europe-north1` (Finland)?

# %%
guess_carbon = None  # your prediction, a factor
plans = {
    name: decide(run.load, run.objective_ms, name) for name in ("asia-south1", "europe-north1")
}
grams = {name: p.front[0].carbon_g_per_thousand for name, p in plans.items() if p.front}
teach.reveal(guess_carbon, grams["asia-south1"] / grams["europe-north1"])

# %% [markdown]
# And here? Where the processor counts its energy (RAPL) the run is measured. Where it does not, or
# does not tell, the energy is estimated from processor time, and the reading says so.

# %% tags=["nbval-ignore-output"]
square = jnp.ones((1024, 1024))
print(cost.measure_energy(lambda: (square @ square).block_until_ready(), core_power_w=10.0))

# %% [markdown]
# ## 9. The decision
#
# What to take away: for this service one number decides, the load. At the load above the cheapest
# plan keeps the objective, and no other option is cheaper; that is this notebook's claim.

# %%
best = found.best
assert best is not None
assert best.p99_latency_s <= run.objective_ms / 1e3
assert all(best.price_usd_per_month <= o.price_usd_per_month for o in found.feasible)
print(best)

# %%
teach.publish(
    place=best.place,
    machine=f"{best.instances} x {best.offer.device}",
    usd_per_month=best.price_usd_per_month,
    usd_per_thousand=best.price_usd_per_thousand,
    p99_ms=1e3 * best.p99_latency_s,
    g_co2e_per_thousand=best.carbon_g_per_thousand,
    options=len(found.feasible),
)

# %% [markdown]
# The same from a terminal, with exit code 3 where nothing keeps the objective:
# `labkit plan --gflop 2.9 --parameters 22.6 --rate 200 --p99-ms 60 --network-ms 20 --assert`
#
# ## Exercises
#
# Put your answer in place of `None` and run the cell; it tells you what is wrong, not what is
# right. Hints and solution are folded below each task.

# %%
makespan = teach.exercise("cost_and_latency.makespan")
makespan

# %%
makespan.check(None)

# %%
thousand = teach.exercise("cost_and_latency.price_per_thousand")
thousand

# %%
thousand.check(None)

# %%
ring = teach.exercise("cost_and_latency.ring")
ring

# %%
ring.check(None)

# %%
serial = teach.exercise("cost_and_latency.serial_share")
serial

# %%
serial.check(None)

# %% [markdown]
# ## What to read
#
# - R. Thakur, R. Rabenseifner, W. Gropp: *Optimization of Collective Communication Operations in
#   MPICH*, International Journal of High Performance Computing Applications 19 (2005)
# - G. Amdahl: *Validity of the single processor approach to achieving large scale computing
#   capabilities*, AFIPS (1967); J. Gustafson: *Reevaluating Amdahl's law*, CACM 31 (1988)
# - The source behind this notebook: `labkit/perf/elsewhere.py`, `labkit/perf/collectives.py`,
#   `labkit/cost/plan.py`; the facts: `labkit/hw/devices.toml`, `labkit/cost/offers.csv`
