"""Series: windows with their horizon, other sampling rates, spectrograms."""

from labkit.data.prepare.series.resampling import lowpass, resample, to_grid
from labkit.data.prepare.series.spectrogram import Spectrogram, spectrogram
from labkit.data.prepare.series.windows import Windows, windows

__all__ = [
    "Spectrogram",
    "Windows",
    "lowpass",
    "resample",
    "spectrogram",
    "to_grid",
    "windows",
]
