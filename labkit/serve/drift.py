"""Has the world moved away from the data that the model was made with?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from labkit.errors import ArgumentError
from labkit.serve.distance import bin_edges, ks_test, stability
from labkit.types import Float

__all__ = [
    "DRIFT_FEATURES",
    "DriftMonitor",
    "DriftReport",
    "FeatureDrift",
]

Feature = Callable[[np.ndarray, np.ndarray], Float[np.ndarray, " n"]]


def _flat(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(len(rows), -1).astype(float)


#: What is watched of ``(inputs, outputs)``: one number for each row.
DRIFT_FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "input mean": lambda inputs, _outputs: _flat(inputs).mean(axis=1),
        "input spread": lambda inputs, _outputs: _flat(inputs).std(axis=1),
        "prediction": lambda _inputs, outputs: _flat(outputs).argmax(axis=1).astype(float),
        "largest output": lambda _inputs, outputs: _flat(outputs).max(axis=1),
    }
)


@dataclass(frozen=True)
class FeatureDrift:
    """One feature of one window against the reference."""

    name: str
    psi: float
    ks_statistic: float
    ks_p_value: float
    drifted: bool


@dataclass(frozen=True)
class DriftReport:
    """All features of one window."""

    rows: int
    features: tuple[FeatureDrift, ...]

    @property
    def alert(self) -> bool:
        """Whether any feature has drifted."""
        return any(feature.drifted for feature in self.features)

    def as_fields(self) -> dict[str, Any]:
        """For a log line or a JSON body."""
        return {"alert": self.alert, "rows": self.rows} | {
            "features": [asdict(feature) for feature in self.features]
        }


class DriftMonitor:
    """Compares windows of what is served with what the model was made with.

    A feature has drifted where the change is both large (``psi_limit``) and not chance
    (``p_limit``): the index alone alarms on small windows, the test alone on large ones.

    Args:
        inputs: reference inputs, rows first.
        outputs: what the model answers to them.
        window: rows that are compared at a time.
        psi_limit: alert above this index.
        p_limit: and below this probability.
        features: what is watched.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(1000, 4))
        >>> monitor = DriftMonitor(x, x[:, :2], window=200)
        >>> monitor.observe(x[:200], x[:200, :2]).alert
        False
        >>> monitor.observe(x[:200] + 3, x[:200, :2]).alert
        True
    """

    def __init__(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        *,
        window: int = 500,
        psi_limit: float = 0.25,
        p_limit: float = 1e-3,
        features: Mapping[str, Feature] = DRIFT_FEATURES,
    ) -> None:
        if window < 50:
            raise ArgumentError("window", required="at least 50 rows", got=window)
        if len(inputs) != len(outputs) or len(inputs) < window:
            required = f"at least window = {window} rows, as many as outputs has"
            raise ArgumentError("inputs", required=required, got=(len(inputs), len(outputs)))
        self._features, self._window = features, window
        self._psi_limit, self._p_limit = psi_limit, p_limit
        self._reference = {name: of(inputs, outputs) for name, of in features.items()}
        self._edges = {name: bin_edges(values, 10) for name, values in self._reference.items()}
        self._seen: dict[str, list[np.ndarray]] = {name: [] for name in features}
        self._count = 0
        self.last: DriftReport | None = None

    def observe(self, inputs: np.ndarray, outputs: np.ndarray) -> DriftReport | None:
        """Take note of rows; a report where they fill a window."""
        for name, of in self._features.items():
            self._seen[name].append(of(inputs, outputs))
        self._count += len(inputs)
        if self._count < self._window:
            return None
        self.last = DriftReport(
            self._count,
            tuple(self._compare(name, np.concatenate(seen)) for name, seen in self._seen.items()),
        )
        self._seen, self._count = {name: [] for name in self._features}, 0
        return self.last

    def _compare(self, name: str, sample: np.ndarray) -> FeatureDrift:
        reference = self._reference[name]
        index = stability(self._edges[name], reference, sample)
        test = ks_test(reference, sample)
        drifted = index > self._psi_limit and test.p_value < self._p_limit
        return FeatureDrift(name, index, test.statistic, test.p_value, drifted)
