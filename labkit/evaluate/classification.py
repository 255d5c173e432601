"""How good a classifier is: overall, class by class, and which classes it takes for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError

__all__ = [
    "ClassificationReport",
    "accuracy_score",
    "classification_report",
    "confusion_matrix",
    "macro_f1",
]


def accuracy_score(targets: ArrayLike, predictions: ArrayLike) -> float:
    """Share of predictions that are right.

    Args:
        targets: true classes.
        predictions: predicted classes.

    Raises:
        ShapeError: arrays that are not two lists of classes of one length.

    Example:
        >>> accuracy_score([0, 1, 1], [0, 1, 0])
        0.666...
    """
    true, predicted = _labels(targets, predictions)
    return float((true == predicted).mean())


def confusion_matrix(
    targets: ArrayLike, predictions: ArrayLike, *, num_classes: int | None = None
) -> np.ndarray:
    """How often each true class (row) was predicted as each class (column).

    Args:
        targets: true classes, counted from 0.
        predictions: predicted classes.
        num_classes: rows and columns; one more than the largest class seen if not given.

    Raises:
        ShapeError: arrays that are not two lists of classes of one length.
        ArgumentError: a class below 0 or beyond ``num_classes``.

    Example:
        >>> confusion_matrix([0, 1, 1], [0, 1, 0]).tolist()
        [[1, 0], [1, 1]]
    """
    true, predicted = _labels(targets, predictions)
    highest = int(max(true.max(), predicted.max()))
    classes = highest + 1 if num_classes is None else num_classes
    if highest >= classes or min(true.min(), predicted.min()) < 0:
        raise ArgumentError(
            "targets and predictions",
            required=f"classes 0 to {classes - 1}",
            got=sorted({*true.tolist(), *predicted.tolist()}),
        )
    cells = np.bincount(true * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes)


@dataclass(frozen=True)
class ClassificationReport:
    """Scores of each class, in the order of the classes.

    Attributes:
        class_names: what the classes are called.
        precision: of what was predicted as the class, the share that is of it.
        recall: of what is of the class, the share that was predicted as it.
        f1: the harmonic mean of the two.
        support: examples of the class.
        accuracy: share of all predictions that are right.

    A score whose denominator is 0 (a class never predicted, or never seen) is 0, as in
    scikit-learn with ``zero_division=0``.
    """

    class_names: tuple[str, ...]
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    accuracy: float

    @property
    def macro_f1(self) -> float:
        """The mean over the classes, each counting alike: rare classes weigh as common ones."""
        return float(self.f1.mean())

    @property
    def weighted_f1(self) -> float:
        """The mean over the classes, each counting by its examples."""
        return float(np.average(self.f1, weights=self.support))

    def __str__(self) -> str:
        width = max(12, *map(len, self.class_names))
        lines = [f"{'class':<{width}}  precision  recall     F1  support"]
        rows = zip(
            self.class_names, self.precision, self.recall, self.f1, self.support, strict=True
        )
        lines += [f"{n:<{width}}  {p:9.3f}  {r:6.3f}  {f:5.3f}  {s:7d}" for n, p, r, f, s in rows]
        total = int(self.support.sum())
        lines.append(f"{'accuracy':<{width}}  {'':9}  {'':6}  {self.accuracy:5.3f}  {total:7d}")
        lines.append(f"{'macro mean':<{width}}  {'':9}  {'':6}  {self.macro_f1:5.3f}  {total:7d}")
        return "\n".join(lines)


def classification_report(
    targets: ArrayLike, predictions: ArrayLike, *, class_names: tuple[str, ...] | None = None
) -> ClassificationReport:
    """Precision, recall, F1 and support of each class.

    Args:
        targets: true classes, counted from 0.
        predictions: predicted classes.
        class_names: one for each class; the numbers themselves if not given.

    Raises:
        ShapeError: arrays that are not two lists of classes of one length.
        ArgumentError: a class beyond the names.

    Example:
        >>> report = classification_report([0, 1, 1], [0, 1, 0], class_names=("cat", "dog"))
        >>> report.precision.tolist(), report.recall.tolist()
        ([0.5, 1.0], [1.0, 0.5])
    """
    counts = confusion_matrix(
        targets, predictions, num_classes=None if class_names is None else len(class_names)
    )
    hits, predicted, support = np.diag(counts), counts.sum(0), counts.sum(1)
    precision, recall = _share(hits, predicted), _share(hits, support)
    return ClassificationReport(
        class_names=class_names or tuple(map(str, range(len(counts)))),
        precision=precision,
        recall=recall,
        f1=_share(2 * precision * recall, precision + recall),
        support=support,
        accuracy=float(hits.sum() / support.sum()),
    )


def macro_f1(targets: ArrayLike, predictions: ArrayLike) -> float:
    """The mean F1 of the classes, each counting alike; see `ClassificationReport`.

    Args:
        targets: true classes, counted from 0.
        predictions: predicted classes.

    Raises:
        ShapeError: arrays that are not two lists of classes of one length.

    Example:
        >>> macro_f1([0, 0, 0, 1], [0, 0, 0, 0])  # the common class alone
        0.428...
    """
    return classification_report(targets, predictions).macro_f1


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _labels(targets: ArrayLike, predictions: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = np.asarray(targets), np.asarray(predictions)
    for name, labels in (("targets", true), ("predictions", predicted)):
        if labels.ndim != 1 or len(labels) == 0 or not np.issubdtype(labels.dtype, np.integer):
            raise ShapeError(
                name,
                required="a list of classes as integers",
                got=f"{labels.dtype} of shape {labels.shape}",
                fix="Take logits.argmax(-1) first." if labels.ndim == 2 else "",
            )
    if len(true) != len(predicted):
        raise ShapeError("predictions", required=f"{len(true)} classes", got=len(predicted))
    return true.astype(np.int64), predicted.astype(np.int64)
