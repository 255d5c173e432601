"""Optimisation over bits as an Ising energy: MaxCut and portfolio selection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError

__all__ = ["IsingProblem", "anneal", "maxcut", "portfolio", "random_graph"]


@dataclass(frozen=True)
class IsingProblem:
    """E(z) = offset + Σ h_i z_i + Σ_{i<j} J_ij z_i z_j over z = ±1, to be minimised.

    Bit x_i = 0 is z_i = +1, as a measured qubit has it.

    Attributes:
        fields: h, of shape (n,).
        couplings: J, of shape (n, n); only the part above the diagonal is used.
        offset: the constant.
    """

    fields: np.ndarray
    couplings: np.ndarray
    offset: float = 0.0

    @property
    def num_bits(self) -> int:
        """How many bits there are to choose."""
        return len(self.fields)

    def energies(self) -> np.ndarray:
        """E of all 2^n choices; the brute-force truth, of shape (2^n,), little-endian.

        Example:
            >>> maxcut(np.array([[0, 1], [1, 0]])).energies().tolist()
            [0.0, -1.0, -1.0, 0.0]
        """
        spins = spin_table(self.num_bits)
        pairs = np.einsum("qi,ij,qj->q", spins, np.triu(self.couplings, 1), spins)
        return self.offset + spins @ self.fields + pairs


def spin_table(num_bits: int) -> np.ndarray:
    """z_i = ±1 of every basis state, of shape (2^n, n)."""
    bits = (np.arange(2**num_bits)[:, None] >> np.arange(num_bits)) & 1
    return 1.0 - 2.0 * bits


def maxcut(weights: np.ndarray) -> IsingProblem:
    """Split the vertices in two; the energy is minus the weight of the edges cut.

    Args:
        weights: symmetric, of shape (n, n).

    Raises:
        ArgumentError: if the weights are not symmetric.

    Source:
        Farhi, Goldstone and Gutmann, arXiv:1411.4028, section 3.

    Example:
        >>> triangle = np.ones((3, 3)) - np.eye(3)
        >>> float(maxcut(triangle).energies().min())
        -2.0
    """
    weights = np.asarray(weights, dtype=float)
    if weights.ndim != 2 or not np.array_equal(weights, weights.T):
        raise ArgumentError("weights", required="a symmetric matrix", got=weights.shape)
    upper = np.triu(weights, 1)
    return IsingProblem(np.zeros(len(weights)), upper / 2, -float(upper.sum()) / 2)


def portfolio(
    returns: np.ndarray, covariance: np.ndarray, *, budget: int, risk: float, penalty: float
) -> IsingProblem:
    """Choose ``budget`` of n assets: risk · xᵀΣx − μᵀx + penalty · (Σx − budget)².

    Args:
        returns: μ, expected returns, of shape (n,).
        covariance: Σ, of shape (n, n).
        budget: how many assets to hold.
        risk: weight of the variance.
        penalty: weight of holding too many or too few; large enough, the best choice keeps
            the budget.

    Raises:
        ArgumentError: if the budget is not between 0 and n.

    Source:
        Markowitz, J. Finance 7, 77 (1952), with equal stakes; the penalty form as in Lucas,
        Front. Phys. 2, 5 (2014), section 1.

    Example:
        >>> problem = portfolio(np.array([0.1, 0.2]), np.zeros((2, 2)),
        ...                     budget=1, risk=1.0, penalty=1.0)
        >>> problem.energies().round(3).tolist()
        [1.0, -0.1, -0.2, 0.7]
    """
    size = len(returns)
    if not 0 <= budget <= size:
        raise ArgumentError("budget", required=f"in 0 … {size}", got=budget)
    quadratic = risk * np.asarray(covariance, dtype=float) + penalty * np.ones((size, size))
    linear = -np.asarray(returns, dtype=float) - 2 * penalty * budget
    # x = (1 − z)/2 turns xᵀQx + lᵀx into an Ising energy.
    fields = -quadratic.sum(axis=1) / 2 - linear / 2
    constant = (quadratic.sum() + np.trace(quadratic)) / 4 + linear.sum() / 2
    return IsingProblem(fields, np.triu(quadratic, 1) / 2, float(constant + penalty * budget**2))


def random_graph(
    num_vertices: int, *, degree: int = 3, weighted: bool = False, seed: int
) -> np.ndarray:
    """The weights of a random regular graph, by drawing until it is simple.

    Args:
        num_vertices: n.
        degree: edges at each vertex.
        weighted: draw each edge's weight uniformly from [0, 1) instead of 1; few regular
            graphs of small size differ otherwise (five, with eight vertices of degree three).
        seed: of the graph and its weights.

    Returns:
        Shape (n, n), symmetric.

    Raises:
        ArgumentError: if no such graph exists.

    Source:
        Bollobás, Eur. J. Comb. 1, 311 (1980), the configuration model.

    Example:
        >>> random_graph(8, seed=0).sum(axis=0).tolist()
        [3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    """
    if degree >= num_vertices or num_vertices * degree % 2:
        raise ArgumentError(
            "degree", required=f"below {num_vertices}, with an even number of edge ends", got=degree
        )
    rng = np.random.default_rng(seed)
    ends = np.repeat(np.arange(num_vertices), degree)
    while True:
        first, second = rng.permutation(ends).reshape(2, -1)
        adjacency = np.zeros((num_vertices, num_vertices))
        np.add.at(adjacency, (first, second), 1)
        adjacency += adjacency.T
        if adjacency.max() == 1 and not adjacency.diagonal().any():
            weights = np.triu(rng.random(adjacency.shape), 1) if weighted else 0.5
            return adjacency * (weights + np.transpose(weights))


def anneal(
    problem: IsingProblem, temperatures: ArrayLike, *, samples: int, seed: int
) -> np.ndarray:
    """Metropolis sweeps at falling temperatures: the classical rival of QAOA, on the same energy.

    One temperature is one sweep over all bits, as one layer of QAOA touches all qubits; both
    have one or two numbers per step to tune.

    Args:
        problem: to be minimised.
        temperatures: of the sweeps, in units of the energy's spread over all choices.
        samples: independent chains, each from a random choice.
        seed: of the chains.

    Returns:
        The energy that each chain ends with, of shape (samples,).

    Source:
        Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983).

    Example:
        >>> triangle = maxcut(np.ones((3, 3)) - np.eye(3))
        >>> float(anneal(triangle, [0.1, 0.1], samples=50, seed=0).mean())
        -2.0
    """
    rng = np.random.default_rng(seed)
    energies = problem.energies()
    spread = energies.std()
    state = rng.integers(len(energies), size=samples)
    for temperature in np.asarray(temperatures):
        for bit in range(problem.num_bits):
            flipped = state ^ (1 << bit)
            rise = (energies[flipped] - energies[state]) / (spread * temperature)
            state = np.where(rng.random(samples) < np.exp(-np.maximum(rise, 0)), flipped, state)
    return energies[state]
