"""What this machine was measured to do: the constants of the model of time."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from labkit.errors import DataError
from labkit.hw import cache_folder, this_device
from labkit.perf.products import Product
from labkit.units import format_bytes, format_si, format_time

__all__ = ["Calibration", "calibration_file"]

#: Of the constants and of how they are derived: what was kept under another is measured again.
_VERSION = 2


@dataclass(frozen=True)
class Calibration:
    """Measured constants of one machine; every prediction is made from these alone.

    Attributes:
        machine: name of the device, its cores, and the versions measured with.
        call_s: the shortest call of a jitted function; what starts and waits for the work.
        cheap_call_s: the same where XLA runs it at once, on the caller's thread.
        start_s: the part of ``call_s`` before the work begins; the rest goes on beside it.
        wake_s: the first kernel of a call that uses several cores wakes them.
        argument_s, result_s: each further argument and result of a call.
        step_s: each further kernel in a program.
        fork_s: what it costs a kernel to be spread over several cores.
        loop_s: one round of a loop, without its body.
        bandwidth: pairs (bytes touched since last time, bytes per second): the caches.
        work_s: seconds per element on one core, by engine and class of operation.
        products: measured products of matrices, with their seconds.
        peak_flops: best FLOP/s of a large product by precision, then by thread count.
        spread: |log(predicted / measured)| that 4 of 5 check programs stay below.
        rounds: how often each probe was timed.
        took_s: how long measuring took.
    """

    machine: str
    call_s: float
    cheap_call_s: float
    start_s: float
    wake_s: float
    argument_s: float
    result_s: float
    step_s: float
    fork_s: float
    loop_s: float
    bandwidth: tuple[tuple[float, float], ...]
    work_s: Mapping[str, float] = field(default_factory=dict)
    products: tuple[tuple[Product, float], ...] = ()
    peak_flops: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    spread: float = 0.0
    rounds: int = 0
    took_s: float = 0.0

    def bandwidth_at(self, distance_bytes: float) -> float:
        """Bytes per second for data last touched ``distance_bytes`` of traffic ago."""
        sizes, rates = zip(*self.bandwidth, strict=True)
        at = math.log(max(distance_bytes, 1.0))
        return float(np.exp(np.interp(at, np.log(sizes), np.log(rates))))

    def work_at(self, engine: str, kind: str) -> float:
        """Seconds per element of a class of operation; an unknown one is as dear as the median."""
        for key in (f"{engine}:{kind}", f"xla:{kind}"):
            if key in self.work_s:
                return self.work_s[key]
        return float(np.median(list(self.work_s.values()))) if self.work_s else 0.0

    def product_s(self, product: Product) -> float:
        """Seconds of a product, between the measured ones of its kind nearest in size."""
        if not self.products:
            return 0.0
        surface = self._surfaces[_most_alike(product, self._surfaces)]
        return math.exp(surface(_place(product))) * product.flops

    @cached_property
    def _surfaces(self) -> dict[tuple[str, str, str], _Surface]:
        """The logarithm of seconds per FLOP over the sizes, for each kind of product."""
        rows: dict[tuple[str, str, str], list[tuple[np.ndarray, float]]] = {}
        for product, seconds in self.products:
            entry = (_place(product), math.log(seconds / product.flops))
            rows.setdefault(_kind(product), []).append(entry)
        return {
            kind: _Surface(np.array([place for place, _ in row]), np.array([v for _, v in row]))
            for kind, row in rows.items()
        }

    def save(self, file: Path) -> None:
        """Write as JSON; a reader never sees half a file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"version": _VERSION, **asdict(self)}, indent=1) + "\n")
        part.replace(file)

    @classmethod
    def load(cls, file: Path) -> Calibration:
        """Read what :meth:`save` wrote.

        Raises:
            DataError: if the file is not a calibration of this version.
        """
        try:
            stored = json.loads(file.read_text())
            if stored.pop("version") != _VERSION:
                raise ValueError("another version")
            stored["products"] = tuple((Product(**p), s) for p, s in stored["products"])
            stored["bandwidth"] = tuple((size, rate) for size, rate in stored["bandwidth"])
            return cls(**stored)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{file} is not a calibration ({error}); delete it.") from error

    def __str__(self) -> str:
        peaks = [
            f"{precision} {format_si(rate, 'FLOP/s')} on {threads} thread(s)"
            for precision, by_threads in self.peak_flops.items()
            for threads, rate in by_threads.items()
        ]
        caches = [
            f"{format_bytes(size)}: {format_si(rate, 'B/s')}" for size, rate in self.bandwidth
        ]
        return "\n".join(
            [
                self.machine,
                f"a call costs {format_time(self.call_s)}, a kernel {format_time(self.step_s)}",
                *peaks,
                "bandwidth by bytes touched: " + ", ".join(caches),
            ]
        )


def calibration_file() -> Path:
    """Where the calibration of this machine is kept, in the user's cache folder."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", machine_name()).strip("-").lower()
    return cache_folder() / "calibration" / f"{name}.json"


def machine_name() -> str:
    """The device with its cores and the version of JAX, which decides what runs on it."""
    import jax

    device = this_device()
    return f"{device.name}, {device.cores} cores, jax {jax.__version__}"


def _kind(product: Product) -> tuple[str, str, str]:
    many = "batched " if product.batch > 1 else ""
    return (product.engine, many + product.form, product.dtype)


def _most_alike(product: Product, measured: Iterable[tuple[str, str, str]]) -> tuple[str, str, str]:
    """The measured kind most like this product's: same form first, then same engine."""
    engine, form, dtype = _kind(product)

    def unlikeness(key: tuple[str, str, str]) -> tuple[bool, bool, bool, bool]:
        conv = ("conv", "wide", "depthwise")
        return (
            (key[1] in conv) != (form in conv),
            key[1] != form,
            key[2] != dtype,
            key[0] != engine,
        )

    return min(measured, key=unlikeness)


def _place(product: Product) -> np.ndarray:
    sizes = np.array([product.batch, product.m, product.n, product.k, product.taps], float)
    return np.log2(sizes)


class _Surface:
    """A function through scattered points: a mean and a cone at each point (linear radial).

    Outside the box of the points the value at its edge holds.
    """

    def __init__(self, points: np.ndarray, values: np.ndarray) -> None:
        n = len(points)
        system = np.zeros((n + 1, n + 1))
        system[:n, :n] = _distances(points, points)
        system[:n, n] = system[n, :n] = 1.0
        self._points = points
        self._weights = np.linalg.lstsq(system, np.append(values, 0.0), rcond=None)[0]

    def __call__(self, place: np.ndarray) -> float:
        inside = np.clip(place, self._points.min(axis=0), self._points.max(axis=0))
        near = _distances(inside[None], self._points)[0]
        return float(near @ self._weights[:-1] + self._weights[-1])


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a[:, None] - b[None], axis=-1)
