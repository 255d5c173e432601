"""Generated heartbeats, for a machine without the recordings: synthetic, and called so.

No person has these hearts. They show one thing that real ones show too: beats of one person look
alike, so a test that shares persons with the training is too easy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labkit.errors import ArgumentError

__all__ = ["SyntheticBeats", "synthetic_beats"]

#: Centre (rad), height and width (rad) of the waves P, Q, R, S, T.
#: Source: McSharry et al. 2003, "A dynamical model for generating synthetic electrocardiogram
#: signals", IEEE Transactions on Biomedical Engineering 50(3), table I; here the waves are summed
#: directly, without the differential equations that make their spacing vary.
_CENTRES = np.array([-np.pi / 3, -np.pi / 12, 0.0, np.pi / 12, np.pi / 2])
_HEIGHTS = np.array([1.2, -5.0, 30.0, -7.5, 0.75])
_WIDTHS = np.array([0.25, 0.1, 0.1, 0.1, 0.4])


class SyntheticBeats(NamedTuple):
    """Generated beats.

    Attributes:
        series: (n t) beats.
        ectopic: (n) 1 where the beat starts in a ventricle: no P wave, wide, T turned over.
        patients: (n) whose heart it is, a number from 0.
    """

    series: np.ndarray
    ectopic: np.ndarray
    patients: np.ndarray


def synthetic_beats(
    patients: int, beats: int, *, samples: int = 96, seed: int = 0
) -> SyntheticBeats:
    """Beats of several invented patients, a third of them ectopic.

    Each patient has a shape of their own: how wide and high the waves are, and how noisy.

    Args:
        patients: how many.
        beats: of each.
        samples: of each beat.
        seed: of all draws.

    Example:
        >>> found = synthetic_beats(3, 10)
        >>> found.series.shape, sorted(set(found.patients.tolist()))
        ((30, 96), [0, 1, 2])
    """
    if min(patients, beats, samples) < 1:
        got = (patients, beats, samples)
        raise ArgumentError("patients", required="at least 1, as beats and samples", got=got)
    generator = np.random.default_rng(seed)
    phase = np.linspace(-np.pi, np.pi, samples, endpoint=False)
    ectopic = (generator.random((patients, beats)) < 1 / 3).astype(np.int64)
    series = np.empty((patients, beats, samples), np.float32)
    for patient in range(patients):
        widths = _WIDTHS * np.exp(generator.normal(0.3, 0.45))
        heights = _HEIGHTS * np.exp(generator.normal(0, 0.4, 5))
        heights[4] *= generator.choice([1.0, 6.0, -4.0])  # T waves differ most between people
        heights[0] *= generator.choice([1.0, 0.1])  # and P waves may be too small to see
        noise = generator.uniform(0.3, 1.5)
        for beat, early in enumerate(ectopic[patient]):
            high, wide = heights.copy(), widths.copy()
            if early:
                high[0], high[4], wide = 0.0, -high[4], 2.0 * wide
            wave = high * np.exp(-((phase[:, None] - _CENTRES) ** 2) / (2 * wide**2))
            series[patient, beat] = wave.sum(1) + generator.normal(0, noise, samples)
    owners = np.repeat(np.arange(patients), beats)
    return SyntheticBeats(series.reshape(-1, samples), ectopic.ravel(), owners)
