"""`labkit run`: the course, or part of it, by papermill, each notebook in its own process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import click

from labkit.cli.index import write_index
from labkit.cli.plan import find_notebooks, plan_jobs, read_value
from labkit.cli.processes import Processes
from labkit.cli.records import Record, Run, open_run
from labkit.errors import LabkitError
from labkit.teach import PROFILES
from labkit.units import format_bytes, format_time

__all__ = ["run"]

#: Seconds that one cell may take, by profile.
CELL_TIMEOUT_S = {"smoke": 300, "class": 3600, "full": 24 * 3600}


@click.command()
@click.argument("names", nargs=-1)
@click.option("--profile", type=click.Choice(PROFILES), default="smoke", show_default=True)
@click.option(
    "-p", "--parameter", "pairs", nargs=2, multiple=True, metavar="KEY VALUE",
    help="Set a parameter; may be repeated.",
)  # fmt: skip
@click.option(
    "--grid", "grids", nargs=2, multiple=True, metavar="KEY V1,V2,...",
    help="Run once for each value; several make a grid.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=1, help="Notebooks at once.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of results.")
@click.option("--cell-timeout", type=click.FloatRange(1), help="Seconds that one cell may take.")
@click.option(
    "--notebooks", type=click.Path(path_type=Path), default=Path("notebooks"), show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
def run(
    names: tuple[str, ...],
    profile: str,
    pairs: tuple[tuple[str, str], ...],
    grids: tuple[tuple[str, str], ...],
    jobs: int,
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
        parameters = {key: read_value(value) for key, value in pairs}
        grid = {key: [read_value(v) for v in values.split(",")] for key, values in grids}
        planned = plan_jobs(find_notebooks(notebooks, names), profile, parameters, grid)
        opened = open_run(planned, out, Path("runs"))
    except LabkitError as error:
        raise click.UsageError(str(error)) from None
    timeout_s = cell_timeout or CELL_TIMEOUT_S[profile]
    say: Callable[[str], None] = (lambda _: None) if as_json else click.echo
    records = carry_out(opened, jobs, timeout_s, say)
    if as_json:
        click.echo(json.dumps([record.__dict__ for record in records], indent=1))
    say(f"{opened.folder / 'index.html'}")
    if any(record.status == "failed" for record in records):
        sys.exit(1)


def carry_out(
    opened: Run, at_once: int, cell_timeout_s: float, say: Callable[[str], None]
) -> list[Record]:
    """Run what is not finished, ``at_once`` at a time, and record each as it ends."""
    from labkit.cli.pace import learn, pace

    todo = opened.unfinished()
    if len(todo) < len(opened.jobs):
        say(f"{len(opened.jobs) - len(todo)} of {len(opened.jobs)} done before in {opened.folder}")
    running, expected_pace = Processes(), pace()
    with ThreadPoolExecutor(at_once) as pool:
        futures = {
            pool.submit(running.run, job, opened.output(job), cell_timeout_s): job for job in todo
        }
        try:
            for future in as_completed(futures):
                done = opened.store(futures[future], future.result(), expected_pace)
                if done.status == "ok" and done.predicted_s:
                    learn(done.label, done.predicted_s, done.measured_s, expected_pace)
                say(_line(done))
                write_index(opened)
        finally:
            running.stop()
    write_index(opened)
    return [record for job in opened.jobs if (record := opened.record(job))]


def _line(record: Record) -> str:
    predicted = format_time(record.predicted_s, 2) if record.predicted_s else "unknown"
    line = (
        f"{record.label}: {record.status} in {format_time(record.measured_s)} "
        f"(predicted: {predicted}), at most {format_bytes(record.peak_bytes)} of memory"
    )
    return f"{line}\n    {record.error}" if record.error else line
