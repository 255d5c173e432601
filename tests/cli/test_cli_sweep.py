"""Sweeps: what is varied, resumed after a kill, gathered into one table, and compared."""

from __future__ import annotations

import io
import json
import subprocess

import nbformat
import numpy as np
import pandas as pd
import psutil
import pytest
from click.testing import CliRunner
from matplotlib import image
from patience import until

from labkit.cli import main
from labkit.cli.compare import compare
from labkit.cli.gather import gather
from labkit.cli.plan import LONGEST_NAME, find_notebooks, plan_jobs
from labkit.cli.sweep import expand_grid, read_sweep
from labkit.errors import ArgumentError, ParameterError
from labkit.teach import RESULT_MIME, git_revision

GRID = {"epochs": [1, 2, 3, 4, 5, 6], "augment": [False, True]}
SWEEP = """\
notebooks: [01_good]
parameters: {epochs: 2}
grid: {augment: [true, false]}
points:
  - {epochs: 7, augment: true}
"""


def collected(folder):
    """The files that `labkit collect` makes from a folder: the CSV's bytes, the Parquet's rows."""
    done = CliRunner().invoke(main, ["collect", str(folder)])
    assert done.exit_code == 0, done.output
    out = folder / "collected"
    return (out / "results.csv").read_bytes(), pd.read_parquet(out / "results.parquet")


# ------------------------------------------------------------------ killed in the middle


def test_a_sweep_of_twelve_killed_in_the_middle_gives_the_table_of_an_undisturbed_one(
    course, start_labkit
):
    grid = [("--grid", name, ",".join(map(str, values))) for name, values in GRID.items()]
    command = ["run", "01_good", *(word for words in grid for word in words), "--jobs", "2"]
    executed = course / "executed"
    process = start_labkit(*command, "--out", "killed")
    until(lambda: executed.exists() and len(executed.read_text().split()) >= 6)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    until(lambda: not any(member.is_running() for member in family))
    before = len(list((course / "killed" / "records").glob("*.json")))
    assert 0 < before < 12
    started = len(executed.read_text().split())

    said, _ = start_labkit(*command, "--out", "killed").communicate(timeout=240)
    assert f"{before} of 12 done before" in said
    assert len(executed.read_text().split()) == started + 12 - before
    start_labkit(*command, "--out", "undisturbed").communicate(timeout=240)

    resumed, undisturbed = (collected(course / name) for name in ("killed", "undisturbed"))
    assert resumed[0] == undisturbed[0]
    pd.testing.assert_frame_equal(resumed[1], undisturbed[1])
    table = pd.read_csv(io.BytesIO(resumed[0]))
    assert len(table) == 12
    assert (table["status"] == "ok").all()
    assert list(table["result.epochs"]) == list(table["parameter.epochs"])
    points = {tuple(point.values()) for point in expand_grid(GRID)}
    assert set(zip(table["parameter.epochs"], table["parameter.augment"], strict=True)) == points


# ------------------------------------------------------------------ what is varied


def test_a_sweep_file_gives_its_grid_then_its_points(course, tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text(SWEEP)
    sweep = read_sweep(path)
    jobs = plan_jobs(
        find_notebooks(course / "notebooks", sweep.notebooks),
        "smoke", sweep.parameters, sweep.points,
    )  # fmt: skip
    assert [job.label for job in jobs] == [
        "01_good--augment=True", "01_good--augment=False", "01_good--epochs=7--augment=True",
    ]  # fmt: skip
    assert [job.parameters["epochs"] for job in jobs] == [2, 2, 7]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gird: {epochs: [1]}", "must be one of notebooks, profile, parameters, grid, points"),
        ("grid: [1, 2]", "grid in sweep.yaml must be a table of names and values"),
        ("grid: {epochs: 3}", "grid.epochs in sweep.yaml must be a list of values"),
        ("points: [3]", "a point of sweep.yaml must be a table of parameters"),
        ("points: [{epochs: 30}]", "epochs must be a whole number from 1 to 9"),
        ("points: [{epochs: 3}, {epochs: 3}]", "each point of a sweep must be different"),
        ("profile: fast", "profile must be one of smoke, class, full"),
        ("notebooks: [07_none]", "NAMES must be each one of"),
        ("- 1", "--sweep must be a YAML file"),
        ("{", "--sweep must be a YAML file"),
    ],
)
def test_a_wrong_sweep_is_refused_before_anything_runs(text, sentence, course, monkeypatch):
    monkeypatch.chdir(course)
    (course / "sweep.yaml").write_text(text)
    done = CliRunner().invoke(main, ["run", "--sweep", "sweep.yaml"])
    assert done.exit_code == 2
    assert sentence in done.output
    assert not (course / "runs").exists()


def test_a_long_label_is_cut_and_stays_its_own(course):
    (notebook,) = find_notebooks(course / "notebooks", ["01_good"])
    cell = 'profile = "smoke"  # one of: smoke, class, full\nwidths = [1]  # units, 1 to 99999'
    book = nbformat.read(notebook, as_version=4)
    book.cells[0].source = cell
    nbformat.write(book, notebook)
    points = [{"widths": [*range(1, 90), end]} for end in (1, 2)]
    labels = [job.label for job in plan_jobs([notebook], "smoke", {}, points)]
    assert len(set(labels)) == 2
    assert all(len(label) <= LONGEST_NAME + 9 for label in labels)


def test_a_value_out_of_a_points_range_names_its_notebook(course):
    with pytest.raises(ParameterError, match="01_good: epochs must be"):
        plan_jobs(find_notebooks(course / "notebooks", ["01_good"]), "smoke", {}, [{"epochs": 10}])


# ------------------------------------------------------------------ one table


def executed_notebook(path, *, parameters, results, ran=True, error=False, versions=None):
    """A file as a run leaves it, written by hand."""
    start = {"profile": "smoke", "predicted_s": 1, "device": "a CPU", "revision": "abc",
             "versions": versions or {"jax": "1"}, "parameters": parameters}  # fmt: skip

    def cell(bundle, count=1):
        output = nbformat.v4.new_output("display_data", {RESULT_MIME: bundle})
        return nbformat.v4.new_code_cell("x", outputs=[output], execution_count=count)

    cells = [cell({"start": start}), cell({"results": results}, 2 if ran else None)]
    if error:
        said = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
        cells[1].outputs = [said]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def test_the_table_has_a_row_for_each_run_and_a_column_for_whatever_one_of_them_says(tmp_path):
    executed_notebook(tmp_path / "b" / "02_x--n=1.ipynb", parameters={"n": 1, "w": [1]},
                      results={"accuracy": 0.5})  # fmt: skip
    executed_notebook(
        tmp_path / "a" / "02_x--n=2.ipynb", parameters={"n": 2, "w": [2, 3]},
        results={"accuracy": 1, "found": True}, versions={"jax": "1", "flax": "2"},
    )  # fmt: skip
    executed_notebook(tmp_path / "c.ipynb", parameters={"rate": 0.1}, results={"accuracy": "none"})
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "empty.ipynb")
    (tmp_path / "broken.ipynb").write_text("{")
    table = gather(tmp_path)
    assert list(table.columns) == [
        "run", "notebook", "status", "profile", "parameter.n", "parameter.w", "parameter.rate",
        "result.accuracy", "result.found", "device", "revision", "version.flax", "version.jax",
    ]  # fmt: skip
    assert list(table["run"]) == ["a/02_x--n=2", "b/02_x--n=1", "c"]
    assert list(table["notebook"]) == ["02_x", "02_x", "c"]
    assert table["parameter.n"].dtype == "Int64"
    assert list(table["parameter.w"].dropna()) == ["[2, 3]", "[1]"]
    assert list(table["result.accuracy"]) == ["1", "0.5", "none"]  # of two kinds: text
    assert table["result.found"].isna().tolist() == [False, True, True]


def test_a_run_that_failed_or_did_not_end_says_so(tmp_path):
    executed_notebook(tmp_path / "a.ipynb", parameters={}, results={}, error=True)
    executed_notebook(tmp_path / "b.ipynb", parameters={}, results={}, ran=False)
    executed_notebook(tmp_path / "c.ipynb", parameters={}, results={})
    assert list(gather(tmp_path)["status"]) == ["failed", "unfinished", "ok"]


def test_time_and_memory_are_added_when_asked(tmp_path):
    executed_notebook(tmp_path / "a.ipynb", parameters={}, results={})
    record = {"measured_s": 2.5, "predicted_s": 2.0, "peak_bytes": 7}
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "a.json").write_text(json.dumps(record))
    assert not [name for name in gather(tmp_path) if name.startswith("measured.")]
    row = gather(tmp_path, measured=True).iloc[0]
    assert [row[f"measured.{n}"] for n in ("s", "predicted_s", "peak_bytes")] == [2.5, 2.0, 7]


def test_a_folder_without_results_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(ArgumentError, match="labkit run --out FOLDER"):
        gather(tmp_path)
    assert "Run some first" in CliRunner().invoke(main, ["collect", str(tmp_path)]).output


def test_the_revision_is_the_commit_and_says_when_files_differ_from_it(tmp_path):
    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        done = subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)
        return done.stdout.decode().strip()

    assert git_revision(tmp_path) == ""
    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-qm", "a")
    commit = git("rev-parse", "HEAD")
    assert commit.startswith(git_revision(tmp_path))
    assert len(git_revision(tmp_path)) >= 12
    (tmp_path / "a").write_text("2")
    assert git_revision(tmp_path).endswith("-dirty")


# ------------------------------------------------------------------ plots that compare


def sweep_table(**columns):
    length = len(next(iter(columns.values())))
    fixed = {"run": [f"r{i}" for i in range(length)], "notebook": ["n"] * length,
             "status": ["ok"] * length, "profile": ["smoke"] * length}  # fmt: skip
    return pd.DataFrame({**fixed, **{name.replace("__", "."): v for name, v in columns.items()}})


def lines_of(figure):
    return {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}


def test_a_result_is_drawn_against_the_number_varied_with_a_line_for_each_other_setting():
    table = sweep_table(
        parameter__rate=[0.1, 0.2, 0.1, 0.2], parameter__net=["a", "a", "b", "b"],
        result__loss=[4.0, 3.0, 2.0, 1.0],
    )  # fmt: skip
    (drawn,) = compare(table)
    assert lines_of(drawn.figure) == {
        "net a": [[0.1, 4.0], [0.2, 3.0]],
        "net b": [[0.1, 2.0], [0.2, 1.0]],
    }
    assert drawn.name == "n-loss"
    assert drawn.alt == (
        "Lines: loss against rate, one line for each net. From 1 in r3 to 4 in r0, 4 runs."
    )


def test_seeds_are_repetitions():
    table = sweep_table(
        parameter__rate=[1, 1, 100, 100], parameter__seed=[0, 1, 0, 1], result__loss=[1.0, 3, 5, 9]
    )
    (drawn,) = compare(table)
    assert lines_of(drawn.figure) == {"all runs": [[1, 2.0], [100, 7.0]]}
    assert drawn.figure.axes[0].get_xscale() == "log"
    (band,) = drawn.figure.axes[0].collections
    assert {tuple(corner) for corner in band.get_paths()[0].vertices} >= {(1, 1), (1, 3), (100, 9)}


def test_words_are_compared_by_bars_and_a_single_run_not_at_all():
    table = sweep_table(parameter__net=["a", "b"], result__loss=[1.0, 2.0], result__word=["x", "y"])
    (drawn,) = compare(table)
    assert [patch.get_height() for patch in drawn.figure.axes[0].patches] == [2.0, 1.0]
    assert drawn.alt.startswith("Bars: loss for each net.")
    assert list(compare(table[:1])) == []


def test_collect_writes_a_page_whose_pictures_have_words(tmp_path):
    for rate in (1, 2, 3):
        path = tmp_path / f"n--rate={rate}.ipynb"
        executed_notebook(path, parameters={"rate": rate}, results={"loss": 1 / rate})
    collected(tmp_path)
    page = (tmp_path / "collected" / "compare.html").read_text()
    assert 'alt="Lines: loss against rate.' in page
    assert np.ptp(image.imread(tmp_path / "collected" / "n-loss.png")) > 0.5
    assert page.count("<tr") == 4
    assert "http" not in page
