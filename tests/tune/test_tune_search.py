"""Search: the methods against Optuna itself, and the law that how it is run changes nothing."""

from __future__ import annotations

import itertools
import math
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import tune
from labkit.errors import ArgumentError, CheckpointError, ShapeError, TrainingError
from labkit.train.progress import interruptible

SPACE = {
    "rate": tune.Real(1e-4, 1.0, log=True),
    "width": tune.Whole(4, 64),
    "bend": tune.Choice(("relu", "tanh", None)),
}
METHODS = [tune.Grid(3), tune.Random(), tune.Bayesian(startup=4)]
RULES = [None, tune.SuccessiveHalving(1, 2), tune.Hyperband(9, factor=3)]


def loss(params) -> float:
    """A bowl around rate 0.01 and width 20, a step lower for tanh."""
    bowl = (math.log10(params["rate"]) + 2) ** 2 + ((params["width"] - 20) / 20) ** 2
    return bowl + (0.0 if params["bend"] == "tanh" else 0.5)


def objective(trial: tune.Trial) -> float:
    """Nine epochs that approach the loss from above."""
    for epoch in range(1, 10):
        trial.report(epoch, loss(trial.params) + 1 / epoch)
    return loss(trial.params)


def essence(result: tune.SearchResult) -> list[tuple]:
    return [(t.number, t.params, t.value, t.ended, t.reports, t.rungs) for t in result.trials]


def in_processes(kind: str):
    if kind == "threads":
        return ThreadPoolExecutor(3)
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


@given(st.floats(1e-6, 1e3), st.floats(1, 1e4), st.integers(1, 6), st.booleans())
def test_a_grid_lies_within_its_range_and_holds_its_ends(low, factor, points, log):
    grid = tune.Real(low, low * factor, log).grid(points)
    assert len(grid) == points
    assert all(low <= value <= low * factor for value in grid)
    assert points == 1 or (grid[0], grid[-1]) == pytest.approx((low, low * factor))
    assert list(grid) == sorted(grid)


def test_a_grid_tries_every_combination_once_and_then_ends():
    result = tune.search(objective, SPACE, trials=999, method=tune.Grid(3))
    sides = [(1e-4, 1e-2, 1.0), (4, 34, 64), ("relu", "tanh", None)]
    tried = [tuple(trial.params.values()) for trial in result.trials]
    for got, wanted in zip(tried, itertools.product(*sides), strict=True):
        assert got[0] == pytest.approx(wanted[0])
        assert got[1:] == wanted[1:]


@pytest.mark.parametrize("method", METHODS[1:])
def test_proposals_lie_in_the_space_and_differ(method):
    result = tune.search(objective, SPACE, trials=25, method=method)
    rates, widths = result.column("rate"), result.column("width")
    assert ((rates >= 1e-4) & (rates <= 1)).all()
    assert set(widths) <= set(range(4, 65))
    assert {trial.params["bend"] for trial in result.trials} <= {"relu", "tanh", None}
    assert len(set(rates)) == 25


def test_random_is_even_on_the_scale_that_was_asked_for():
    result = tune.search(lambda trial: 0.0, SPACE, trials=200)
    counts, _ = np.histogram(np.log10(result.column("rate")), bins=4, range=(-4, 0))
    assert counts.min() > 30  # 50 each on average; 30 is more than 3 standard deviations below


def test_bayesian_search_comes_closer_than_random_on_a_known_bowl():
    """Median over seeds, at equal numbers of trials."""
    medians = {}
    for method in (tune.Random(), tune.Bayesian(startup=8)):
        found = [
            tune.search(
                lambda trial: loss(trial.params), SPACE, trials=40, method=method, seed=seed
            ).best.value
            for seed in range(5)
        ]
        medians[type(method)] = np.median(found)
    assert medians[tune.Bayesian] < 0.7 * medians[tune.Random]


@pytest.mark.parametrize("rule", RULES[1:])
@pytest.mark.parametrize("maximise", [False, True])
def test_trials_are_stopped_where_optuna_itself_stops_them(rule, maximise):
    sign = -1 if maximise else 1

    def ours(trial):
        for epoch in range(1, 10):
            trial.report(epoch, sign * (loss(trial.params) + 1 / epoch))
        return sign * loss(trial.params)

    result = tune.search(ours, SPACE, trials=40, pruning=rule, maximise=maximise)
    study = optuna.create_study(
        study_name="search",
        pruner=rule.pruner(),
        sampler=optuna.samplers.RandomSampler(seed=0),
        direction="maximize" if maximise else "minimize",
    )

    def theirs(trial):
        params = {
            "rate": trial.suggest_float("rate", 1e-4, 1, log=True),
            "width": trial.suggest_int("width", 4, 64),
            "bend": trial.suggest_categorical("bend", ["relu", "tanh", None]),
        }
        for epoch in range(1, 10):
            trial.report(sign * (loss(params) + 1 / epoch), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return sign * loss(params)

    for trial in result.trials:
        study.enqueue_trial(dict(trial.params))
    study.optimize(theirs, n_trials=40)
    stopped = [trial.ended == "stopped" for trial in result.trials]
    assert stopped == [t.state == optuna.trial.TrialState.PRUNED for t in study.trials]
    assert 5 < sum(stopped) < 40
    assert [len(t.reports) for t in result.trials] == [
        len(t.intermediate_values) for t in study.trials
    ]
    assert result.best.value == pytest.approx(study.best_value)


@pytest.mark.parametrize(
    ("method", "rule"),
    [(METHODS[0], None), (METHODS[1], RULES[1]), (METHODS[2], None), (METHODS[2], RULES[2])],
)
def test_cut_anywhere_and_resumed_equals_uninterrupted(tmp_path, method, rule):
    options = {"method": method, "pruning": rule, "seed": 5, "batch": 3}
    whole = tune.search(objective, SPACE, trials=14, **options)
    for number, cut in enumerate((1, 5)):
        store = tmp_path / f"{number}.sqlite"
        tune.search(objective, SPACE, trials=cut, store=store, **options)
        seen = []

        def watched(trial, seen=seen):
            seen.append(trial.number)
            return objective(trial)

        resumed = tune.search(watched, SPACE, trials=14, store=store, resume=True, **options)
        assert essence(resumed) == essence(whole)
        assert seen == list(range(cut, 14))


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_side_by_side_gives_the_same_trials(tmp_path, kind):
    options = {"method": tune.Bayesian(startup=4), "pruning": RULES[1], "batch": 4}
    alone = tune.search(objective, SPACE, trials=13, **options)
    with in_processes(kind) as pool:
        beside = tune.search(
            objective, SPACE, trials=13, executor=pool, store=tmp_path / "s.sqlite", **options
        )
    assert essence(beside) == essence(alone)
    again = tune.search(
        objective, SPACE, trials=13, store=tmp_path / "s.sqlite", resume=True, **options
    )
    assert essence(again) == essence(alone)


def test_a_dask_cluster_is_an_executor_too():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.Client(
            processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None
        ) as client,
        client.get_executor() as pool,
    ):
        beside = tune.search(objective, SPACE, trials=6, executor=pool)
    assert essence(beside) == essence(tune.search(objective, SPACE, trials=6))


def test_one_call_for_a_whole_batch_gives_the_same_values(tmp_path):
    space = {"x": tune.Real(-1, 3), "y": tune.Real(0, 1)}
    sizes = []

    def together(columns):
        sizes.append(len(columns["x"]))
        return np.sin(columns["x"]) + columns["y"] ** 2

    def alone(trial):
        return np.sin(trial["x"]) + trial["y"] ** 2

    options = {"method": tune.Bayesian(startup=4), "batch": 4}
    vectorised = tune.search(together, space, trials=10, vectorised=True, **options)
    one_by_one = tune.search(alone, space, trials=10, **options)
    assert essence(vectorised) == essence(one_by_one)
    assert sizes == [4, 4, 2]
    store = tmp_path / "s.sqlite"
    tune.search(together, space, trials=6, vectorised=True, store=store, **options)
    resumed = tune.search(
        together, space, trials=10, vectorised=True, store=store, resume=True, **options
    )
    assert essence(resumed) == essence(vectorised)
    assert sizes[3:] == [4, 2, 4, 2]  # the batch that was cut short is computed as a whole again


def test_a_batch_must_come_back_with_one_value_each():
    with pytest.raises(ShapeError, match="an array of 5 values"):
        tune.search(lambda columns: 1.0, SPACE, trials=5, vectorised=True)


def test_a_diverged_trial_is_marked_counts_as_worst_and_the_search_goes_on(tmp_path):
    def touchy(trial):
        if trial["rate"] > 0.1:
            raise TrainingError("the loss is nan")
        return math.nan if trial["width"] > 50 else loss(trial.params)

    options = {"method": tune.Bayesian(startup=5), "store": tmp_path / "s.sqlite"}
    result = tune.search(touchy, SPACE, trials=30, **options)
    for trial in result.trials:
        failed = trial.params["rate"] > 0.1 or trial.params["width"] > 50
        assert (trial.ended == "failed") == failed
        assert (trial.value == math.inf) == failed
    assert 0 < sum(trial.ended == "failed" for trial in result.trials) < 25
    assert math.isfinite(result.best.value)
    stored = tune.search(touchy, SPACE, trials=30, resume=True, **options)
    assert essence(stored) == essence(result)
    assert sum(tune.importances(result).values()) == pytest.approx(1)


def test_another_error_ends_the_search_and_what_was_done_is_kept(tmp_path):
    store = tmp_path / "deep" / "s.sqlite"

    def breaks(trial):
        return 1 / (trial.number - 3)

    with pytest.raises(ZeroDivisionError):
        tune.search(breaks, SPACE, trials=9, store=store)
    result = tune.search(lambda trial: 0.0, SPACE, trials=9, store=store, resume=True)
    assert [trial.value for trial in result.trials][:4] == [-1 / 3, -1 / 2, -1, 0]


def test_ctrl_c_ends_the_search_after_the_trial_that_heard_it(tmp_path):
    def pressed(trial):
        with interruptible() as heard:  # as `train.fit` does
            if trial.number == 4:
                os.kill(os.getpid(), signal.SIGINT)
                assert heard.wait(5)
        return loss(trial.params)

    before = signal.getsignal(signal.SIGINT)
    stopped = tune.search(pressed, SPACE, trials=9, store=tmp_path / "s.sqlite")
    assert signal.getsignal(signal.SIGINT) is before
    assert len(stopped.trials) == 4
    whole = tune.search(lambda trial: loss(trial.params), SPACE, trials=9)
    resumed = tune.search(
        lambda trial: loss(trial.params), SPACE, trials=9, store=tmp_path / "s.sqlite", resume=True
    )
    assert essence(resumed) == essence(whole)


def test_the_file_is_optunas_own_and_holds_one_search(tmp_path):
    store = tmp_path / "s.sqlite"
    result = tune.search(objective, SPACE, trials=5, store=store)
    storage = optuna.storages.RDBStorage(f"sqlite:///{store}")
    study = optuna.load_study(study_name="search", storage=storage)
    assert [trial.params for trial in study.trials] == [t.params for t in result.trials]
    assert study.best_value == result.best.value
    storage.remove_session()
    storage.engine.dispose()

    with pytest.raises(CheckpointError, match="holds 5 trials already"):
        tune.search(objective, SPACE, trials=6, store=store)
    narrower = {**SPACE, "width": tune.Whole(4, 32)}
    for space, options, what in [
        (narrower, {}, "space"),
        (SPACE, {"method": tune.Bayesian()}, "method"),
        (SPACE, {"seed": 1}, "seed"),
        (SPACE, {"maximise": True}, "maximise"),
    ]:
        with pytest.raises((CheckpointError), match=f"its .*{what}.* differs"):
            tune.search(objective, space, trials=6, store=store, resume=True, **options)


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 100)
    with pytest.raises(CheckpointError, match=r"notes\.txt cannot be used as the file of a search"):
        tune.search(objective, SPACE, trials=1, store=path)


def test_best_so_far_and_columns_of_a_result():
    trials = [
        tune.TrialRecord(0, {"x": 1.0}, 3.0),
        tune.TrialRecord(1, {"x": 2.0}, 1.0, "stopped"),
        tune.TrialRecord(2, {"x": 3.0}, 2.0),
        tune.TrialRecord(3, {"x": 4.0}, 5.0),
    ]
    space = {"x": tune.Real(0, 9)}
    result = tune.SearchResult(space, tuple(trials))
    assert result.best.number == 2
    assert result.best_so_far().tolist() == [3, 3, 2, 2]
    assert tune.SearchResult(space, tuple(trials), maximise=True).best.number == 3
    assert result.column("x").tolist() == [1, 2, 3, 4]
    with pytest.raises(ArgumentError, match="name must be one of x"):
        result.column("y")
    with pytest.raises(TrainingError, match="None of the 1 trials was completed"):
        _ = tune.SearchResult(space, (trials[1],)).best


def test_importances_rank_what_was_built_in():
    """y = 3 a + b, both even in [0, 1]: a explains 9 / 10 of the variance."""
    space = {"a": tune.Real(0, 1), "b": tune.Real(0, 1), "c": tune.Choice((1, 2))}
    result = tune.search(lambda t: 3 * t["a"] + t["b"], space, trials=120)
    shares = tune.importances(result)
    assert list(shares)[:2] == ["a", "b"]
    assert shares["a"] == pytest.approx(0.9, abs=0.07)
    assert shares["c"] < 0.05


def test_importances_need_trials():
    result = tune.search(lambda t: t["a"], {"a": tune.Real(0, 1)}, trials=3)
    with pytest.raises(TrainingError, match="at least 8 complete trials; there are 3"):
        tune.importances(result)


def test_reports_come_in_order():
    def backwards(trial):
        trial.report(2, 0.0)
        trial.report(2, 0.0)
        return 0.0

    with pytest.raises(ArgumentError, match="a whole number above 2"):
        tune.search(backwards, SPACE, trials=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tune.search(objective, {}, trials=3), "at least one hyperparameter"),
        (lambda: tune.search(objective, SPACE, trials=0), "trials must be at least 1"),
        (lambda: tune.search(objective, SPACE, trials=2, batch=0), "batch must be at least 1"),
        (
            lambda: tune.search(objective, SPACE, trials=2, vectorised=True, pruning=RULES[1]),
            "without pruning",
        ),
        (lambda: tune.Real(2, 1), "low not above high"),
        (lambda: tune.Real(0, 1, log=True), "above 0 where log is true"),
        (lambda: tune.Choice(()), "at least one option"),
        (lambda: tune.Grid(0), "points must be at least 1"),
        (lambda: tune.SuccessiveHalving(0), "min_steps, factor"),
        (lambda: tune.Hyperband(2, min_steps=3), "max_steps must be >= 3"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()


def test_progress_counts_trials(capsys):
    tune.search(lambda trial: time.sleep(0) or 0.0, SPACE, trials=3, progress=True)
    assert "3/3" in capsys.readouterr().err
