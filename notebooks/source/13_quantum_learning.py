# %% [markdown]
# # 13. Quantum learning: circuits that train, and what they are up against
#
# A circuit with angles is a function with parameters, so it can be trained like a network: to the
# ground state of a molecule, to a good cut of a graph, to a classifier. This notebook trains all
# of these, and puts beside each a classical model with as many parameters, whoever wins.
#
# After it you can
#
# 1. turn a Qiskit circuit into a JAX function and say what its gradient costs a real device;
# 2. find the energy of a hydrogen molecule to a millionth of a hartree;
# 3. measure how near QAOA comes to the best cut of a graph, with an interval;
# 4. compare quantum kernels and circuits with classical models on equal terms;
# 5. measure a barren plateau, and say when there is none.

# %% [markdown]
# ## Parameters

# %% tags=["parameters"]
profile = "smoke"  # one of: smoke, class, full
seed = 0  # seed of all random starts and splits, 0 to 1000000
splits = None  # train/test splits per comparison, 3 to 50; None: the profile chooses

# %%
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from qiskit.quantum_info import SparsePauliOp
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit import data, quantum, teach, viz
from labkit.quantum import algorithms as qa

# %% tags=["nbval-ignore-output"]
run = teach.start(
    globals(),
    {
        "smoke": {"splits": 5, "layers": 2, "widths": (2, 4, 6), "seconds": 35},
        "class": {"splits": 10, "layers": 3, "widths": (2, 4, 6, 8), "seconds": 120},
        "full": {"splits": 30, "layers": 4, "widths": (2, 4, 6, 8, 10), "seconds": 600},
    },
)
run


# %%
def interval(values):
    """Mean and half-width of its 95 % interval (Student's t over independent repeats)."""
    values = np.asarray(values)
    return values.mean(), stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)


# %% [markdown]
# ## 1. A circuit is a function
#
# **Claim.** `to_jax` turns any fixed Qiskit circuit into a JAX function of its angles, which
# `jax.grad` differentiates. A real device has no backpropagation: it shifts each angle by
# ± 90° and runs the circuit again, for each entry of the gradient (the parameter-shift rule).
#
# **Predict.** How many circuits does a device run for one gradient of the ansatz below?

# %%
guess_circuits = None  # your prediction, circuits
ansatz = qa.hardware_efficient(3, 1)
print(ansatz.draw("text", fold=100))
teach.reveal(guess_circuits, 2 * ansatz.num_parameters)

# %%
energy = quantum.to_jax(ansatz).expectation
observable = SparsePauliOp("ZZZ")
angles = jnp.asarray(np.random.default_rng(run.seed).uniform(-np.pi, np.pi, 12))
shift = np.pi / 2 * jnp.eye(12)
shifted = (energy(angles + shift, observable) - energy(angles - shift, observable)) / 2
exact = jax.grad(energy)(angles, observable)
print(f"largest difference: {np.abs(shifted - exact).max():.0e} of {np.abs(exact).max():.2f}")
assert np.allclose(shifted, exact, atol=1e-5)

# %%
turn = np.linspace(-np.pi, np.pi, 73)
sweep = jnp.tile(angles, (73, 1)).at[:, 0].set(turn)


def draw_sweep(second_angle_degrees):
    values = energy(sweep.at[:, 1].set(np.radians(second_angle_degrees)), observable)
    return viz.lines(
        np.degrees(turn), {"⟨ZZZ⟩": values}, xlabel="first angle / degrees", ylabel="⟨ZZZ⟩",
        markers=False,
    )  # fmt: skip


viz.show(draw_sweep(40), alt="The expectation value is one sine wave of the first angle.")

# %% [markdown]
# **Turn.** Another angle changes the height and the phase of the sine. Does it ever change its
# period?

# %% tags=["nbval-ignore-output"]
viz.explore(
    draw_sweep,
    alt=lambda second_angle_degrees: (
        f"One sine wave of the first angle, the second at {second_angle_degrees} degrees."
    ),
    second_angle_degrees=(-180, 180, 40, 5),
    frames=12,
)

# %% [markdown]
# **Explain.** Both are exact: an expectation value is a sine of each angle. One backward pass
# gives all entries for a few times the cost of one circuit; the device pays per entry, and each
# of its runs is a sample, not a number.
#
# ## 2. The hydrogen molecule
#
# **Claim.** In the smallest basis the two electrons of H₂ need two qubits. The variational
# principle says that no state lies below the ground state, so training can only approach it.
# Chemists call 1.6 mHa "chemical accuracy".
#
# **Predict.** How near does an unentangled state come (the Hartree-Fock energy), in mHa?

# %%
molecule = qa.h2()
truth = qa.ground_energy(molecule)
trained = qa.vqe(molecule, qa.hardware_efficient(2, 1), seed=run.seed)
separate = qa.vqe(molecule, qa.hardware_efficient(2, 0), seed=run.seed)
guess_gap = None  # your prediction, in mHa
teach.reveal(guess_gap, round((separate.energy - truth) * 1e3, 1), unit="mHa")

# %%
total = truth + qa.H2_NUCLEAR_REPULSION_HA
print(f"exact: {total:.3f} Ha with the repulsion of the protons, {truth:.3f} Ha without")
error = trained.energy - truth
print("VQE is within a microhartree:", bool(0 <= error + 1e-9 < 1e-6))
ends = [(trained.losses[:, -1] - truth) * 1e3, (separate.losses[:, -1] - truth) * 1e3]
for name, gaps in zip(("circuit, 8 angles", "product state, 4 angles"), ends, strict=True):
    print(f"{name:>23}: {np.median(gaps):.1f} mHa above exact in the median of 8 starts")
assert -1e-9 < error < 1e-6

# %%
distance = np.maximum(trained.losses.min(axis=0) - truth, 1e-7)
steps = np.arange(len(distance))
viz.show(
    viz.lines(
        steps, {"best of 8 starts": distance, "chemical accuracy": 1.6e-3 + 0 * steps},
        xlabel="step", ylabel="energy above exact / Ha", logy=True, markers=False,
    ),
    alt="The energy error falls from about 1 Ha to below a microhartree, where single precision "
    "ends; it crosses chemical accuracy on the way.",
)  # fmt: skip

# %% [markdown]
# **Explain.** What the product state lacks is *correlation* of the two electrons; one CZ supplies
# it. More angles would not help a product state: two directions are all it can say. Two qubits are
# no challenge, of course. A classical model with half the parameters, the four amplitudes, is
# exact: diagonalising a 4 × 4 matrix took microseconds.
#
# ## 3. A magnet, with as many parameters on both sides
#
# **Claim.** The transverse-field Ising ring at its critical point is as entangled as such rings
# get. A circuit shaped like the Hamiltonian holds its exact ground state at depth $n/2$: $n$
# angles. Mean-field theory, the classical model, has $n$ as well: the direction of each spin in
# the plane of the field and the coupling.

# %%
ring = qa.tfim(6)
exact_energy = qa.ground_energy(ring)
mean_field = qa.vqe(ring, qa.product_ansatz(6), seed=run.seed)
circuit = qa.vqe(ring, qa.tfim_variational(6, 3), seed=run.seed, learning_rate=0.1)
for name, model in (("mean field", mean_field), ("circuit", circuit)):
    lowest = 100 * abs(1 - model.energy / exact_energy)
    mean, half = interval(100 * (1 - model.losses[:, -1] / exact_energy))
    print(f"{name:>10}, {len(model.parameters)} angles: {lowest:.1f} % above the exact energy")
    print(f"{'':>10}  over its 8 starts {mean:.1f} ± {half:.1f} %")

# %% [markdown]
# **Explain.** Entanglement is a resource here, and the circuit's shape carries the physics. For
# a chain the best classical method is not mean field: matrix product states reach the same
# accuracy at sizes where no quantum computer has yet been.
#
# ## 4. QAOA on twenty graphs
#
# **Claim.** QAOA alternates a phase by the cut's weight with a mixing turn, $2p$ angles in all.
# (On 3-regular graphs without weights, depth 1 is proven to cut at least 69.24 % of the best.) Its
# rival is annealing with $2p$ sweeps, one temperature each; brute force is the judge.
#
# **Predict.** Which share of the best possible quality does QAOA reach on average?

# %%
guess_ratio = None  # your prediction, a share
graphs = [qa.maxcut(qa.random_graph(8, weighted=True, seed=run.seed + i)) for i in range(20)]
found = [qa.qaoa(graphs, layers=p, steps=80, starts=2) for p in range(1, run.layers + 1)]
teach.reveal(guess_ratio, round(float(found[-1].approximation_ratio.mean()), 2))

# %%
print(f"worst cut at depth 1: {(found[0].mean_energy / found[0].lowest).min():.2f} of the best")
for layers, result in enumerate(found, start=1):
    cold = np.geomspace(1.0, 0.1, 2 * layers)
    ends = [qa.anneal(g, cold, samples=500, seed=run.seed).mean() for g in graphs]
    rival = (result.highest - ends) / (result.highest - result.lowest)
    for name, ratio in (("QAOA", result.approximation_ratio), ("annealing", rival)):
        mean, half = interval(ratio)
        print(f"p = {layers}, {2 * layers} parameters, {name:>9}: {mean:.2f} ± {half:.2f}")

# %%
best = found[-1]
order = np.argsort(best.approximation_ratio)
viz.show(
    viz.lines(
        np.arange(1, 21),
        {"QAOA, mean cut / best": best.approximation_ratio[order],
         "annealing, mean cut / best": rival[order],
         "QAOA, P(best cut)": best.best_probability[order]},
        xlabel="graph, in order of its ratio", ylabel="share",
        title=f"QAOA at depth {run.layers} on 20 random weighted 3-regular graphs",
    ),
    alt="On every graph QAOA's mean quality is well above one half, and annealing's mostly above "
    "it; the chance to measure a best cut varies far more from graph to graph.",
)  # fmt: skip

# %% [markdown]
# **Explain.** Whoever wins at eight vertices wins nothing: 256 cuts are checked in a blink. What
# the twenty graphs do show is honest spread, and that a rival of equal size has to be named.
#
# ## 5. A portfolio
#
# **Claim.** Choosing $k$ of $n$ assets for return against risk is the same kind of energy, with
# a penalty that keeps the budget. Data: the four assets of Boyd and Vandenberghe, section 4.7.6.

# %%
returns = np.array([0.12, 0.10, 0.07, 0.03])
covariance = np.zeros((4, 4))
covariance[:3, :3] = [[0.04, 0.006, -0.004], [0.006, 0.01, 0.0], [-0.004, 0.0, 0.0025]]
assets = qa.portfolio(returns, covariance, budget=2, risk=2.0, penalty=0.2)
choice = format(int(np.argmin(assets.energies())), "04b")[::-1]
lucky = qa.qaoa([assets], layers=2, seed=run.seed).best_probability[0]
annealed = qa.anneal(assets, np.geomspace(0.1, 0.001, 4), samples=1000, seed=run.seed)
hits = stats.binomtest(int(np.isclose(annealed, assets.energies().min()).sum()), 1000)
low, high = hits.proportion_ci()
print(f"best two of four, by brute force: {choice} (asset 1 first)")
print(f"QAOA, 4 angles, measures it with probability {lucky:.2f}; a blind guess with {1 / 16:.3f}")
print(f"annealing, 4 temperatures, ends there with probability {low:.2f} to {high:.2f}")

# %% [markdown]
# ## 6. Quantum kernels
#
# **Claim.** A circuit that encodes a point as a state makes a kernel: the overlap of two states.
# A support vector machine needs nothing else. Both kernels get three bandwidths to choose from,
# by cross-validation within the training rows.
#
# **Predict.** On the breast-cancer data, four principal components, 100 training rows: by how
# many percentage points does the quantum kernel beat the Gaussian one? (It may be negative.)

# %%
cancer = data.load("breast_cancer")
chooser = StratifiedShuffleSplit(run.splits, train_size=100, test_size=150, random_state=run.seed)
features, classes = [], []
for train, test in chooser.split(cancer.inputs, cancer.targets):
    rows = np.concatenate([train, test])
    reduce = make_pipeline(StandardScaler(), PCA(4, whiten=True)).fit(cancer.inputs[train])
    features.append(reduce.transform(cancer.inputs[rows]))
    classes.append(cancer.targets[rows])
features, classes = np.stack(features), np.stack(classes)
print(features.shape, f"share of the larger class: {max(classes.mean(), 1 - classes.mean()):.2f}")

# %%
encoding = qa.zz_feature_map(4)
widths = (0.1, 0.3, 1.0)
quantum_kernels = np.stack([qa.fidelity_kernel(encoding, w * features) for w in widths])
gaussian = np.stack([[rbf_kernel(x, gamma=w) for x in features] for w in widths])
kernel_scores = {
    name: [qa.kernel_svm_accuracy(k[:, i], classes[i], 100) for i in range(run.splits)]
    for name, k in (("quantum kernel", quantum_kernels), ("Gaussian kernel", gaussian))
}
gap, half_gap = interval(np.subtract(*kernel_scores.values()))
guess_points = None  # your prediction, percentage points
teach.reveal(guess_points, round(100 * gap, 1))

# %%
for name, scores in kernel_scores.items():
    mean, half = interval(scores)
    print(f"{name:>16}: {mean:.2f} ± {half:.2f}")
print(f"paired difference: {100 * gap:+.0f} ± {100 * half_gap:.0f} percentage points")

# %% [markdown]
# ## 7. Circuits and networks of equal size
#
# **Claim.** A variational circuit and a hybrid network train with the very same optimiser as a
# dense network, on the same splits, for the same number of steps. All three have about twenty
# parameters; logistic regression has five. In the hybrid a circuit is a layer between two others:

# %%
network = qa.HybridNetwork(4, 2, 2, rngs=nnx.Rngs(run.seed))
for name in ("encode", "circuit", "decide"):
    layer = getattr(network, name)
    count = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(layer, nnx.Param)))
    print(f"{name:>8}: {type(layer).__name__}, {count} parameters")

# %%
models = {
    "circuit": qa.variational_logits(4, 2),
    "hybrid": qa.hybrid_logits(4, 2, 2),
    "dense": qa.dense_logits(4, 3),
    "logistic": qa.dense_logits(4, 0),
}
trained_models = {
    name: qa.train_classifier(logits, count, features[:, :100], classes[:, :100], seed=run.seed)
    for name, (logits, count) in models.items()
}

# %%
accuracies = {
    name: model.accuracy(features[:, 100:], classes[:, 100:])
    for name, model in trained_models.items()
}
for name, scores in accuracies.items():
    mean, half = interval(scores)
    print(f"{name:>8}, {models[name][1]:2} parameters: {mean:.2f} ± {half:.2f}")

# %%
means, halves = zip(*map(interval, [*kernel_scores.values(), *accuracies.values()]), strict=True)
names = [name.replace(" kernel", "") for name in kernel_scores] + list(accuracies)
names[:2] = [f"{name}\nkernel" for name in names[:2]]
viz.show(
    viz.bars(names, {"test accuracy": means}, errors={"test accuracy": halves},
             ylabel="share right", title="Breast cancer, 4 components, 100 training rows"),
    alt="Test accuracies with intervals: the classical models are level with or above the "
    "quantum ones, and the intervals of most overlap.",
)  # fmt: skip

# %% [markdown]
# **Explain.** These data are nearly linear, so a line does well and nothing quantum is called
# for. That is the usual finding on classical data: an advantage is proven only for problems made
# from quantum states or number theory (Liu et al. 2021), not for tables like this one.
#
# ## 8. Barren plateaus
#
# **Claim.** In a deep circuit with random angles the gradient of an observable on all qubits
# has a variance that halves with each further qubit, or faster: nothing to descend on. A shallow
# circuit with an observable on two qubits keeps its gradient.
#
# **Predict.** By which factor does the variance fall for each added qubit?

# %%
guess_factor = None  # your prediction, a factor
deep = qa.gradient_decay(run.widths, samples=150, seed=run.seed)
shallow = qa.gradient_decay(run.widths, layers_per_qubit=0, local=True, samples=150, seed=run.seed)
teach.reveal(guess_factor, round(2**deep.halvings_per_qubit, 1))

# %%
viz.show(
    viz.lines(
        deep.num_qubits,
        {"deep circuit, all qubits observed": deep.variance,
         "two layers, two qubits observed": shallow.variance},
        xlabel="qubits", ylabel="variance of one gradient entry", logy=True,
    ),
    alt="On a logarithmic axis the variance of the deep circuit falls on a straight line with the "
    "number of qubits; that of the shallow circuit stays level.",
)  # fmt: skip

# %% [markdown]
# **Explain.** A random deep circuit forgets its angles: the state points anywhere in $2^n$
# dimensions, and one angle moves a share of $2^{-n}$ of it. To see a gradient of $2^{-n/2}$
# above shot noise takes $2^n$ shots, and the quantum advantage is gone. What trains (sections 2
# to 4) has structure or few layers; what is shallow and local is often easy to simulate
# (Cerezo et al. 2023).
#
# ## 9. What to take away

# %%
assert error < 1e-6
assert found[-1].approximation_ratio.mean() > found[0].approximation_ratio.mean()
assert max(means[0], means[2], means[3]) < max(means[1], means[4], means[5]) + 0.05
assert deep.halvings_per_qubit > 0.5 > shallow.halvings_per_qubit

# %%
teach.publish(
    h2_energy_ha=total,
    qaoa_ratio=best.approximation_ratio.mean(),
    halvings_per_qubit=deep.halvings_per_qubit,
)

# %% [markdown]
# ## Exercises

# %%
shift_rule = teach.exercise("quantum_learning.parameter_shift")
shift_rule

# %%
shift_rule.check(None)

# %%
cut_value = teach.exercise("quantum_learning.cut_value")
cut_value

# %%
cut_value.check(None)

# %%
kernel_task = teach.exercise("quantum_learning.kernel_value")
kernel_task

# %%
kernel_task.check(None)

# %%
plateau = teach.exercise("quantum_learning.plateau")
plateau

# %%
plateau.check(None)

# %% [markdown]
# ## What to read
#
# - M. Cerezo et al.: *Variational quantum algorithms*, Nature Reviews Physics 3, 625 (2021),
#   <https://doi.org/10.1038/s42254-021-00348-9>
# - E. Farhi, J. Goldstone, S. Gutmann: *A quantum approximate optimization algorithm* (2014),
#   <https://arxiv.org/abs/1411.4028>
# - Y. Liu, S. Arunachalam, K. Temme: *A rigorous and robust quantum speed-up in supervised machine
#   learning*, Nature Physics 17, 1013 (2021), <https://doi.org/10.1038/s41567-021-01287-z>
# - J. Bowles, S. Ahmed, M. Schuld: *Better than classical? The subtle art of benchmarking quantum
#   machine learning models* (2024), <https://arxiv.org/abs/2403.07059>
# - M. Cerezo et al.: *Does provable absence of barren plateaus imply classical simulability?*
#   (2023), <https://arxiv.org/abs/2312.09121>
# - The source behind this notebook: `labkit/quantum/algorithms`, `labkit/quantum/executor.py`
