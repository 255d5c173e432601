"""The VAE and both networks of the GAN against PyTorch and against worked formulas."""

from __future__ import annotations

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.stats import norm

from labkit.errors import ArgumentError
from labkit.models import (
    VAE,
    Discriminator,
    GANConfig,
    Generator,
    VAEConfig,
    VAEOutput,
    draw_images,
    negative_elbo,
    predict,
)

sys.path.insert(0, str(Path(__file__).parent))
import architectures as formulas

RNG = np.random.default_rng(0)
# Large enough maps and batches that no batch norm divides by the deviation of a few numbers.
GAN = GANConfig((12, 8, 2), latent=5, width=3)
VAE_SIZES = VAEConfig((4, 3, 2), hidden=7, latent=3)
IMAGES = RNG.uniform(size=(6, 12, 8, 2)).astype(np.float32)
SMALL = RNG.uniform(size=(6, 4, 3, 2)).astype(np.float32)
NOISE = RNG.normal(size=(6, 5)).astype(np.float32)
DRAW = RNG.normal(size=(6, 3)).astype(np.float32)

TABLE = {
    "generator": (lambda r: Generator(GAN, rngs=r), formulas.generator, GAN, NOISE),
    "discriminator": (lambda r: Discriminator(GAN, rngs=r), formulas.discriminator, GAN, IMAGES),
}


def built(make) -> nnx.Module:
    model = make(nnx.Rngs(0))
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    rng = np.random.default_rng(2)
    shaken = jax.tree.map(lambda p: p + 0.2 * rng.normal(size=p.shape).astype(np.float32), params)
    nnx.update(model, shaken)
    return model


def assert_gradients(ours, theirs) -> None:
    for (path, our), their in zip(
        jax.tree_util.tree_leaves_with_path(ours), jax.tree.leaves(theirs), strict=True
    ):
        scale = max(float(np.abs(our).max()), 1e-3)
        where = jax.tree_util.keystr(path)
        # As in test_models_architectures: the order of sums costs up to a thousandth.
        np.testing.assert_allclose(our, their.grad, rtol=0, atol=1e-3 * scale, err_msg=where)


@pytest.mark.parametrize("name", TABLE)
def test_is_its_formula_in_numpy(name: str) -> None:
    make, formula, config, inputs = TABLE[name]
    model = built(make)
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    params = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
    ours = nnx.jit(lambda m, x: m(x))(model, jnp.asarray(inputs))
    expected = formula(formulas.NumpyOps, params, inputs.astype(np.float64), config)
    np.testing.assert_allclose(ours, expected, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("name", TABLE)
def test_outputs_and_gradients_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    make, formula, config, inputs = TABLE[name]
    graphdef, *states = nnx.split(built(make), nnx.Param, ...)
    params, rest = map(nnx.to_pure_dict, states)

    def loss(params):
        outputs = nnx.merge(graphdef, params, rest)(jnp.asarray(inputs))
        return (outputs**2).mean(), outputs

    ours, outputs = jax.jit(jax.grad(loss, has_aux=True))(params)
    theirs = jax.tree.map(lambda p: torch.tensor(np.array(p), requires_grad=True), params)
    found = formula(formulas.TorchOps(), theirs, torch.tensor(inputs), config)
    (found**2).mean().backward()
    np.testing.assert_allclose(outputs, found.detach().numpy(), rtol=1e-4, atol=1e-4)
    assert_gradients(ours, theirs)


def test_the_vae_and_its_loss_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    graphdef, *states = nnx.split(built(lambda r: VAE(VAE_SIZES, rngs=r)), nnx.Param, ...)
    params, rest = map(nnx.to_pure_dict, states)

    def loss(params):
        model = nnx.merge(graphdef, params, rest)
        return negative_elbo(model(jnp.asarray(SMALL), noise=jnp.asarray(DRAW)), jnp.asarray(SMALL))

    value, ours = jax.jit(jax.value_and_grad(loss))(params)
    theirs = jax.tree.map(lambda p: torch.tensor(np.array(p), requires_grad=True), params)
    x = torch.tensor(SMALL)
    logits, mean, log_variance = formulas.vae(
        formulas.TorchOps(), theirs, x, VAE_SIZES, torch.tensor(DRAW), torch.exp
    )
    through = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    unit = torch.distributions.Normal(0.0, 1.0)
    price = torch.distributions.kl_divergence(through, unit).sum(1)
    surprise = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    total = (surprise.sum((1, 2, 3)) + price).mean()
    total.backward()
    assert float(value) == pytest.approx(float(total.detach()), rel=1e-5)
    assert_gradients(ours, theirs)


def test_the_vae_is_its_formula_in_numpy() -> None:
    model = built(lambda r: VAE(VAE_SIZES, rngs=r))
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    params = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
    expected = formulas.vae(formulas.NumpyOps, params, SMALL, VAE_SIZES, DRAW, np.exp)
    ours = model(SMALL, noise=jnp.asarray(DRAW))
    for our, wanted in zip(ours, expected, strict=True):
        np.testing.assert_allclose(our, wanted, rtol=2e-4, atol=2e-4)


def test_the_price_of_a_code_is_its_kl_divergence_by_simulation() -> None:
    mean, deviation = np.array([0.5, -1.0]), np.array([0.8, 1.3])
    drawn = mean + deviation * RNG.normal(size=(200_000, 2))
    ratio = norm.logpdf(drawn, mean, deviation) - norm.logpdf(drawn)
    log_variance = jnp.asarray(2 * np.log(deviation))[None]
    blank = VAEOutput(jnp.zeros((1, 1, 1, 1)), jnp.asarray(mean)[None], log_variance)
    price = float(negative_elbo(blank, jnp.zeros((1, 1, 1, 1)))) - np.log(2)
    # The standard error of the simulated mean is below 0.004.
    assert price == pytest.approx(ratio.sum(1).mean(), abs=0.02)


def test_the_vae_draws_in_training_and_takes_the_mean_in_evaluation() -> None:
    model = VAE(VAE_SIZES, rngs=nnx.Rngs(0))
    model.log_variance.bias[...] = jnp.full(3, np.log(0.25))
    model.log_variance.kernel[...] = jnp.zeros((7, 3))
    first, second = (np.asarray(model(SMALL).logits) for _ in range(2))
    assert not np.array_equal(first, second)
    fixed = predict(model, SMALL, batch_size=4)
    np.testing.assert_allclose(fixed.logits, model.decode(model.encode(SMALL)[0]), atol=1e-6)
    assert fixed.logits.shape == SMALL.shape
    # A linear decoder turns the spread of draws into that of logits: 0.5 times the kernel's rows.
    model.decode = lambda latent: latent  # type: ignore[method-assign]
    draws = np.stack([np.asarray(model(SMALL[:1]).logits[0]) for _ in range(400)])
    np.testing.assert_allclose(draws.std(0), 0.5, rtol=0.15)  # four standard errors of 400 draws


def test_drawn_images_depend_on_the_seed_alone() -> None:
    generator = Generator(GAN, rngs=nnx.Rngs(0))
    first, again, other = (draw_images(generator, 3, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0 <= first.min() <= first.max() <= 1


def test_images_that_cannot_be_halved_twice_are_refused() -> None:
    with pytest.raises(ArgumentError, match="4 divides"):
        GANConfig((10, 8, 1))
