"""`labkit run`: the course, or part of it, by papermill, each notebook in its own process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import click

from labkit.cli.index import write_index
from labkit.cli.plan import find_notebooks, plan_jobs, read_value
from labkit.cli.processes import Processes, Runner
from labkit.cli.records import Record, Run, open_run
from labkit.cli.remote import DaskCluster
from labkit.cli.sweep import Sweep, expand_grid, read_sweep
from labkit.errors import LabkitError
from labkit.teach import PROFILES
from labkit.units import format_bytes, format_time

__all__ = ["run"]

#: Seconds that one cell may take, by profile.
CELL_TIMEOUT_S = {"smoke": 300, "class": 3600, "full": 24 * 3600}


@click.command()
@click.argument("names", nargs=-1)
@click.option("--profile", type=click.Choice(PROFILES), help="smoke unless a sweep says another.")
@click.option(
    "-p", "--parameter", "pairs", nargs=2, multiple=True, metavar="KEY VALUE",
    help="Set a parameter; may be repeated.",
)  # fmt: skip
@click.option(
    "--grid", "grids", nargs=2, multiple=True, metavar="KEY V1,V2,...",
    help="Run once for each value; several make a grid.",
)  # fmt: skip
@click.option(
    "--sweep", type=click.Path(path_type=Path), help="YAML: notebooks, parameters, grid, points."
)
@click.option("--jobs", type=click.IntRange(1), default=1, help="Notebooks at once.")
@click.option("--dask", "scheduler", metavar="ADDRESS", help="Run on a Dask cluster instead.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of results.")
@click.option("--cell-timeout", type=click.FloatRange(1), help="Seconds that one cell may take.")
@click.option(
    "--notebooks", type=click.Path(path_type=Path), default=Path("notebooks"), show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
def run(
    names: tuple[str, ...],
    profile: str | None,
    pairs: tuple[tuple[str, str], ...],
    grids: tuple[tuple[str, str], ...],
    sweep: Path | None,
    jobs: int,
    scheduler: str | None,
    out: Path | None,
    cell_timeout: float | None,
    notebooks: Path,
    as_json: bool,
) -> None:
    """Run notebooks (all, or those NAMED), leave them and an index page in a folder.

    Parameters are checked before anything runs. A failed notebook leaves what it got
    done and the others go on; the exit code is then 1. The same command again resumes
    a run that was cut short: what ended well is not run again.
    """
    try:
        asked = _asked(names, profile, pairs, grids, sweep)
        chosen = find_notebooks(notebooks, asked.notebooks)
        planned = plan_jobs(chosen, asked.profile, asked.parameters, asked.points)
        runner: Runner = DaskCluster(scheduler) if scheduler else Processes()
        opened = open_run(planned, out, Path("runs"))
    except LabkitError as error:
        raise click.UsageError(str(error)) from None
    timeout_s = cell_timeout or max(CELL_TIMEOUT_S[job.parameters["profile"]] for job in planned)
    say: Callable[[str], None] = (lambda _: None) if as_json else click.echo
    records = carry_out(opened, runner, jobs, timeout_s, say)
    if as_json:
        click.echo(json.dumps([record.__dict__ for record in records], indent=1))
    say(_summary(records))
    say(f"{opened.folder / 'index.html'}")
    if any(record.status == "failed" for record in records):
        sys.exit(1)


def carry_out(
    opened: Run, runner: Runner, at_once: int, cell_timeout_s: float, say: Callable[[str], None]
) -> list[Record]:
    """Run what is not finished, ``at_once`` at a time, and record each as it ends."""
    from labkit.perf.pace import learn, pace

    todo = opened.unfinished()
    if len(todo) < len(opened.jobs):
        say(f"{len(opened.jobs) - len(todo)} of {len(opened.jobs)} done before in {opened.folder}")
    expected_pace = pace()
    line = progress_line(len(opened.jobs), len(opened.jobs) - len(todo))
    with ThreadPoolExecutor(at_once) as pool, line:
        futures = {
            pool.submit(runner.run, job, opened.output(job), cell_timeout_s): job for job in todo
        }
        try:
            for future in as_completed(futures):
                done = opened.store(futures[future], future.result(), expected_pace)
                if done.status == "ok" and done.predicted_s:
                    learn(done.label, done.predicted_s, done.measured_s, expected_pace)
                line.clear()
                say(_line(done))
                line.update()
                write_index(opened)
        finally:
            runner.stop()
    write_index(opened)
    return [record for job in opened.jobs if (record := opened.record(job))]


def progress_line(jobs: int, done: int, file: Any = None) -> Any:
    """A line that tells notebooks done and the time left; nothing where no one looks on.

    Args:
        jobs: notebooks in all.
        done: those that an earlier run finished.
        file: the terminal; standard error by default.
    """
    from tqdm import tqdm

    return tqdm(total=jobs, initial=done, unit="notebook", file=file, disable=None, leave=False)


def _asked(
    names: tuple[str, ...],
    profile: str | None,
    pairs: tuple[tuple[str, str], ...],
    grids: tuple[tuple[str, str], ...],
    sweep: Path | None,
) -> Sweep:
    """The sweep file, if any, with what the command line says besides; that wins."""
    file = read_sweep(sweep) if sweep else Sweep()
    grid = {key: [read_value(v) for v in values.split(",")] for key, values in grids}
    return Sweep(
        notebooks=names or file.notebooks,
        profile=profile or file.profile or "smoke",
        parameters={**file.parameters, **{key: read_value(value) for key, value in pairs}},
        points=tuple({**point, **more} for point in file.points for more in expand_grid(grid)),
    )


def _line(record: Record) -> str:
    predicted = format_time(record.predicted_s, 2) if record.predicted_s else "unknown"
    line = (
        f"{record.label}: {record.status} in {format_time(record.measured_s)} "
        f"(predicted: {predicted}), at most {format_bytes(record.peak_bytes)} of memory"
    )
    return f"{line}\n    {record.error}" if record.error else line


def _summary(records: list[Record]) -> str:
    time_s = sum(record.measured_s for record in records)
    peak = max((record.peak_bytes for record in records), default=0)
    return (
        f"{len(records)} notebooks, {format_time(time_s)} of work, "
        f"at most {format_bytes(peak)} of memory in one kernel"
    )
