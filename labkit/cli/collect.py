"""`labkit collect`: the results of many runs as one table, and plots that compare them."""

from __future__ import annotations

from html import escape
from pathlib import Path

import click

from labkit.cli.compare import Comparison, compare
from labkit.cli.gather import gather
from labkit.cli.index import page
from labkit.cli.records import write_atomically
from labkit.errors import LabkitError

__all__ = ["collect"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="FOLDER/collected.")
@click.option("--measured", is_flag=True, help="Add wall time and peak memory of each run.")
@click.option("--plots/--no-plots", default=True, show_default=True, help="Draw comparisons.")
def collect(folder: Path, out: Path | None, measured: bool, plots: bool) -> None:
    """Gather what the executed notebooks below FOLDER published.

    Leaves results.csv and results.parquet, one row per run with its parameters, results,
    device, git revision and versions, and compare.html with a plot for each result that
    was published by several runs of a notebook.
    """
    try:
        table = gather(folder, measured=measured)
    except LabkitError as error:
        raise click.UsageError(str(error)) from None
    out = out or folder / "collected"
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / "results.csv", table.to_csv(index=False, lineterminator="\n"))
    written = [out / "results.csv"]
    try:
        table.to_parquet(out / "results.parquet", index=False)
        written.append(out / "results.parquet")
    except ImportError:
        click.echo("no Parquet: pip install 'labkit[formats]' brings pyarrow", err=True)
    click.echo(f"{len(table)} runs of {table['notebook'].nunique()} notebooks")
    if plots:
        figures = [_store(comparison, out) for comparison in compare(table)]
        body = "\n".join(figures) or "<p>No notebook ran with different parameters.</p>"
        shown = [name for name in table.columns if not name.startswith("version.")]
        html = table[shown].to_html(index=False, border=0, na_rep="", escape=True)
        title = f"labkit: {len(table)} runs compared"
        write_atomically(out / "compare.html", page(title, f"{body}\n<div>{html}</div>"))
        written.append(out / "compare.html")
    for path in written:
        click.echo(str(path))


def _store(comparison: Comparison, out: Path) -> str:
    """Write the picture; the part of the page that shows it."""
    from labkit import viz

    name, alt = f"{comparison.name}.png", escape(comparison.alt)
    (out / name).write_bytes(viz.png_bytes(comparison.figure))
    image = f'<img src="{escape(name)}" alt="{alt}" loading="lazy">'
    return f"<figure>{image}<figcaption>{alt}</figcaption></figure>"
