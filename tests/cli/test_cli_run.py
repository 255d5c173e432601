"""`labkit run`: checked first, one failure does not stop the rest, a killed run is resumed."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys

import nbformat
import psutil
import pytest
from click.testing import CliRunner
from patience import until

from labkit.cli import main
from labkit.cli.job import Outcome
from labkit.cli.plan import find_notebooks, plan_jobs, read_value, request_id
from labkit.cli.records import open_run
from labkit.cli.run import progress_line
from labkit.cli.sweep import expand_grid
from labkit.errors import ArgumentError, ParameterError
from labkit.perf import ledger
from labkit.perf.pace import learn, pace


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["01_good", "-p", "epoch", "2"], "epoch must be a parameter of this notebook"),
        (["01_good", "-p", "epoch", "2"], "Did you mean epochs?"),
        (["01_good", "-p", "epochs", "2.5"], "01_good: epochs must be a whole number from 1 to 9"),
        (["01_good", "-p", "epochs", "two"], "epochs must be a whole number"),
        (["-p", "epochs", "10"], "epochs must be a whole number from 1 to 9"),
        (["-p", "augment", "false"], "write True or False"),
        (["--grid", "epochs", "1,2,30"], "epochs must be a whole number from 1 to 9"),
        (["04_none"], "NAMES must be each one of 01_good, 02_breaks, 03_waits"),
        (["0"], "NAMES must be each one of"),
        (["--notebooks", "elsewhere"], "a folder with notebooks"),
        (["--profile", "fast"], "smoke"),
        (["--jobs", "0"], "jobs"),
    ],
)
def test_a_wrong_request_is_refused_in_a_sentence_before_anything_runs(
    arguments, sentence, course, monkeypatch
):
    monkeypatch.chdir(course)
    done = CliRunner().invoke(main, ["run", *arguments])
    assert done.exit_code == 2
    assert sentence in done.output.replace("\n", " ")
    assert not (course / "runs").exists()


def test_one_failure_and_one_time_out_leave_the_rest_alone(course, start_labkit):
    process = start_labkit("run", "--jobs", "3", "--out", "out", "--cell-timeout", "10", "--json")
    said, complaint = process.communicate(timeout=240)
    assert process.returncode == 1, complaint
    good, breaks, waits = json.loads(said)
    assert good["status"] == "ok", good["error"]
    assert good["results"] == {"epochs": 3}
    assert good["predicted_s"] == 2.0
    assert good["measured_s"] > 0
    assert 2e7 < good["peak_bytes"] < 2e9  # a kernel with NumPy: tens of MB, not of the parent
    assert "ZeroDivisionError" in breaks["error"]
    assert "imed out" in waits["error"] or "Timeout" in waits["error"]
    partial = nbformat.read(course / "out" / "02_breaks.ipynb", as_version=4)
    printed = [o.get("text") for c in partial.cells for o in c.get("outputs", [])]
    assert "got so far\n" in printed
    assert (course / "out" / "03_waits.ipynb").exists()
    page = (course / "out" / "index.html").read_text()
    assert page.count('class="failed">failed') == 2
    assert 'alt="A rising line."' in page
    assert (course / "out" / "figures" / "01_good-1.png").read_bytes().startswith(b"\x89PNG")


def test_a_killed_run_leaves_nothing_running_and_is_resumed_by_the_same_command(
    course, start_labkit
):
    command = ["run", "01_good", "03_waits", "-p", "epochs", "4"]
    executed = course / "executed"
    process = start_labkit(*command)
    until(lambda: executed.exists() and executed.read_text().split() == ["01_good", "03_waits"])
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.kill()
    process.communicate()
    until(lambda: not any(member.is_running() for member in family))

    (course / "go").touch()
    said, _ = start_labkit(*command).communicate(timeout=240)
    assert "1 of 2 done before" in said
    assert re.search(r"03_waits: ok in .+ s \(predicted: .+\), at most .+ MiB of memory", said)
    assert re.search(r"2 notebooks, .+ s of work, at most .+ MiB of memory in one kernel", said)
    assert executed.read_text().split() == ["01_good", "03_waits", "03_waits"]
    (folder,) = (course / "runs").iterdir()
    assert (folder / "index.html").read_text().count('class="ok">ok') == 2
    injected = nbformat.read(folder / "03_waits.ipynb", as_version=4).cells[1]
    assert "epochs = 4" in injected.source


def test_plain_papermill_runs_a_notebook_too(course, environment):
    command = [sys.executable, "-m", "papermill", "notebooks/01_good.ipynb", "out.ipynb"]
    subprocess.run([*command, "-p", "epochs", "2"], cwd=course, env=environment, check=True,
                   capture_output=True)  # fmt: skip
    outputs = nbformat.read(course / "out.ipynb", as_version=4).cells[3].outputs
    assert outputs[0].data["text/plain"] == "epochs = 2"


def jobs_of(course, parameters=None, grid=None, profile="smoke"):
    found = find_notebooks(course / "notebooks", ["01_good"])
    return plan_jobs(found, profile, parameters or {}, expand_grid(grid or {}))


def test_a_grid_makes_one_job_for_each_point(course):
    jobs = jobs_of(course, grid={"epochs": [1, 2], "augment": [True, False]})
    assert len(jobs) == 4
    assert len({job.label for job in jobs}) == 4
    assert jobs[0].parameters == {"profile": "smoke", "epochs": 1, "augment": True}
    assert jobs[0].label == "01_good--epochs=1--augment=True"


def test_the_same_request_has_the_same_name_and_another_one_another(course):
    requests = [
        jobs_of(course),
        jobs_of(course, {"epochs": 2}),
        jobs_of(course, {"epochs": 4}),
        jobs_of(course, profile="class"),
    ]
    assert request_id(jobs_of(course)) == request_id(requests[0])
    assert len({request_id(jobs) for jobs in requests}) == len(requests)


def test_a_folder_is_not_mixed_with_another_command(course, monkeypatch):
    jobs = jobs_of(course)
    run = open_run(jobs, course / "out", course / "runs")
    with pytest.raises(ArgumentError, match="Choose another folder"):
        open_run(jobs_of(course, {"epochs": 4}), course / "out", course / "runs")
    run.store(jobs[0], Outcome("ok", "", measured_s=1.0, peak_bytes=1))
    assert run.unfinished() == []
    notebook = course / "notebooks" / "01_good.ipynb"
    notebook.write_text(notebook.read_text() + "\n")  # a changed notebook is run again
    assert open_run(jobs_of(course), course / "out", course / "runs").unfinished() != []


def test_the_pace_of_this_machine_is_learnt_from_what_ran_here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert pace() == 1.0
    for stated_s, measured_s in ((10, 20), (5, 15), (4, 12)):
        used = pace()
        learn("a", predicted_s=used * stated_s, measured_s=measured_s, pace_used=used)
    assert pace() == pytest.approx(3.0)  # the median of 2, 3 and 3
    last = ledger.entries()[-1]
    assert (last.name, last.predicted, last.measured) == ("notebook a", 2.5, 3.0)


def test_values_are_read_as_python_or_text():
    assert read_value("0x10") == 16
    assert read_value("fashion_mnist") == "fashion_mnist"
    assert read_value("'2'") == "2"


def test_a_notebook_without_parameters_cell_is_refused(course):
    path = course / "notebooks" / "09_bare.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    with pytest.raises(ParameterError, match="tagged 'parameters'"):
        plan_jobs([path], "smoke", {})


@pytest.mark.parametrize("someone_looks", [True, False])
def test_a_terminal_is_told_how_many_are_done_and_the_time_left(someone_looks):
    terminal = io.StringIO()
    terminal.isatty = lambda: someone_looks
    with progress_line(4, 1, terminal) as line:
        line.update()
        line.refresh()
    assert ("2/4 [" in terminal.getvalue() and "<" in terminal.getvalue()) == someone_looks
    assert bool(terminal.getvalue()) == someone_looks


def test_a_second_run_in_one_process_sees_the_environment_of_its_own_time(
    course, environment, monkeypatch
):
    monkeypatch.chdir(course)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("first", "second"):
        monkeypatch.setenv("EXECUTED", str(course / name))
        done = CliRunner().invoke(main, ["run", "01_good", "--out", f"out_{name}"])
        assert done.exit_code == 0, done.output
        assert (course / name).read_text().split() == ["01_good"]
