"""How good the case studies are: each trained for several seeds, scored on official test sets.

Run as ``python -m benchmarks.cases pneumoniamnist --folder runs/cases --json FILE``; started again
with the same folder, it goes on where it was killed, and what a seed gave is kept there. FILE
gets a row for each seed and one for their mean with Student's 95 % interval, and FILE.md beside
it the same as a table; rows of other studies in it stay. LABKIT_DATA names the folder of the
official files. Wall time is that of this machine as it was, busy or not.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks._cases import Study, Trained, studies
from benchmarks._harness import Row, machine, markdown, versions
from labkit.evaluate import mean_interval


def trained(name: str, study: Study, seed: int, folder: Path) -> Trained:
    """What a seed gives: from the folder if it was trained before."""
    path = folder / f"{name}-seed{seed}.json"
    if path.exists():
        return Trained(**json.loads(path.read_text()))
    checkpoints = folder / f"{name}-seed{seed}"
    checkpoints.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    result = study.train(seed, checkpoints)
    print(f"{name}, seed {seed}: {dict(result.scores)}, {time.perf_counter() - began:.0f} s")
    path.write_text(json.dumps(asdict(result), indent=1) + "\n")
    return result


def rows(name: str, study: Study, results: Mapping[int, Trained]) -> list[Row]:
    """One row for each seed and score, and one for the mean of the seeds."""
    found = []
    for score, goal in study.goals.items():
        title = f"{name}: {score}"
        for seed, result in results.items():
            detail = {"train_s": result.train_s, **result.detail}
            found.append(Row(title, f"seed {seed}", result.scores[score], detail=detail))
        if len(results) > 1:
            mean = mean_interval([result.scores[score] for result in results.values()])
            detail = {"low": mean.low, "high": mean.high, "data": study.data}
            detail["chosen"] = study.chosen
            found.append(
                Row(title, f"mean of {len(results)} seeds", mean.value, goal, "higher", detail)
            )
    return found


def record(path: Path, name: str, found: list[Row]) -> None:
    """Put the rows of a study into the file, in place of those it had."""
    stored = json.loads(path.read_text())["rows"] if path.exists() else []
    for row in stored:
        row.pop("met")
    kept = [Row(**row) for row in stored if not row["name"].startswith(f"{name}: ")]
    both = sorted([*kept, *found], key=lambda row: row.name)
    about = {"title": "Case studies: quality on official test sets", "machine": machine()}
    about["versions"] = versions("labkit", "jax", "scikit-learn")
    listed = [{**asdict(row), "met": row.met} for row in both]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, "rows": listed}, indent=1) + "\n")
    lines = [f"# {about['title']}", ""]
    lines += [", ".join(f"{key} {value}" for key, value in about[part].items())
              for part in ("machine", "versions")]  # fmt: skip
    lines += ["", "Times are those of the machine as it was, shared with other work or not."]
    path.with_suffix(".md").write_text("\n".join([*lines, "", markdown(both), ""]))


def main() -> None:
    """Train one study for its seeds and write its rows."""
    known = studies()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", choices=sorted(known))
    parser.add_argument("--seed", type=int, action="append", help="may be repeated; 0, 1 and 2")
    parser.add_argument("--folder", type=Path, required=True, help="checkpoints and results")
    parser.add_argument("--json", type=Path, help="add the rows to this file, and to its .md")
    options = parser.parse_args()
    study = known[options.study]
    results = {
        seed: trained(options.study, study, seed, options.folder)
        for seed in options.seed or (0, 1, 2)
    }
    found = rows(options.study, study, results)
    print(markdown(found))
    if options.json:
        record(options.json, options.study, found)


if __name__ == "__main__":
    main()
