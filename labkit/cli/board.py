"""`labkit board`: run the case studies and put their models on one board."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from labkit.cli.plan import find_notebooks, plan_jobs
from labkit.cli.processes import Processes
from labkit.cli.records import open_run, write_atomically
from labkit.cli.run import CELL_TIMEOUT_S, carry_out
from labkit.errors import ArgumentError, LabkitError
from labkit.teach import PROFILES

__all__ = ["board"]

#: What the names of case studies contain.
CASE = "_case_"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--profile", type=click.Choice(PROFILES), default="smoke", show_default=True)
@click.option(
    "--from", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Run nothing: gather from executed notebooks in this folder.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=1, help="Notebooks at once.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of results.")
@click.option("--cell-timeout", type=click.FloatRange(1), help="Seconds that one cell may take.")
@click.option(
    "--notebooks", type=click.Path(path_type=Path), default=Path("notebooks"), show_default=True
)
def board(
    names: tuple[str, ...],
    profile: str,
    folder: Path | None,
    jobs: int,
    out: Path | None,
    cell_timeout: float | None,
    notebooks: Path,
) -> None:
    """Run the case studies (all, or those NAMED) and write the board of their models.

    Leaves board.md, board.csv and board.png beside the executed notebooks. The same command
    again gives the same board, but for the columns that say "measured". What was run to its end
    in the same folder is not run again.
    """
    try:
        if folder:
            done, out, failed = _cases(folder, names), out or folder, 0
        else:
            planned = plan_jobs(_cases(notebooks, names), profile, {})
            opened = open_run(planned, out, Path("runs"))
            timeout_s = cell_timeout or CELL_TIMEOUT_S[profile]
            records = carry_out(opened, Processes(), jobs, timeout_s, click.echo)
            failed = sum(record.status == "failed" for record in records)
            done, out = [opened.output(job) for job in planned], opened.folder
        _write([path for path in done if path.exists()], out)
    except LabkitError as error:
        raise click.UsageError(str(error)) from None
    if failed:
        click.echo(f"{failed} notebooks failed: their rows may be missing", err=True)
        sys.exit(1)


def _cases(folder: Path, names: tuple[str, ...]) -> list[Path]:
    found = find_notebooks(folder, names)
    found = found if names else [path for path in found if CASE in path.stem]
    if not found:
        required = f"a folder with notebooks whose names contain {CASE}"
        raise ArgumentError("--notebooks", required=required, got=str(folder))
    return found


def _write(executed: list[Path], out: Path) -> None:
    """The board as a table for people, one for programs, and a picture."""
    from labkit.cases import read_board

    found = read_board(executed)
    picture = found.picture()
    out.mkdir(parents=True, exist_ok=True)
    text = f"# The board\n\n{found.markdown()}\n\n![{picture.alt}](board.png)\n"
    write_atomically(out / "board.md", text)
    write_atomically(out / "board.csv", found.frame().to_csv(index=False, lineterminator="\n"))
    (out / "board.png").write_bytes(picture.png)
    click.echo(f"{len(found.rows)} models of {len(executed)} case studies")
    for name in ("board.md", "board.csv", "board.png"):
        click.echo(str(out / name))
