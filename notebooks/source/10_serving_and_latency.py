# %% [markdown]
# # 10. Serving and latency: how long does the slowest request in a hundred wait?
#
# A model is of use once somebody asks it. This notebook puts one behind a real server on this
# machine, asks it at times fixed beforehand, and *predicts what every quantile of the latency
# will be* before the load is run. Then it batches, caches, balances, kills a replica, lets the
# number of replicas follow the load, serves a language model token by token, and watches the
# requests drift away from what the model knows.
#
# After it you can
#
# 1. measure a latency so that slow answers are not left out, and say why an average hides them;
# 2. predict p50 and p99 from the times of single batches and a simulation of the queue;
# 3. say what batching, a cache and a balancer buy, and what each costs;
# 4. compute how the tail of one server becomes the rule for a page that asks a hundred;
# 5. say what a spare replica, a scaler and continuous batching buy, and what a cold start costs.

# %% [markdown]
# ## Parameters

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
load = 0.6  # share of the server's capacity, 0.1 to 0.9
length_s = None  # seconds of the measured load, 2 to 120; None: the profile chooses
seed = 0  # seed of the random numbers, 0 to 1000000

# %%
import json
import os
import signal
import tempfile
import threading
import urllib.request
from dataclasses import replace

import jax
import numpy as np
from flax import nnx

from labkit import data, export, hw, models, perf, serve, teach, viz
from labkit.serve import simulate as sim
from labkit.units import format_time

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"length_s": 4, "requests": 20_000, "seconds": 45},
        "class": {"length_s": 20, "requests": 100_000, "seconds": 80},
        "full": {"length_s": 60, "requests": 400_000, "seconds": 180},
    },
)
run

# %% [markdown]
# ## 1. From a model to an address
#
# **Claim.** A server needs neither the model's Python code nor a pickle. A *bundle* is a folder
# with the weights and one compiled program for each batch size. The network below is not trained:
# its answers are wrong, and just as slow as right ones.

# %%
stages = (models.Stage(48), models.Stage(64), models.Stage(64))
model = models.CNN(models.CNNConfig((64, 64, 3), stages), rngs=nnx.Rngs(run.seed))
room = tempfile.TemporaryDirectory()
folder = room.name
image = np.random.default_rng(run.seed).random((1, 64, 64, 3)).astype(np.float32)
bundle = export.save_bundle(folder, model, image, name="scenes", sizes=(1, 2, 4, 8))
print(sorted(bundle.manifest.files))

# %% [markdown]
# The server is a process of its own. It speaks the *Open Inference Protocol*, so that clients
# written for other servers can ask it too.

# %%
settings = serve.Settings(max_batch=8, max_wait_s=0.004, max_queue=2048)
server = serve.start_server(folder, settings)
with urllib.request.urlopen(f"{server.url}/v2/models/scenes") as page:
    print(json.dumps(json.loads(page.read())["inputs"]))

# %% [markdown]
# ## 2. What one batch costs
#
# **Claim.** A batch of eight costs less than eight batches of one: a call has a fixed cost, and
# the weights are read once for all. `measure_service` asks at random, at rates that swing once
# from none to nearly all that the server can answer, so that batches of every size occur while the
# server is at work. Each answer tells in its header `Server-Timing` where its time went.
#
# **Predict.** By what factor does a batch of 8 raise the requests per second?

# %% tags=["nbval-ignore-output"]
guess_gain = None  # your prediction, a factor
url = f"{server.url}/v2/models/scenes/infer"
headers, body = serve.write_request(image, bundle.manifest.input)
times = serve.measure_service(url, [body], max_batch=8, headers=headers, seconds=run.length_s)
print("engine, by size of batch:", [format_time(s) for s in times.mean_s])
teach.reveal(guess_gain, times.capacity_per_s * times.mean_s[0])

# %% [markdown]
# ## 3. Predict the whole distribution, then run it
#
# **Claim.** The times of batches, with arrivals and a rule for batching, are all that a queue is
# made of. `times.predict` walks the arrivals through it, the same that the load generator will
# then send. Each batch takes a measured time of its size, in the order of measurement: slow
# batches come in stretches, and one stretch makes a longer queue than the same batches apart. It
# does so 16 times over, each beginning elsewhere, and pools what comes out.
#
# **Predict.** At 60 % of capacity, how many times longer than an undisturbed request does the
# slowest in a hundred take?

# %% tags=["nbval-ignore-output"]
guess_tail = None  # your prediction, a factor
rate = run.load * times.capacity_per_s
gaps = np.asarray(sim.poisson(jax.random.key(run.seed), rate, int(rate * run.length_s)))
expected = times.predict(gaps, max_wait_s=settings.max_wait_s)
measured = serve.run_load(url, [body], gaps, headers=headers, connections=256, timeout_s=60.0)
alone_s = times.mean_s[0] + np.median(times.around_s[0])
print({name: format_time(s) for name, s in measured.histogram.quantiles_s().items()})
teach.reveal(guess_tail, measured.quantile_s(0.99) / alone_s)

# %% tags=["nbval-ignore-output"]
shares = np.linspace(0.02, 0.99, 60)
viz.show(
    viz.lines(
        100 * shares,
        {
            "measured": 1e3 * np.quantile(measured.answered, shares),
            "predicted": 1e3 * np.quantile(expected, shares),
        },
        xlabel="requests answered sooner / %",
        ylabel="latency / ms",
        markers=False,
    ),
    alt="Latency against the share of requests answered sooner, measured and predicted: both rise "
    "slowly and then, for the last few in a hundred, steeply.",
)

# %% tags=["nbval-ignore-output"]
for q in (0.5, 0.99):
    told, seen = np.quantile(expected, q), measured.quantile_s(q)
    print(f"p{100 * q:g}: predicted {format_time(told)}, measured {format_time(seen)}")

# %% [markdown]
# **Explain.** Most of a tail is waiting, and waiting follows from the load. What the prediction
# misses is how the machine's pace changes between the two measurements: at a high load a tenth
# more for each batch doubles the wait. `benchmarks/serving.py` therefore measures in turn.
#
# ## 4. How not to measure
#
# **Claim.** A client that waits for each answer before it asks again sends nothing while the
# server stalls. It leaves out just the requests that would have been slow: *coordinated
# omission*. Below, a server that answers in 1 ms stalls for 2 s, once in a minute.
#
# **Predict.** What p99 does the waiting client report, in ms, and what is it for users?

# %%
guess_p99 = None  # your prediction for the users, ms
meant_s = np.arange(0, 60, 0.01)
stall = (meant_s >= 30) & (meant_s < 32)
users_s = np.where(stall, 32 - meant_s, 0.001)
waiting_s = np.append(users_s[~stall], 2.0)
print(f"the waiting client reports {1e3 * np.quantile(waiting_s, 0.99):.0f} ms")
teach.reveal(guess_p99, round(1e3 * float(np.quantile(users_s, 0.99))), unit="ms")

# %% [markdown]
# ## 5. Batching: a trade, and when it is none
#
# **Claim.** At low load a batch that waits to be filled only adds its wait. At high load the queue
# fills batches by itself, and without them the server would not keep up at all.
#
# **Turn.** Move the load and the largest batch. Where does a larger batch lower the latency, and
# where does it raise it? (A batch of $b$ takes $3 + b$ ms here.)


# %%
def batch_latency(rate_per_s, max_batch, wait_ms, n=4_000):
    gaps = sim.poisson(jax.random.key(1), rate_per_s, n, 8)
    table = [(3.0 + b) / 1e3 for b in range(1, max_batch + 1)]
    return np.asarray(sim.batching(gaps, table, max_wait_s=wait_ms / 1e3).latency_s)[n // 4 :]


def draw_batching(rate_per_s, wait_ms):
    sizes = [1, 2, 3, 4, 6, 8, 12, 16]
    found = [1e3 * batch_latency(rate_per_s, size, wait_ms).ravel() for size in sizes]
    lines = {f"p{q}": [np.percentile(ms, q) for ms in found] for q in (50, 99)}
    return viz.lines(sizes, lines, xlabel="largest batch", ylabel="latency / ms", logy=True)


# %%
viz.show(
    draw_batching(300, 2.0),
    alt="Median and p99 of the latency against the largest batch at 300 requests per second: "
    "without batches both are above a thousand milliseconds, with batches of 3 or more about ten.",
)

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_batching,
    alt=lambda rate_per_s, wait_ms: (
        f"Latency against the largest batch at {rate_per_s} requests per second; "
        f"a batch waits at most {wait_ms:g} ms."
    ),
    rate_per_s=(20, 600, 300, 20),
    wait_ms=(0.0, 20.0, 2.0, 1.0),
)

# %%
slow_load = [np.median(batch_latency(20, size, 10.0)) for size in (1, 16)]
high_load = [np.median(batch_latency(400, size, 0.0)) for size in (1, 16)]
print("20 per second: batches that wait make the median longer:", bool(slow_load[1] > slow_load[0]))
print("400 per second: batches make it shorter:", bool(high_load[1] < high_load[0]))

# %% [markdown]
# ## 6. A cache
#
# **Claim.** Requests repeat, and not evenly: item $i$ is asked for about $1/i$ as often as the
# first (Zipf). A cache of a few items then answers many requests, and Che's approximation says
# how many without running it.
#
# **Predict.** 10,000 items, a cache of 500: what share of requests does it answer?

# %%
guess_hits = None  # your prediction, a share
wanted = sim.zipf_keys(run.requests, keys=10_000, exponent=1.0, seed=run.seed)
cache = serve.ResponseCache(500 * (8 + serve.ResponseCache.ENTRY_BYTES))
for item in wanted:
    key = cache.key(np.array([item]))
    if cache.get(key) is None:
        cache.put(key, np.zeros(1))
hit_ratio = cache.hits / len(wanted)
che = sim.che_hit_ratio(1 / np.arange(1, 10_001), 500)
print("the cache and the approximation agree within 0.03:", bool(abs(hit_ratio - che) < 0.03))
teach.reveal(guess_hits, round(che, 2))

# %% [markdown]
# ## 7. Several replicas: who gets the next request?
#
# **Claim.** To look at two replicas drawn at random and take the less busy one is nearly as good
# as to look at all of them, and far better than to draw one.
#
# **Predict.** Eight replicas at 80 % load. p99 of the wait when drawing one, over that of two?

# %%
guess_two = None  # your prediction, a factor
arrivals, work = jax.random.split(jax.random.key(run.seed))
gap = sim.poisson(arrivals, 0.8 * 8, run.requests // 8, 64)
service = sim.exponential(work, 1.0, run.requests // 8, 64)
policies = [sim.random_server, sim.round_robin, sim.power_of_two, sim.least_work]
p99 = {}
for policy in policies:
    served = sim.queue(gap, service, servers=8, policy=policy, key=jax.random.key(2))
    p99[policy.__name__] = float(np.quantile(np.asarray(served.wait_s)[500:], 0.99))
print({name: float(f"{wait:.2g}") for name, wait in p99.items()})
teach.reveal(guess_two, round(p99["random_server"] / p99["power_of_two"], 1))

# %% [markdown]
# ## 8. Kill one
#
# **Claim.** A request that was accepted is answered, even where the replica that had it dies: the
# balancer still holds it and gives it to another. To infer twice changes nothing. Below, each
# request waits a third of a second in its replica, so that some are there when one is killed.
#
# **Predict.** Of 200 requests, how many are lost?

# %%
server.stop()
slow = serve.Settings(max_batch=500, max_wait_s=0.3, max_queue=1000)
fleet = serve.start_server(folder, slow, replicas=2)


def replicas():
    with urllib.request.urlopen(f"{fleet.url}/replicas") as page:
        return json.loads(page.read())


victim = replicas()["replicas"][0]["pid"]
killing = threading.Timer(0.6, os.kill, (victim, signal.SIGKILL))

# %%
guess_lost = None  # your prediction, requests
killing.start()
fleet_url = f"{fleet.url}/v2/models/scenes/infer"
survived = serve.run_load(
    fleet_url, [body], np.full(200, 0.01), headers=headers, connections=128, timeout_s=60.0
)
killing.join()
lost = 200 - len(survived.answered)
teach.reveal(guess_lost, lost)

# %% tags=["nbval-ignore-output"]
print("sent again:", replicas()["resent"], "; longest:", format_time(survived.histogram.max_s))

# %%
print("exit code:", fleet.stop())
room.cleanup()

# %% [markdown]
# ## 9. Failures: how many spares?
#
# **Claim.** A replica that breaks every two minutes and is back after 5 s is there 96 % of the
# time. While it is gone the others carry its load, and what it had in hand waits. Four replicas
# that are 70 % busy cannot do that; one more can.
#
# **Predict.** By what factor do the failures raise the p99 of four replicas?

# %%
guess_failing = None  # your prediction, a factor
rng = np.random.default_rng(run.seed)
times_s = rng.exponential(0.02 / (0.7 * 4), 60_000).cumsum()
work_s = rng.exponential(0.02, 60_000)


def failing_ms(replicas, down_s=5):
    """p50, p99 and p99.9 of the latency."""
    options = {"mean_up_s": 120, "mean_down_s": down_s, "horizon_s": times_s[-1]}
    outages = [sim.outages(**options, seed=i) for i in range(replicas)]
    latency_s = sim.failing_queue(times_s, work_s, outages).latency_s
    return 1e3 * np.quantile(latency_s, (0.5, 0.99, 0.999))


# %%
fleets = {"4, none breaks": failing_ms(4, down_s=0), "4": failing_ms(4), "5": failing_ms(5)}
for name, quantiles_ms in fleets.items():
    p50, p99_ms, p999 = quantiles_ms
    print(f"{name:>14}: p50 {p50:.2g} ms, p99 {p99_ms:.2g} ms, p99.9 {p999:.2g} ms")
teach.reveal(guess_failing, round(fleets["4"][1] / fleets["4, none breaks"][1], 1))

# %% [markdown]
# **Explain.** The median hardly tells. The tail is made of what happened during the outages: with a
# spare replica only the requests that the broken one had in hand are late.
#
# ## 10. As many replicas as it takes
#
# **Claim.** A scaler counts the work of the last 15 s and switches replicas on and off. It saves
# what a fleet for the peak would cost at all other times. But a new replica has to start: the model
# is loaded, its programs are compiled. Until then the old ones stand alone.
#
# Requests of a second each come at 4 per second, then for ten minutes at 12, then at 4 again.
#
# **Predict.** A replica takes 60 s to start. What is the p99 of the wait, in seconds?

# %%
guess_cold = None  # your prediction, s
keys = jax.random.split(jax.random.key(run.seed), 4)
phases = [sim.poisson(keys[i], rate, 600 * rate) for i, rate in enumerate((4, 12, 4))]
gap_s = np.concatenate(phases)
task_s = sim.exponential(keys[3], 1.0, len(gap_s))
scalers = {cold_s: sim.Autoscaler(6, 32, 0.7, 15.0, cold_s) for cold_s in (0, 15, 60)}
scaled = {cold_s: sim.autoscale(gap_s, task_s, scaler) for cold_s, scaler in scalers.items()}
waits_s = {cold: float(np.quantile(each.wait_s, 0.99)) for cold, each in scaled.items()}
print("p99 of the wait by cold start:", {k: float(f"{v:.2g}") for k, v in waits_s.items()})
teach.reveal(guess_cold, float(f"{waits_s[60]:.2g}"), unit="s")

# %%
minutes = np.cumsum(gap_s) / 60
per_minute = np.bincount(minutes.astype(int), weights=np.asarray(task_s)[:, 0])[:30] / 60
at = np.searchsorted(minutes, np.arange(30) + 0.5)
paid = np.asarray(scaled[60].servers)[at, 0]
waiting_s = np.asarray(scaled[60].wait_s)[at, 0]
series = {"work that came": per_minute, "replicas that are paid": paid, "wait / s": waiting_s}
viz.show(
    viz.lines(np.arange(30) + 0.5, series, xlabel="time / minutes", ylabel="replicas; wait in s"),
    alt="Half an hour: the work asks for 4 replicas, then 12, then 4. The scaler pays for about "
    "one and a half times as many; the wait jumps to 40 s at the rise and is gone 4 minutes later.",
)

# %%
peak = 18  # replicas that carry 12 requests a second at 70 %
share_paid = float(scaled[60].paid_s[0] / (peak * gap_s.sum()))
print(f"The scaler pays {share_paid:.0%} of {peak} replicas that are always on.")

# %% [markdown]
# **Explain.** The scaler sees the jump after at most 15 s, and then waits for the cold start; so
# long the queue grows. A fleet for the peak would never wait, at the price of standing idle.
#
# ## 11. The tail at scale
#
# **Claim.** A page that asks many servers is as slow as the slowest of them. What happens to one
# request in a hundred happens to most pages.
#
# **Predict.** A page asks 100 servers. What share of pages meets at least one p99?

# %%
guess_pages = None  # your prediction, a share
draws = np.random.default_rng(run.seed).random((20_000, 100))
share = float((draws > 0.99).any(axis=1).mean())
teach.reveal(guess_pages, round(share, 2))

# %% [markdown]
# ## 12. Token by token: a language model
#
# **Claim.** A language model reads the whole question at once (*prefill*: arithmetic), and then
# writes its answer one token at a time (*decode*: every token reads all weights). So a batch of
# answers costs hardly more than one, and *continuous batching* lets each question join as soon as
# the keys and values of its tokens find room in the memory.
#
# The questions are the first 2,000 of a public trace of code completions on Azure, which come in
# bursts. The model has 6.7 billion weights in bfloat16, 32 layers and 4,096 channels.

# %%
trace = data.load("azure_llm_code_sample").inputs
arrived_s = (trace["TIMESTAMP"] - trace["TIMESTAMP"][0]) / np.timedelta64(1, "s")
prompts, answers = trace["ContextTokens"], trace["GeneratedTokens"]
print(f"{len(trace)} questions in {arrived_s[-1] / 60:.0f} minutes, ", end="")
print(f"median {np.median(prompts):.0f} tokens, of answers {np.median(answers):.0f}")

# %%
weights = 6.7e9
gpu, reached = hw.get_device("NVIDIA H100 SXM5 80GB"), perf.efficiency()
language_server = sim.LLMServer(
    flops_per_token=2 * weights,
    weight_bytes=2 * weights,
    kv_bytes_per_token=2 * 32 * 4096 * 2,
    peak_flops=reached.arithmetic * gpu.peak_flops["bfloat16"],
    bandwidth_bytes_per_s=reached.traffic * gpu.bandwidth_bytes_per_s,
    memory_bytes=gpu.memory_bytes,
)
print(f"room for the keys and values of {language_server.kv_capacity_tokens:,} tokens")

# %% [markdown]
# **Predict.** One answer after the other, or up to 64 together: by what factor does the p99 of the
# time to the first token fall?

# %%
guess_together = None  # your prediction, a factor
sizes = [1, 2, 4, 8, 16, 32, 64]
servers = [replace(language_server, max_sequences=n) for n in sizes]
tokens = [sim.serve_llm(arrived_s, prompts, answers, server) for server in servers]
first_s = [np.quantile(each.first_token_s, 0.99) for each in tokens]
whole_s = [np.quantile(each.latency_s, 0.99) for each in tokens]
pace_s = [np.nanquantile(each.per_token_s(answers), 0.9) for each in tokens]
teach.reveal(guess_together, float(f"{first_s[0] / first_s[-1]:.2g}"))

# %%
viz.show(
    viz.lines(
        sizes,
        {"first token": first_s, "whole answer": whole_s, "each further token (p90)": pace_s},
        xlabel="answers that are written together, at most",
        ylabel="time (p99) / s",
        logx=True,
        logy=True,
    ),
    alt="p99 of the time to the first token and to the whole answer against how many answers are "
    "written together: both fall from a hundred seconds to a few; beyond 16 the first token comes "
    "sooner still, the whole answer later, and each further token takes longer.",
)

# %% [markdown]
# **Explain.** Written one by one, the answers cannot keep up with the bursts. Together they can,
# until new questions come between: each prefill stops all who are writing, and so the pace of the
# tokens slows. Servers limit how much is read at once for that reason.
#
# ## 13. Is it still the world the model knows?
#
# **Claim.** A server cannot see whether its answers are right, but it can see whether the
# questions still look like those of training. `DriftMonitor` compares windows with the reference:
# the *population stability index* says how far they are apart, the Kolmogorov–Smirnov test whether
# chance would do that. It alerts where both say so.
#
# **Predict.** Other images of the same kind, darker ones, noisy ones: how many of the three windows
# does it notice?

# %%
guess_drift = None  # your prediction, windows
rng = np.random.default_rng(run.seed)
scenes = rng.random((1200, 64)) * rng.uniform(0.5, 1, (1200, 1))
weights = rng.normal(size=(64, 10))
monitor = serve.DriftMonitor(scenes[:600], scenes[:600] @ weights, window=300)
windows = {"same": scenes[600:900], "darker": 0.5 * scenes[600:900]}
windows["noisy"] = scenes[900:] + rng.normal(0, 0.4, (300, 64))
reports = {name: monitor.observe(rows, rows @ weights) for name, rows in windows.items()}
noticed = [name for name, report in reports.items() if report.alert]
print("noticed:", noticed)
teach.reveal(guess_drift, len(noticed))

# %%
names = [feature.name for feature in reports["same"].features]
found = {name: [each.psi for each in report.features] for name, report in reports.items()}
for name, values in found.items():
    print(f"{name:>7}:", {k: float(f"{v:.1g}") for k, v in zip(names, values, strict=True)})
viz.show(
    viz.bars(names, found, ylabel="population stability index", logy=True),
    alt="Stability index of four features for three windows: the same images stay near 0.03, "
    "darker and noisy ones reach several units in the mean or the spread of the input.",
)

# %% [markdown]
# ## 14. What to take away
#
# A latency is a distribution. It can be predicted from the times of single batches, and held to
# the measurement; its tail is made of waiting, and grows with everything that is asked at once.

# %%
assert lost == 0
assert measured.statuses == {200: len(gaps)}
assert p99["power_of_two"] < p99["round_robin"] < p99["random_server"]
assert abs(share - (1 - 0.99**100)) < 0.02
assert noticed == ["darker", "noisy"]
assert fleets["4"][1] > 1.5 * fleets["4, none breaks"][1] > 1.5 * fleets["5"][1]
assert waits_s[0] < waits_s[15] < waits_s[60]
assert first_s[0] > 10 * first_s[-1]

# %% tags=["nbval-ignore-output"]
teach.publish(
    p50_ms=1e3 * measured.quantile_s(0.5),
    p99_ms=1e3 * measured.quantile_s(0.99),
    p99_error=float(np.quantile(expected, 0.99) / measured.quantile_s(0.99) - 1),
)

# %% [markdown]
# ## Exercises

# %%
tail = teach.exercise("serving.tail")
tail

# %%
tail.check(None)

# %%
stalled = teach.exercise("serving.stall")
stalled

# %%
stalled.check(None)

# %%
keeps_up = teach.exercise("serving.keeps_up")
keeps_up

# %%
keeps_up.check(None)

# %%
room_for = teach.exercise("serving.kv_memory")
room_for

# %%
room_for.check(None)

# %% [markdown]
# ## What to read
#
# - J. Dean, L. A. Barroso: *The tail at scale*, Communications of the ACM 56 (2013),
#   <https://doi.org/10.1145/2408776.2408794>
# - D. Crankshaw et al.: *Clipper, a low-latency online prediction serving system* (2017),
#   <https://arxiv.org/abs/1612.03079>
# - M. Mitzenmacher: *The power of two choices in randomized load balancing*, IEEE TPDS 12 (2001),
#   <https://doi.org/10.1109/71.963420>
# - G. Tene: *How not to measure latency* (2015), and HdrHistogram,
#   <https://hdrhistogram.github.io/HdrHistogram/>
# - G.-I. Yu et al.: *Orca, a distributed serving system for transformer-based generative models*,
#   OSDI (2022); W. Kwon et al.: *Efficient memory management for large language model serving with
#   PagedAttention* (2023), <https://arxiv.org/abs/2309.06180>
# - P. Patel et al.: *Splitwise* (2024), <https://arxiv.org/abs/2311.18677>, whose trace is
#   <https://github.com/Azure/AzurePublicDataset> (CC BY 4.0)
# - *Open Inference Protocol*, <https://github.com/kserve/open-inference-protocol>
# - The source behind this notebook: `labkit/serve` (start with `batcher.py`), `labkit/export`
