"""Series: SciPy as the reference, windows by hand."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import signal

from labkit.data.prepare import series
from labkit.errors import ArgumentError, ShapeError

NOISE = np.random.default_rng(0).normal(0, 1, (2, 501)).astype(np.float32)


@pytest.mark.parametrize(("up", "down"), [(1, 1), (1, 3), (2, 1), (3, 2), (6, 4), (5, 7)])
def test_resample_equals_scipy(up, down):
    ours = series.resample(NOISE, up=up, down=down)
    theirs = signal.resample_poly(NOISE.astype(float), up, down, axis=1)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=2e-5)  # float32 sums of up to 140 terms


@pytest.mark.parametrize(("window", "hop"), [(64, 32), (65, 20), (128, 128), (2, 1)])
def test_spectrogram_equals_scipy(window, hop):
    ours = series.spectrogram(NOISE, sample_rate_hz=360, window=window, hop=hop)
    frequencies, times, power = signal.spectrogram(
        NOISE.astype(float), 360, "hann", window, window - hop, detrend=False
    )
    np.testing.assert_allclose(ours.frequencies_hz, frequencies, rtol=1e-6)
    np.testing.assert_allclose(ours.times_s, times, rtol=1e-6)
    # float32 transform: error relative to the largest power, not to each
    np.testing.assert_allclose(
        np.swapaxes(ours.power_per_hz, 1, 2), power, rtol=1e-4, atol=1e-6 * power.max()
    )


def test_spectrogram_keeps_power():
    """Parseval: with hop and window tiling a tone, density summed over hertz is its variance."""
    tone = 3 * np.sin(2 * np.pi * 40 * np.arange(4000) / 1000)[None]
    found = series.spectrogram(tone, sample_rate_hz=1000, window=200, hop=100)
    assert float(found.power_per_hz.sum(axis=-1).mean()) * 5 == pytest.approx(9 / 2, rel=1e-3)


def test_windows_by_hand_and_without_a_copy():
    samples = np.arange(20).reshape(10, 2)
    cut = series.windows(samples, 3, horizon=2, stride=3)
    assert cut.starts.tolist() == [0, 3]
    np.testing.assert_array_equal(cut.inputs, [samples[0:3], samples[3:6]])
    np.testing.assert_array_equal(cut.targets, [samples[3:5], samples[6:8]])
    assert np.shares_memory(cut.inputs, samples)


@pytest.mark.parametrize("length", [1, 4, 10])
@pytest.mark.parametrize("horizon", [0, 3])
@pytest.mark.parametrize("stride", [1, 4])
def test_windows_equal_a_loop(length, horizon, stride):
    samples = np.random.default_rng(1).normal(size=13)
    cut = series.windows(samples, length, horizon=horizon, stride=stride)
    starts = [t for t in range(0, 13, stride) if t + length + horizon <= 13]
    assert cut.starts.tolist() == starts
    np.testing.assert_array_equal(cut.inputs, [samples[t : t + length] for t in starts])
    np.testing.assert_array_equal(
        cut.targets, [samples[t + length : t + length + horizon] for t in starts]
    )


def test_to_grid_is_exact_on_a_line():
    times = np.cumsum(np.random.default_rng(2).uniform(0.1, 2, 40))
    grid, values = series.to_grid(times, 3 * times + 1, step=0.25)
    np.testing.assert_allclose(values, 3 * grid + 1)
    np.testing.assert_allclose(np.diff(grid), 0.25)
    assert times[-1] - grid[-1] < 0.25


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: series.windows(np.arange(5), 4, horizon=2), ArgumentError, "from 1 to the 3"),
        (lambda: series.windows(np.arange(5), 2, stride=0), ArgumentError, "stride must be"),
        (lambda: series.resample(jnp.ones(5), up=1, down=2), ShapeError, r"\(batch, time\)"),
        (lambda: series.resample(NOISE, up=0, down=2), ArgumentError, "at least 1"),
        (lambda: series.spectrogram(NOISE[0], sample_rate_hz=1), ShapeError, "batch, samples"),
        (lambda: series.spectrogram(NOISE, sample_rate_hz=1, window=900), ArgumentError, "the 501"),
        (lambda: series.to_grid([1, 0], [1, 1], step=1.0), ArgumentError, "at reading 1"),
        (lambda: series.to_grid([0, 1], [1, 1], step=0.0), ArgumentError, "above 0"),
    ],
)
def test_errors_say_what_to_change(call, error, message):
    with pytest.raises(error, match=message):
        call()
