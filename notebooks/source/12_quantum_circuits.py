# %% [markdown]
# # 12. Quantum circuits: what can they do that nothing else can, and what does noise leave?
#
# A quantum computer is not a faster computer. It multiplies *amplitudes* where a classical one
# moves bits, and on a few problems that saves almost all of the work. This notebook builds those
# few from single gates, runs them exactly, then as a real device would: noisy, slow and priced.
#
# After it you can
#
# 1. read a circuit, say where each qubit points, and tell entangled from separate;
# 2. derive how often Grover's search and phase estimation succeed, and check it to the digit;
# 3. say what depolarising noise, relaxation and readout errors each do, and undo part of it;
# 4. count a circuit's gates, time, shots and price on devices that can be rented;
# 5. say where a quantum computer would win, where not, and what the claim rests on.

# %% [markdown]
# ## Parameters

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
seed = 0  # seed of shots and transpiler, 0 to 1000000
shots = 4000  # runs of each measured circuit, 100 to 1000000

# %%
import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from scipy import stats

from labkit import cost, hw, perf, quantum, teach, viz
from labkit.quantum import algorithms as qa
from labkit.units import format_bytes, format_time

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"modulus": 15, "noisy_qubits": 5, "simulated": 20, "seconds": 35},
        "class": {"modulus": 21, "noisy_qubits": 7, "simulated": 22, "seconds": 90},
        "full": {"modulus": 21, "noisy_qubits": 9, "simulated": 24, "seconds": 240},
    },
)
run

# %% [markdown]
# ## 1. One qubit is a direction
#
# **Claim.** A qubit $\cos\frac{\theta}{2}|0\rangle + e^{i\varphi}\sin\frac{\theta}{2}|1\rangle$
# is a point on a sphere. Measuring it gives 1 with probability $\sin^2\frac{\theta}{2}$: only
# the height matters, the angle $\varphi$ around the axis does not show.
#
# **Predict.** At $\theta = 60°$, how often is 1 measured?


# %%
def one_qubit(theta, phi):
    circuit = QuantumCircuit(1)
    circuit.ry(math.radians(theta), 0)
    circuit.rz(math.radians(phi), 0)
    return quantum.bloch_vectors(Statevector(circuit).data)


def draw_qubit(theta_degrees, phi_degrees):
    return viz.bloch_spheres(one_qubit(theta_degrees, phi_degrees))


guess_one = None  # your prediction, a probability
z = one_qubit(60, 40)[0, 2]
teach.reveal(guess_one, (1 - z) / 2)

# %%
viz.show(
    draw_qubit(60, 40),
    alt="A Bloch sphere with an arrow 60 degrees from the north pole, turned 40 degrees from x.",
)

# %% [markdown]
# **Turn.** Move both angles. Which of them changes the probability of a 1?

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_qubit,
    alt=lambda theta_degrees, **_: (
        f"An arrow {theta_degrees} degrees from the pole; a 1 is measured with probability "
        f"{math.sin(math.radians(theta_degrees) / 2) ** 2:.3f}."
    ),
    theta_degrees=(0, 180, 60, 5),
    phi_degrees=(-180, 180, 40, 5),
    frames=12,
)

# %% [markdown]
# ## 2. Two qubits can be undecided together
#
# **Claim.** After a Hadamard and a CNOT neither qubit has a state of its own: each arrow has
# length 0, yet the two measurements always agree.

# %%
bell = qa.bell()
print(bell.draw("text"))
lengths = np.linalg.norm(quantum.bloch_vectors(Statevector(bell).data), axis=1)
print("outcomes:", {bits: round(p, 3) for bits, p in quantum.outcome_probabilities(bell).items()})
print("arrow lengths:", lengths.round(3))

# %% [markdown]
# **Explain.** What is certain is not in either qubit but between them. Two uses of such a pair:
# *superdense coding* sends two bits with one qubit, *teleportation* sends a qubit with two bits.

# %%
for bits in ("00", "01", "10", "11"):
    assert math.isclose(quantum.outcome_probabilities(qa.superdense(bits))[bits], 1)
message = QuantumCircuit(1)
message.u(1.0, 0.5, 0, 0)
sent = quantum.bloch_vectors(Statevector(message).data)[0]
moved = Statevector(qa.teleportation(message, deferred=True)).data
print("sent", sent.round(3), "received", quantum.bloch_vectors(moved)[2].round(3))

# %%
viz.show(
    qa.teleportation(message).draw("mpl", scale=0.8),
    alt="The teleportation circuit: a shared pair, Alice's two measurements, and Bob's X and Z "
    "gates that depend on the two bits sent.",
)

# %% [markdown]
# ## 3. One question instead of n
#
# **Claim.** A function hides a bit string $s$ and answers $s \cdot x \bmod 2$. A classical
# player needs one question per bit. Bernstein and Vazirani need one in all: asked about every
# $x$ at once, the answers interfere so that only $s$ is left.

# %%
secret = "1011"
hidden = qa.bernstein_vazirani(secret)
print({bits: round(p, 3) for bits, p in quantum.outcome_probabilities(hidden).items()})
viz.show(
    hidden.draw("mpl", scale=0.7),
    alt="Bernstein-Vazirani for 1011: Hadamards, one CNOT for each 1 of the secret, Hadamards.",
)

# %% [markdown]
# The same trick answers other questions about a hidden function. *Deutsch and Jozsa*: is it the
# same for all inputs, or 1 for exactly half? One call tells; certainty without it takes
# $2^{n-1} + 1$. *Simon*: which $s$ makes $f(x) = f(x \oplus s)$? Each run yields one bit string
# that is orthogonal to $s$, and $n - 1$ independent ones give it away.

# %%
constant = quantum.outcome_probabilities(qa.deutsch_jozsa(qa.constant_oracle(3, 1)))
balanced = quantum.outcome_probabilities(qa.deutsch_jozsa(qa.balanced_oracle("101")))
print("Deutsch-Jozsa: constant", set(constant), "balanced", set(balanced))
assert set(constant) == {"000"}
assert "000" not in balanced

# %%
strings = quantum.outcome_probabilities(qa.simon(qa.simon_oracle(secret)))
products = {sum(int(a) * int(b) for a, b in zip(y, secret, strict=True)) % 2 for y in strings}
print(f"Simon: {len(strings)} strings, products with the secret {products}")
print("solved:", qa.solve_simon(strings))
assert products == {0}
assert qa.solve_simon(strings) == secret

# %% [markdown]
# **Explain.** Trying all inputs "in parallel" is not what happens: one measurement yields one
# outcome. What helps is *interference*, and the problem must have a structure for it.
#
# ## 4. Search: a turn by a fixed angle
#
# **Claim.** Grover's step turns the state by $2\theta$ towards the marked items,
# $\sin^2\theta = M/N$. After $k$ steps a measurement succeeds with probability
# $\sin^2((2k+1)\theta)$, so about $\frac{\pi}{4}\sqrt{N/M}$ steps do it, and more do harm.
#
# **Predict.** One marked item of 64: after how many steps is it found almost surely?

# %%
guess_steps = None  # your prediction, in steps
steps = np.arange(13)
found = [
    quantum.outcome_probabilities(qa.grover(6, [42], iterations=int(k)))[format(42, "06b")]
    for k in steps
]
teach.reveal(guess_steps, int(np.argmax(found)))

# %%
law = [qa.success_probability(6, 1, int(k)) for k in steps]
print(f"largest difference to the law: {np.abs(np.subtract(found, law)).max():.0e}")
viz.show(
    viz.lines(steps, {"simulated": found, "sine law": law}, xlabel="steps k", ylabel="P(found)"),
    alt="The success probability rises to nearly 1 at 6 steps and falls again to 0 at 12.",
)

# %% [markdown]
# ## 5. Phase estimation: read an angle in binary
#
# **Claim.** A unitary with $U|u\rangle = e^{2\pi i\varphi}|u\rangle$, applied $1, 2, 4 \dots$
# times under control and followed by the inverse Fourier transform, leaves $\varphi$ as a binary
# number. If $\varphi$ fits into $t$ bits the answer is certain; if not, the two nearest answers
# share at least $8/\pi^2 \approx 81\,\%$.


# %%
def phase_readout(phase, counting_qubits=4):
    one = QuantumCircuit(1)
    one.x(0)
    gate = np.diag([1, np.exp(2j * np.pi * phase)])
    outcomes = quantum.outcome_probabilities(qa.phase_estimation(gate, one, counting_qubits))
    return [outcomes.get(format(y, f"0{counting_qubits}b"), 0) for y in range(2**counting_qubits)]


def draw_phase(phase):
    title = "Outcome y, which stands for a phase of y/16"
    names = [str(y) for y in range(16)]
    return viz.bars(names, {"P": phase_readout(phase)}, ylabel="probability", title=title)


# %%
kernel = qa.phase_distribution(0.3, 4)
print(f"two nearest outcomes: {np.sort(kernel)[-2:].sum():.3f}")
assert np.allclose(phase_readout(0.3), kernel, atol=1e-9)
viz.show(
    draw_phase(0.3),
    alt="Phase estimation of 0.3 with four bits: 5/16 is most likely, 4/16 next, others rare.",
)

# %% [markdown]
# **Turn.** For which phases is the answer certain?

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_phase,
    alt=lambda phase: f"Outcomes of phase estimation for a phase of {phase:.4g}.",
    phase=(0.0, 0.9375, 0.3, 0.0125),
    frames=12,
)

# %% [markdown]
# ## 6. Factoring with it
#
# **Claim.** Multiplying by $a$ modulo $N$ is a permutation whose eigenphases are $s/r$, with $r$
# the order of $a$. Phase estimation samples them, a continued fraction recovers $r$, and
# $\gcd(a^{r/2} \pm 1, N)$ are factors: Shor's algorithm.

# %%
outcomes = quantum.outcome_probabilities(qa.order_finding(2, run.modulus))
orders = {y: qa.order_from_outcome(y, 2, run.modulus) for y in outcomes}
useful = sum(p for y, p in outcomes.items() if orders[y])
order = next(r for r in orders.values() if r)
print(f"order of 2 mod {run.modulus}: {order}, seen in {useful:.0%} of all runs")
print("factors:", qa.factors_from_order(order, 2, run.modulus))

# %% [markdown]
# **Explain.** Here the powers of $a$ were computed in advance, classically: fair for 15, fatal for
# 600 digits. There they are built from adders, and Gidney (2025) counts about a million noisy
# qubits for a week. What that means on today's devices, the later steps measure.
#
# ## 7. Two more uses of it
#
# **Claim.** Grover's step turns by an angle that holds a probability $a$; phase estimation reads
# it. So $a$ is known to $\pm\varepsilon$ after about $1/\varepsilon$ calls, where sampling needs
# $1/\varepsilon^2$ (Brassard et al. 2002: the bound holds in at least $8/\pi^2$ of all runs).
#
# **Predict.** A coin shows 1 with probability 0.3. How many throws are as precise as 63 calls?

# %%
coin, amplitude = QuantumCircuit(1), 0.3
coin.ry(2 * math.asin(math.sqrt(amplitude)), 0)
estimates = quantum.outcome_probabilities(qa.amplitude_estimation(coin, 6))
bound = qa.amplitude_error_bound(amplitude, 6)
errors = {y: abs(qa.amplitude_from_outcome(y) - amplitude) for y in estimates}
within = sum(p for y, p in estimates.items() if errors[y] <= bound)
guess_throws = None  # your prediction, throws
throws = amplitude * (1 - amplitude) * (stats.norm.ppf((1 + within) / 2) / bound) ** 2
teach.reveal(guess_throws, round(throws))

# %%
print(f"within ± {bound:.3f} of {amplitude} in {within:.0%} of all runs, after 63 calls")
assert within >= 8 / np.pi**2
assert throws > 63

# %% [markdown]
# **Claim.** Phase estimation of $e^{iAt}$ labels the eigenvectors of a matrix with their
# eigenvalues. Dividing each amplitude by its eigenvalue solves $Ax = b$ (Harrow, Hassidim, Lloyd).

# %%
matrix, right_side = np.array([[1.5, 0.5], [0.5, 1.5]]), np.array([1.0, 0.0])
answer = qa.solve_hhl(matrix, right_side, 2, evolution_time=np.pi / 2)
print("x =", answer.solution.real.round(3), "with the flag set in", end=" ")
print(f"{answer.success_probability:.0%} of all runs")
assert np.allclose(answer.solution, np.linalg.solve(matrix, right_side), atol=1e-6)

# %% [markdown]
# **Explain.** A toy: the eigenvalues 1 and 2 fit the two clock bits, and the simulator reads the
# amplitudes. A device gets samples of $x$, not $x$, and loading $b$ has its price: the exponential
# gain is lost unless both are cheap (Aaronson 2015).
#
# ## 8. Noise
#
# **Claim.** Each gate errs a little, each waiting qubit decays, each readout may be wrong. The
# `Noise` of a device is its published medians. A GHZ state, all 0 or all 1, feels all of it.

# %%
device = quantum.quantum_hardware("ibm_fez")
noise = quantum.Noise.of_hardware(device)
cat = qa.ghz(run.noisy_qubits)
exact = quantum.density_matrix(cat, noise)
fidelity = exact.expectation_value(np.outer(*[Statevector(cat).data] * 2).conj()).real
print(f"{device.description}: fidelity of a {run.noisy_qubits}-qubit GHZ state {fidelity:.3f}")

# %% [markdown]
# The density matrix is exact and holds $4^n$ numbers. *Trajectories* draw the errors and hold
# $2^n$, at the price of a statistical error that falls as $1/\sqrt{\text{samples}}$.
#
# **Predict.** With 4,000 trajectories, how far off is the most wrong probability, roughly?

# %%
guess_error = None  # your prediction, a probability
sampled = quantum.trajectories(cat, noise, samples=run.shots, seed=run.seed)
teach.reveal(guess_error, round(float(np.abs(sampled - exact.probabilities()).max()), 4))

# %%
counts = quantum.noisy_counts(cat, noise, shots=run.shots, seed=run.seed)
common = {bits: n / run.shots for bits, n in counts.items() if n > 0.01 * run.shots}
print({bits: round(share, 3) for bits, share in sorted(common.items())})

# %% [markdown]
# **Turn.** A device whose gates err, and whose qubits decay, several times as much, and one that
# reads out without error. From which factor on would you no longer call it a GHZ state?


# %%
def noisy_cat(factor, readout_errors):
    worse = quantum.Noise.of_hardware(device, factor=factor)
    worse = worse if readout_errors else replace(worse, readout_error=0.0)
    return quantum.density_matrix(qa.ghz(4), worse).probabilities()


def draw_cat(noise_factor, readout_errors):
    names = [f"{i:04b}" for i in range(16)]
    found = {"measured": noisy_cat(noise_factor, readout_errors)}
    return viz.bars(names, found, ylabel="probability", width=11)


# %%
viz.show(
    draw_cat(1.0, True),
    alt="Probabilities of the sixteen outcomes of a four-qubit GHZ state on the device: 0000 and "
    "1111 stand out, almost equal.",
)

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_cat,
    alt=lambda noise_factor, readout_errors: (
        f"Outcomes of a four-qubit GHZ state at {noise_factor:g} times the device's noise: "
        f"all 0 or all 1 with probability "
        f"{noisy_cat(noise_factor, readout_errors)[[0, -1]].sum():.2f}."
    ),
    noise_factor=(1.0, 25.0, 1.0, 1.0),
    readout_errors=True,
    frames=14,
)

# %% [markdown]
# ## 9. Mitigation: better answers for more shots
#
# **Claim.** *Readout*: invert the known confusion of the readout. *Gates*: run the circuit with
# its noise tripled and five-folded ($C\,C^\dagger C$) and extrapolate to none. Neither removes
# the noise; both trade it for shots.

# %%
confusion = quantum.readout_matrix([(noise.readout_error,) * 2] * run.noisy_qubits)
repaired = quantum.mitigate_readout(counts, confusion)
for name, shares in (("raw", counts), ("repaired", repaired)):
    parity = quantum.expectation_from_counts(shares, [0, run.noisy_qubits - 1])
    print(f"{name}: ⟨ZZ⟩ of the end qubits {parity:.3f} (1 without noise)")

# %%
noisier = quantum.Noise.of_hardware(device, factor=5.0)
ends = SparsePauliOp.from_sparse_list([("ZZ", [0, run.noisy_qubits - 1], 1.0)], run.noisy_qubits)


def end_parity(factor):
    folded = quantum.fold(cat, factor)
    return float(quantum.density_matrix(folded, noisier).expectation_value(ends).real)


zne = quantum.zero_noise_extrapolation(end_parity)
print("at noise × 1, 3, 5:", zne.measured.round(3), f"-> at 0: {zne.value:.3f}")
print(f"shots for the same standard error: {zne.variance_factor:.3g} times as many")

# %%
factors = np.arange(6)
curve = np.polyval(np.polyfit(zne.factors, zne.measured, 2), factors)
measured = np.where(np.isin(factors, zne.factors), curve, np.nan)
viz.show(
    viz.lines(
        factors,
        {"parabola through them": curve, "measured": measured},
        xlabel="noise factor",
        ylabel="⟨ZZ⟩ of the end qubits",
    ),
    alt="The expectation value falls with the noise factor; the parabola through three points "
    "meets the axis near 1.",
)

# %% [markdown]
# ## 10. What a circuit needs
#
# **Claim.** A device couples only some qubits and knows only some gates. Transpiling pays for
# both in two-qubit gates; they decide time, success and, on some devices, the price. All device
# facts carry their source: `device.sources`.
#
# **Predict.** The Fourier transform of 6 qubits has 15 controlled phases. How many two-qubit
# gates run on the superconducting device, whose qubits have at most three neighbours?

# %%
guess_twos = None  # your prediction, gates
fourier = qa.qft(6)
needs = {
    name: quantum.resources(fourier, quantum.quantum_hardware(name), shots=1000, seed=run.seed)
    for name in quantum.hardware_names()
}
teach.reveal(guess_twos, needs["ibm_fez"].two_qubit_gates)

# %%
for name, n in needs.items():
    print(
        f"{name:>12}: {n.two_qubit_gates:3} two-qubit gates, {n.circuit_s:.2g} s a run, "
        f"{n.error_free_probability:.0%} error-free, {n.price_usd:.3g} USD"
    )
energy_shots = quantum.shots_for_precision(qa.h2(), 1.6e-3)
print(f"energy of H2 to chemical accuracy (1.6 mHa): {energy_shots:.3g} shots")

# %% [markdown]
# **Explain.** Ions couple every pair and need fewer gates, but each takes 0.6 ms instead of
# 0.1 µs. Prices differ in kind: by the second, by the gate, or by the shot. Errors multiply: a
# circuit of $g$ gates with error $e$ survives with $(1-e)^g$.
#
# ## 11. The classical side of the ruler
#
# **Claim.** A simulator moves the whole state vector through memory, $2 \cdot 8 \cdot 2^n$ bytes
# for each pass. So two more qubits take four times as long, and a little more for their gates.
#
# **Predict.** The same circuit with two more qubits: how many times as long?


# %%
def simulate_s(qubits):
    circuit = qa.hardware_efficient(qubits, 2)
    compiled = jax.jit(quantum.to_jax(circuit).statevector)
    seconds = perf.measure(compiled, jnp.ones(circuit.num_parameters)).median_s
    return seconds, circuit.size()


# %% tags=["nbval-ignore-output"]
guess_growth = None  # your prediction, a factor
(small_s, small_gates), (large_s, gates) = map(simulate_s, (run.simulated - 2, run.simulated))
predicted_s = 4 * small_s * gates / small_gates
print(f"{run.simulated} qubits: predicted {format_time(predicted_s)}, took {format_time(large_s)}")
teach.reveal(guess_growth, round(large_s / small_s, 2))

# %% tags=["nbval-ignore-output"]
vector = jnp.ones(2**24)
bandwidth = 3 * 4 * 2**24 / perf.measure(jnp.add, vector, vector + 1).median_s
per_gate_s = 2 * 8 * 2**run.simulated * gates / bandwidth
print(f"one pass through memory per gate: {format_time(per_gate_s)}")
print(f"gates that share a pass, or find the state in cache: {per_gate_s / large_s:.2g} on average")

# %% [markdown]
# **Explain.** labkit's executor merges neighbouring gates into one small matrix product, so it
# makes far fewer passes than there are gates. What no merging changes: each further qubit
# doubles the memory.

# %%
gpu = hw.get_device("NVIDIA H200 SXM")
rented = [o for o in cost.offers() if (o.device, o.devices, o.kind) == (gpu.name, 1, "on demand")]
offer = min(rented, key=lambda o: o.price_usd_per_hour)
print(f"{gpu.name} at {offer.provider}: {offer.price_usd_per_hour:.3g} USD per hour")
for qubits in (20, 30, 34, 40, 50):
    print(f"{qubits} qubits: {format_bytes(8 * 2**qubits)}")
largest = int(math.log2(gpu.memory_bytes / 8))
print(f"largest state vector on one {gpu.name}: {largest} qubits")

# %% [markdown]
# ## 12. Who wins, where?
#
# **Claim.** Take a circuit of $n$ layers on $n$ qubits in a line, one expectation value to
# ± 0.01. The simulator pays $2^n$: once for each gate, or once for five qubits' worth of a layer,
# if it merges gates as labkit does. The quantum computer pays shots, and for its noise $1/p^2$
# times more of them, $p$ the chance that nothing goes wrong.
#
# **Predict.** From how many qubits on is the quantum computer faster than the better simulator?


# %%
def simulators(n):
    by_gate = n * (n - 1) + 2 * n * (n + 1)  # CZ; RY and RZ
    merged = (n + 1) * math.ceil(n / 5) + n  # rotations of five qubits at a time; phases
    price = {"usd_per_hour": offer.price_usd_per_hour}
    return {
        "GPU, gate by gate": quantum.simulation_cost(n, by_gate, gpu, **price),
        "GPU, merged": quantum.simulation_cost(n, merged, gpu, merged_qubits=5, **price),
    }


def race(name, n):
    circuit = qa.hardware_efficient(n, n)
    bound = circuit.assign_parameters(np.ones(circuit.num_parameters))
    job = quantum.resources(bound, quantum.quantum_hardware(name), shots=10_000, seed=run.seed)
    return {"quantum": quantum.execution_cost(job), **simulators(n)}


# %%
guess_crossing = None  # your prediction, in qubits
widths = [4, 8, 12, 16, 20, 24, 28, 32, 34, 36]
costs = [race("ibm_boston", width) for width in widths]
lines = {name: np.array([both[name].seconds for both in costs]) for name in costs[0]}
meeting = quantum.crossover(widths, lines["quantum"], lines["GPU, merged"])
teach.reveal(guess_crossing, round(meeting.size) if meeting else 0)

# %%
shown = {name: np.where(np.isinf(line), np.nan, line) for name, line in lines.items()}
viz.show(
    viz.lines(
        widths,
        shown,
        xlabel="qubits (and layers)",
        ylabel="time / s",
        logy=True,
        title="One expectation value to ± 0.01",
    ),
    alt="Time against width: the simulators' lines double with each qubit, the merged one several "
    "times lower, and end where memory ends; the quantum computer starts far higher and meets "
    "them only near that end.",
)

# %% [markdown]
# One ruler, four scales, at 32 qubits:

# %%
for name, job in costs[widths.index(32)].items():
    print(
        f"{name:>17}: {job.operations:.1e} operations, {job.moved_bytes:.1e} bytes, "
        f"{job.seconds:.3g} s, {job.price_usd:.2g} USD"
    )

# %% [markdown]
# **Explain.** Four warnings belong to this picture. It ends where one GPU's memory ends: several of
# them go a few qubits further, each qubit at twice the price. Tensor networks and Clifford methods
# have overtaken claims of advantage on circuits far wider than this. The quantum side assumes
# independent median errors. And what is hard to simulate need not be useful.
#
# For *search* the advantage is only quadratic, and an error-corrected step is slow:

# %%
for quantum_s, label in ((1e-2, "10 ms"), (1e-3, "1 ms"), (1e-5, "10 µs")):
    meet = quantum.search_crossover(quantum_s, 1e-12)  # a GPU: 10^12 simple calls per second
    print(f"Grover with a {label} oracle call overtakes a GPU after {format_time(meet.seconds)}")

# %% [markdown]
# ## 13. What to take away
#
# Interference, not parallel trying, makes quantum algorithms: Grover's law held to the last digit.
# Noise multiplies with every gate; mitigation pays for accuracy with shots. And today's devices
# overtake a plain simulator, if at all, near the size where its memory ends.

# %%
assert np.allclose(found, law, atol=1e-9)
assert abs(zne.value - 1) < abs(zne.measured[0] - 1)
assert needs["ionq_aria_1"].two_qubit_gates < needs["ibm_fez"].two_qubit_gates
teach.publish(
    grover_steps=int(np.argmax(found)),
    ghz_fidelity=fidelity,
    crossing_qubits=meeting.size if meeting else "none",
)

# %% [markdown]
# ## Exercises

# %%
probability = teach.exercise("circuits.probability")
probability

# %%
probability.check(None)

# %%
ghz_builder = teach.exercise("circuits.ghz")
ghz_builder

# %%
ghz_builder.check(None)

# %%
grover_steps = teach.exercise("circuits.grover_steps")
grover_steps

# %%
grover_steps.check(None)

# %%
survival = teach.exercise("circuits.survival")
survival

# %%
survival.check(None)

# %% [markdown]
# ## What to read
#
# - M. Nielsen, I. Chuang: *Quantum Computation and Quantum Information*, Cambridge 2010, chapters
#   1, 4, 5, 6.
# - J. Preskill: *Quantum computing in the NISQ era and beyond*, Quantum 2, 79 (2018),
#   <https://doi.org/10.22331/q-2018-08-06-79>
# - Z. Cai et al.: *Quantum error mitigation*, Rev. Mod. Phys. 95, 045005 (2023),
#   <https://doi.org/10.1103/RevModPhys.95.045005>
# - T. Hoefler, T. Häner, M. Troyer: *Disentangling hype from practicality*, Commun. ACM 66 (2023),
#   <https://doi.org/10.1145/3571725>
# - The source behind this notebook: `labkit/quantum/algorithms`, `noise.py`, `mitigation.py`,
#   `resources.py`, `ruler.py`
