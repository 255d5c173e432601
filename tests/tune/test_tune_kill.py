"""SIGKILL at random moments of a search: at most the trial under way is lost, nothing changes.

A driver process forks a child that searches, kills it after a random time and starts the next one
on the same file. Every law holds wherever the kill falls, so nothing here depends on timing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from labkit import tune

KILLS, TRIALS = 20, 40
SPACE = {"x": tune.Real(-4, 4), "y": tune.Real(1e-3, 1, log=True)}
OPTIONS = {"method": tune.Bayesian(startup=5), "pruning": tune.SuccessiveHalving(1, 2), "seed": 3}


class Logged:
    """An objective that writes down when it begins and when it is done."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def __call__(self, trial: tune.Trial) -> float:
        self._note("begin", trial.number)
        for step in (1, 2, 4, 8):
            time.sleep(0.002)
            trial.report(step, (trial["x"] - 1) ** 2 + trial["y"] + 1 / step)
        self._note("end", trial.number)
        return (trial["x"] - 1) ** 2 + trial["y"]

    def _note(self, what: str, number: int) -> None:
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{what} {number}\n".encode())
        os.close(descriptor)


def finished(store: Path) -> list[int]:
    """The trials in the file, read by sqlite alone."""
    import sqlite3

    if not store.exists():
        return []
    with sqlite3.connect(store) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'trials'")
        if not tables.fetchall():
            return []
        rows = connection.execute("SELECT number FROM trials WHERE state != 'RUNNING'").fetchall()
    connection.close()
    return sorted(number for (number,) in rows)


def wait_for_more(log: Path, lines: int, child: int) -> None:
    """Until the child has written so many lines, or has ended."""
    there = len(log.read_text().splitlines()) if log.exists() else 0
    while lines and (len(log.read_text().splitlines()) if log.exists() else 0) < there + lines:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.002)


def drive(folder: Path) -> None:
    """Kill as often as asked; say for each kill what was begun, ended and found in the file."""
    tune.search(Logged(folder / "first.log"), SPACE, trials=1, store=folder / "first.sqlite")
    pick, told = random.Random(0), []  # the first search has loaded all that the children need
    store, log = folder / "0.sqlite", folder / "0.log"
    while len(told) < KILLS:
        if len(finished(store)) == TRIALS:  # too quick for the kills: a new search
            store, log = (folder / f"{len(told)}{end}" for end in (".sqlite", ".log"))
        child = os.fork()
        if child == 0:
            tune.search(
                Logged(log), SPACE, trials=TRIALS, store=store, resume=store.exists(), **OPTIONS
            )
            os._exit(0)
        wait_for_more(log, pick.randint(0, 6), child)
        time.sleep(pick.uniform(0.0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = log.read_text().splitlines() if log.exists() else []
        told.append({"store": store.name, "log": lines, "stored": finished(store)})
    sys.stdout.write(json.dumps(told))


def test_twenty_kills_lose_at_most_one_trial_each_and_change_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert len(told) == KILLS
    assert any(entry["log"] for entry in told), "every kill fell before the first trial"
    for earlier, entry in zip([None, *told], told, strict=False):
        assert entry["stored"] == list(range(len(entry["stored"])))
        ended = {line for line in entry["log"] if line.startswith("end")}
        lost = len(ended | {f"end {n}" for n in entry["stored"]}) - len(entry["stored"])
        assert lost <= 1
        if earlier and earlier["store"] == entry["store"]:
            assert set(earlier["stored"]) <= set(entry["stored"])
            again = entry["log"][len(earlier["log"]) :]
            repeated = {f"begin {n}" for n in earlier["stored"]} & set(again)
            assert not repeated, "a trial that was stored was run again"

    whole = tune.search(Logged(tmp_path / "whole.log"), SPACE, trials=TRIALS, **OPTIONS)
    for name in {entry["store"] for entry in told}:
        resumed = tune.search(
            Logged(tmp_path / "rest.log"),
            SPACE,
            trials=TRIALS,
            store=tmp_path / name,
            resume=(tmp_path / name).exists(),
            **OPTIONS,
        )
        assert [(t.params, t.value, t.ended, t.reports) for t in resumed.trials] == [
            (t.params, t.value, t.ended, t.reports) for t in whole.trials
        ]


if __name__ == "__main__":
    drive(Path(sys.argv[1]))
