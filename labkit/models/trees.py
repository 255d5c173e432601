"""Decision trees and gradient boosting by scikit-learn, asked and answered like a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ShapeError

__all__ = ["Leaf", "Trees", "TreesConfig"]


@dataclass(frozen=True)
class TreesConfig:
    """What a tree, or a sum of trees, looks like.

    Attributes:
        num_classes: classes to tell apart; 0 to predict numbers.
        depth: questions on the way to a leaf, at most.
        stages: trees added one after another; 0 for a single tree.
        rate: share of each further tree that is added.
        smallest_leaf: training examples in a leaf, at least.
        seed: of the order in which features are tried.
    """

    num_classes: int
    depth: int = 3
    stages: int = 0
    rate: float = 0.1
    smallest_leaf: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.num_classes < 0 or self.depth < 1 or self.stages < 0 or self.smallest_leaf < 1:
            required = "of num_classes and stages from 0, depth and smallest_leaf from 1"
            raise ArgumentError("TreesConfig", required=required, got=self)

    @classmethod
    def tree(cls, num_classes: int, depth: int = 3) -> TreesConfig:
        """One decision tree."""
        return cls(num_classes, depth)

    @classmethod
    def boosting(cls, num_classes: int, stages: int = 100) -> TreesConfig:
        """So many trees, each fitted to what those before it leave."""
        return cls(num_classes, stages=stages)


@dataclass(frozen=True)
class Leaf:
    """One region of a tree and what the tree says there.

    Attributes:
        conditions: (feature, "<=" or ">", threshold), all of which hold in the region.
        value: probability of each class, or the number predicted.
        examples: training examples in the region.
    """

    conditions: tuple[tuple[int, str, float], ...]
    value: tuple[float, ...]
    examples: int


class Trees:
    """A decision tree, or gradient boosting, with the face of a model of this room.

    ``train.fit_trees`` fits it; ``predict(inputs)`` gives scores (n k), the log-probabilities of
    the classes, or the predicted numbers (n 1).

    Args:
        config: its sizes.

    Source: Breiman et al. 1984, "Classification and Regression Trees"; Friedman 2001, "Greedy
        function approximation: a gradient boosting machine", algorithms 1 and 6. Computed by
        scikit-learn's DecisionTree and GradientBoosting estimators.

    Example:
        >>> model = Trees(TreesConfig.tree(num_classes=2, depth=1))
        >>> model.learn([[1.0], [2.0], [8.0], [9.0]], [0, 0, 1, 1])
        >>> print(model.formula(["weight"], ["small", "large"]))
        small where weight <= 5  (2 examples, probability 1)
        large where weight > 5  (2 examples, probability 1)
    """

    def __init__(self, config: TreesConfig) -> None:
        self.config = config
        self.estimator: Any = None

    def learn(self, inputs: ArrayLike, targets: ArrayLike) -> None:
        """Fit to all examples at once; every class must occur.

        Raises:
            ShapeError: inputs that are no table, or targets of another length.
            ArgumentError: targets that are not the classes 0 to k - 1.
        """
        x, y = np.asarray(inputs), np.asarray(targets)
        if x.ndim < 2 or len(x) != len(y) or y.ndim != 1:
            got = f"inputs {x.shape}, targets {y.shape}"
            raise ShapeError("inputs", required="examples (n f) with one target each", got=got)
        classes = self.config.num_classes
        if classes and not np.array_equal(np.unique(y), np.arange(classes)):
            required = f"every class from 0 to {classes - 1}, each at least once"
            raise ArgumentError("targets", required=required, got=np.unique(y).tolist())
        self.estimator = _estimator(self.config).fit(x.reshape(len(x), -1), y)

    def predict(self, inputs: ArrayLike) -> np.ndarray:
        """Scores of each class (n k) as log-probabilities, or numbers (n 1)."""
        *_, scores = self.staged(inputs)
        return scores

    def staged(self, inputs: ArrayLike) -> Iterator[np.ndarray]:
        """The scores after one tree, after two, and so on; once for a single tree."""
        x = np.asarray(inputs)
        x = x.reshape(len(x), -1)
        model, staged = self._fitted(), "staged_" if self.config.stages else ""
        kind = "predict_proba" if self.config.num_classes else "predict"
        found = getattr(model, staged + kind)(x)
        for values in found if staged else [found]:
            if self.config.num_classes:
                yield np.log(np.maximum(values, np.finfo(np.float32).tiny)).astype(np.float32)
            else:
                yield values.astype(np.float32)[:, None]

    def leaves(self, stage: int = 0, output: int = 0) -> tuple[Leaf, ...]:
        """The regions of a tree, from left to right: what it computes, completely.

        Args:
            stage: which tree of a boosted sum, from 0.
            output: of boosting with more than two classes, the class that the tree scores.
        """
        model = self._fitted()
        tree = (model.estimators_[stage, output] if self.config.stages else model).tree_
        probabilities = bool(self.config.num_classes) and not self.config.stages

        def below(node: int, conditions: tuple) -> Iterator[Leaf]:
            if tree.children_left[node] < 0:
                value = tree.value[node].ravel()
                value = value / value.sum() if probabilities else value
                yield Leaf(conditions, tuple(map(float, value)), int(tree.n_node_samples[node]))
                return
            feature, threshold = int(tree.feature[node]), float(tree.threshold[node])
            yield from below(
                int(tree.children_left[node]), (*conditions, (feature, "<=", threshold))
            )
            yield from below(
                int(tree.children_right[node]), (*conditions, (feature, ">", threshold))
            )

        return tuple(below(0, ()))

    def formula(self, feature_names: Sequence[str] = (), class_names: Sequence[str] = ()) -> str:
        """What is computed, in words: each region of a tree, and how trees add up."""
        lines = []
        if self.config.stages:
            score = "log-odds of each class" if self.config.num_classes else "prediction"
            trees = f"(tree 1 + ... + tree {self.config.stages})"
            lines = [f"{score} = start + {self.config.rate:g} * {trees}; tree 1:"]
        for leaf in self.leaves():
            region = " and ".join(
                f"{feature_names[i] if len(feature_names) else f'x[{i}]'} {sign} {threshold:.4g}"
                for i, sign, threshold in leaf.conditions
            )
            said, note = self._said(leaf, class_names)
            lines.append(f"{said} where {region or 'always'}  ({leaf.examples} examples{note})")
        return "\n".join(lines)

    def _said(self, leaf: Leaf, class_names: Sequence[str]) -> tuple[str, str]:
        if self.config.stages or not self.config.num_classes:
            return f"{leaf.value[0]:.4g}", ""
        best = int(np.argmax(leaf.value))
        name = class_names[best] if len(class_names) else f"class {best}"
        return name, f", probability {leaf.value[best]:.3g}"

    def _fitted(self) -> Any:
        if self.estimator is None:
            fix = "Fit it first: train.fit_trees(model, inputs, targets)."
            raise ArgumentError("model", required="fitted", got="a model without trees", fix=fix)
        return self.estimator


def _estimator(config: TreesConfig) -> Any:
    from sklearn import ensemble, tree  # costs a second: only for who grows trees

    shared = {
        "max_depth": config.depth,
        "min_samples_leaf": config.smallest_leaf,
        "random_state": config.seed,
    }
    if not config.stages:
        kind = tree.DecisionTreeClassifier if config.num_classes else tree.DecisionTreeRegressor
        return kind(**shared)
    boosted = ensemble.GradientBoostingRegressor
    if config.num_classes:
        boosted = ensemble.GradientBoostingClassifier
    return boosted(n_estimators=config.stages, learning_rate=config.rate, **shared)
